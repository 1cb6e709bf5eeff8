// What an answer says, against the oracle: effects, rows and error codes of requests with a commit and without one, reads
// from one state, transactions that saw one snapshot and nothing else, and errors for which there is a reason.
//
// Silent: an answer that fits no state that the request may have seen.
import { Broken } from './sqlite-crash.ts'
import type { History } from './sqlite-history.ts'
import { hashOf } from './sqlite-oracle.ts'
import { compare, differsAlone, differsTransaction, endedFromOutside, refusedByKey } from './sqlite-replay.ts'
import type { Tally } from './sqlite-tally.ts'
import { type OpenTransaction, type Sent, tableRead, transactionOf } from './sqlite-work.ts'

const ZEROS = `x${Buffer.alloc(150_000).toString('base64')},`

/** What the process is going through. */
export interface Circumstances {
  readonly latched: boolean
  /** Space has been short. */
  readonly wasTight: boolean
}

export class Judge {
  /** Newest commit of which anybody was told, and of which a strict client was. */
  told = 0
  toldStrict = 0
  /** What this process said was not applied and never will be. */
  notApplied: Sent[] = []
  readonly #history: History
  readonly #tally: Tally
  readonly #now: () => Circumstances

  constructor(history: History, tally: Tally, now: () => Circumstances) {
    this.#history = history
    this.#tally = tally
    this.#now = now
  }

  /** Another process: it may know exactly what was recovered. Throws Broken if that is more than was said. */
  restart(sequence: number): void {
    this.told = this.toldStrict = sequence
    for (const sent of this.notApplied.splice(0))
      if (sent.commit !== undefined && sent.commit <= sequence)
        throw new Broken(`${sent} was said to be not applied, and is commit ${sent.commit}`)
  }

  judge(sent: Sent): void {
    const { settled } = sent
    if (!settled) return
    compare(sent)
    if ('code' in settled) this.#refused(sent, settled)
    else this.#answered(sent)
  }

  #answered(sent: Sent): void {
    this.#tally.answered++
    const { work, commit } = sent
    const inside = transactionOf(sent)
    if (commit !== undefined && work.type === 'part' && work.bulk.parts.length > 0) this.#tally.bulks++
    if (commit !== undefined) this.#tell(sent, commit)
    else if (work.type === 'begin') work.opens.states = this.#begun(sent, work.opens)
    else if (work.type === 'end') this.#ended(sent, work.ends)
    else if (work.type === 'bare') this.#tell(sent, sent.knownAtSend)
    else if (inside) this.#inside(sent, inside)
    else if ('items' in work && !(work.type === 'part' && !work.last)) this.#withoutCommit(sent)
  }

  /** A read, or a write that changed nothing. */
  #withoutCommit(sent: Sent): void {
    const { work, settled } = sent
    if (!settled || 'code' in settled || !('items' in work)) return
    const mayHaveSeen = this.#since(sent.knownAtSend)
    if (tableRead(sent)) {
      this.#tally.reads++
      if (work.type === 'statement' && work.stream) this.#tally.streams++
      const state = mayHaveSeen.find((one) => this.#fits(sent, one))
      if (state === undefined) throw new Broken(`${sent} was answered with no state since ${sent.knownAtSend} (silent)`)
      this.#tell(sent, state)
      return
    }
    const sql = work.items[0]?.sql ?? ''
    const changed = settled.effects.some(({ changes }) => changes > 0)
    // An UPDATE that changes nothing in a page counts its rows, but there is nothing to commit.
    const mustCommit = work.type === 'statement' && /^(DELETE FROM (p|c|log|big)|INSERT INTO (p|c|big))/.test(sql)
    if (changed && mustCommit && !sql.includes('ON CONFLICT')) throw new Broken(`${sent} was answered without a commit`)
    this.#tally.changedNothing++
    this.#mustFit(sent, mayHaveSeen)
  }

  #begun(sent: Sent, { mode }: OpenTransaction): number[] {
    // One that holds the writer keeps the newest state newest.
    return mode === 'immediate' ? [this.#history.newest] : this.#since(sent.knownAtSend)
  }

  /** A transaction that left no commit: rolled back, or nothing to commit. */
  #ended(sent: Sent, transaction: OpenTransaction): void {
    if (!transaction.states || transaction.mode === 'readonly') return
    const isOver = sent.settled && 'code' in sent.settled
    if (isOver && !refusedByKey(sent)) return
    this.#tally.takenBack++
    const why = this.#history.differs(transaction.states, refusedByKey(sent), (oracle) =>
      differsTransaction(oracle, transaction, sent),
    )
    if (why !== undefined) throw new Broken(`a step of the transaction that ended with ${sent} ${why} (silent)`)
  }

  /** Reads before the first write see one snapshot, the same for all of them. */
  #inside(sent: Sent, transaction: OpenTransaction): void {
    const { work } = sent
    if (work.type !== 'statement' || !work.onSnapshot || !transaction.states || !tableRead(sent)) return
    this.#tally.snapshotReads++
    transaction.states = transaction.states.filter((state) => this.#fits(sent, state))
    if (transaction.states.length > 0) return
    throw new Broken(`${sent} is not of the one state that the ${transaction.mode} transaction sees (silent)`)
  }

  #refused(sent: Sent, settled: { readonly code: string; readonly message: string; readonly applied?: unknown }): void {
    this.#tally.refused++
    const { code, applied, message } = settled
    const { work, commit } = sent
    const { latched, wasTight } = this.#now()
    // A commit whose flush finds no space is undone with everything since the last one.
    const isUndone = applied === 'no' || code === 'SQLITE_FULL'
    if (isUndone) this.notApplied.push(sent)
    if (commit !== undefined && applied === undefined && !isUndone && !(latched && sent.repeated))
      throw new Broken(`${sent} was answered ${code}, but is commit ${commit}`)
    const inside = transactionOf(sent)
    if (code === 'timeout') this.#tally.timeouts++
    if (code === 'aborted') this.#tally.cancelled++
    if (code === 'SQLITE_FULL') this.#tally.full++
    if (latched) return
    const unexpected = () => new Broken(`${sent} was answered ${code} ${message}, for no reason`)
    const limited = sent.timeoutMs > 0 || inside || work.type === 'end' || work.type === 'part'
    if (code === 'timeout' && !limited) throw unexpected()
    if (code === 'aborted' && !sent.cancelled && work.type !== 'part' && !inside && work.type !== 'end')
      throw unexpected()
    if (code === 'SQLITE_FULL' && (!wasTight || tableRead(sent))) throw unexpected()
    if (work.type === 'end') this.#ended(sent, work.ends)
    if (!code.startsWith('SQLITE_') || endedFromOutside(sent) || inside || !('items' in work)) return
    this.#tally.failedAlike++
    this.#mustFit(sent, this.#since(sent.knownAtSend))
  }

  #mustFit(sent: Sent, states: readonly number[]): void {
    const why = this.#history.differs(states, refusedByKey(sent), (oracle) => differsAlone(oracle, sent))
    if (why !== undefined) throw new Broken(`${sent} ${why} (silent)`)
  }

  /** True if the rows of a whole table are those of commit `state`. */
  #fits(sent: Sent, state: number): boolean {
    const read = tableRead(sent)
    if (!read) return false
    const rows = read.wide ? sent.rows.map((row) => row.replace(ZEROS, '')) : sent.rows
    return this.#history.at(state).digest.tables.get(read.table) === hashOf(rows)
  }

  #since(sequence: number): number[] {
    return Array.from({ length: this.#history.newest - sequence + 1 }, (_, i) => sequence + i)
  }

  #tell({ client }: Sent, commit: number): void {
    this.told = Math.max(this.told, commit)
    if (client.strict) this.toldStrict = Math.max(this.toldStrict, commit)
  }
}
