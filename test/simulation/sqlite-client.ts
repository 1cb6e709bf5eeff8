// A client of the engine as the simulation needs it: it keeps what was not answered, so that it can send it again to the
// next process under the same number, and takes rows slowly where it is told to. It decides nothing by itself.
import type { Engine } from '../../src/engine/engine.ts'
import { LeaderLostError } from '../../src/errors/errors.ts'
import { fromWireError } from '../../src/errors/wire.ts'
import type { Answer, ClientSettings, FromEngine, PackedParameters, Request } from '../../src/protocol/messages.ts'
import { type ArrayRow, readArrayRows } from '../../src/protocol/row-reader.ts'
import { ValueWriter } from '../../src/protocol/value-writer.ts'
import { rowText } from './sqlite-oracle.ts'
import type { Sql } from './sqlite-statements.ts'
import { Sent, type Settled, transactionOf, type Work } from './sqlite-work.ts'

export class SimulatedClient {
  readonly id: string
  readonly settings: ClientSettings
  readonly unanswered = new Map<number, Sent>()
  readonly #writer = new ValueWriter()
  readonly #onSettled: (sent: Sent) => void
  readonly #onTerminated: (why: string) => void
  #engine: Engine | undefined
  #seq = 0

  constructor(
    id: string,
    settings: ClientSettings,
    told: { readonly settled: (sent: Sent) => void; readonly terminated: (why: string) => void },
  ) {
    this.id = id
    this.settings = settings
    this.#onSettled = told.settled
    this.#onTerminated = told.terminated
  }

  get strict(): boolean {
    return this.settings.durability === 'strict'
  }

  attach(engine: Engine, alive: () => boolean): void {
    this.#engine = engine
    engine.attach(this.id, this.settings, {
      post: (message) => {
        if (alive()) this.#take(message)
      },
    })
  }

  /** Sends new work; one envelope. */
  send(works: readonly Work[], known: number, timeoutMs = 0): Sent[] {
    const all = works.map((work) => new Sent(this, ++this.#seq, work, { known, timeoutMs }))
    for (const sent of all) this.unanswered.set(sent.seq, sent)
    this.#post(all)
    return all
  }

  /** Sends what was not answered to the next process. */
  resend(known: number): void {
    const all = [...this.unanswered.values()].sort((a, b) => a.seq - b.seq)
    for (const sent of all) {
      sent.rows.length = 0
      sent.repeated = true
      sent.chunks = 0
      sent.knownAtSend = known
    }
    if (all.length > 0) this.#post(all)
  }

  credit(sent: Sent): void {
    sent.chunks--
    this.#receive([{ type: 'credit', target: sent.seq, chunks: 1 }], new ArrayBuffer(0))
  }

  /** Gives a request up; it still gets an answer. */
  cancel(sent: Sent): void {
    sent.cancelled = true
    this.#receive([{ type: 'cancel', target: sent.seq }], new ArrayBuffer(0))
  }

  #post(all: readonly Sent[]): void {
    const requests = all.map((sent) => this.#request(sent))
    this.#receive(requests, this.#writer.take())
  }

  #receive(requests: readonly Request[], payload: ArrayBuffer): void {
    let ackedThrough = this.#seq
    for (const seq of this.unanswered.keys()) ackedThrough = Math.min(ackedThrough, seq - 1)
    this.#engine?.receive({ type: 'requests', client: this.id, ackedThrough, requests, payload })
  }

  #request(sent: Sent): Request {
    const { seq, work, timeoutMs } = sent
    const base = { seq, timeoutMs }
    const transaction = transactionOf(sent)
    const inside = transaction ? { transaction: transaction.id } : {}
    switch (work.type) {
      case 'statement': {
        const [item] = work.items
        const { sql } = item
        const stream = work.stream ? { stream: true } : {}
        return { ...base, ...inside, ...stream, type: 'statement', sql, parameters: this.#pack(item), want: 'rows' }
      }
      case 'batch': {
        const items = work.items.map((item) => ({ sql: item.sql, parameters: this.#pack(item), want: 'rows' as const }))
        return { ...base, ...inside, type: 'batch', items }
      }
      case 'script':
        return { ...base, ...inside, type: 'script', sql: work.items.map(({ sql }) => sql).join(';\n') }
      case 'bare':
        if (work.sql === 'VACUUM')
          return { ...base, type: 'statement', sql: 'VACUUM', parameters: undefined, want: 'changes' }
        return { ...base, type: 'script', sql: work.sql }
      case 'bulk':
        return { ...base, ...inside, type: 'bulk', ...this.#sets(work.items), bulk: seq, last: true }
      case 'part': {
        const { bulk, last } = work
        bulk.first ||= seq
        return { ...base, type: 'bulk', ...this.#sets(work.items), sql: bulk.sql, bulk: bulk.first, last }
      }
      case 'begin': {
        const { id, mode } = work.opens
        return { ...base, type: 'begin', mode, transaction: id, lifetimeMs: work.lifetimeMs }
      }
      case 'end':
        return { ...base, type: 'end', action: work.action, transaction: work.ends.id }
      case 'savepoint':
        return { ...base, type: 'savepoint', action: work.action, transaction: work.inside.id, depth: 1 }
      case 'maintenance':
        return { ...base, type: 'maintenance', action: work.action }
      default:
        return work satisfies never
    }
  }

  #sets(items: readonly Sql[]) {
    const at = this.#writer.length
    const valuesPerSet = items[0]?.parameters.length ?? 0
    for (const { parameters } of items) this.#write(parameters)
    const sets: PackedParameters = { at, bytes: this.#writer.length - at, count: valuesPerSet * items.length }
    return { sql: items[0]?.sql ?? '', sets, setCount: items.length, valuesPerSet }
  }

  #pack({ parameters }: Sql): PackedParameters | undefined {
    if (parameters.length === 0) return undefined
    const at = this.#writer.length
    this.#write(parameters)
    return { at, bytes: this.#writer.length - at, count: parameters.length }
  }

  #write(parameters: Sql['parameters']): void {
    for (const [i, value] of parameters.entries()) this.#writer.write(value, i + 1)
  }

  #take(message: FromEngine): void {
    if (message.type === 'event' && message.event.name === 'terminated') this.#onTerminated(message.event.error.message)
    if (message.type !== 'answers') return
    const payload = message.payload ?? new ArrayBuffer(0)
    for (const answer of message.answers) this.#answered(answer, payload)
  }

  #answered(answer: Answer, payload: ArrayBuffer): void {
    const sent = this.unanswered.get(answer.seq)
    if (!sent) throw new Error(`an answer to ${this.id} ${answer.seq}, which does not wait`)
    const read = (range: { at: number; bytes: number; count: number }, width: number): string[] => {
      const rows: ArrayRow[] = []
      readArrayRows({ payload, ...range }, width, 'auto', rows)
      return rows.map(rowText)
    }
    switch (answer.type) {
      case 'chunk':
        if (answer.columns) sent.width = answer.columns.length
        sent.rows.push(...read(answer.rows, sent.width))
        sent.chunks++
        return
      case 'result':
        if (answer.columns) sent.width = answer.columns.length
        if (answer.rows) sent.rows.push(...read(answer.rows, sent.width))
        this.#settle(sent, { effects: [{ changes: answer.changes, rows: sent.rows }] })
        return
      case 'batch-result':
        this.#settle(sent, {
          effects: answer.results.map(({ changes, rows, columns }) => ({
            changes,
            rows: rows ? read(rows, columns?.length ?? 0) : [],
          })),
        })
        return
      case 'error': {
        const error = fromWireError(answer.error)
        const applied = error instanceof LeaderLostError ? error.applied : undefined
        this.#settle(sent, { code: error.code, message: error.message, applied })
        return
      }
      default:
        this.#settle(sent, { effects: [] })
    }
  }

  #settle(sent: Sent, settled: Settled): void {
    this.unanswered.delete(sent.seq)
    sent.settled = settled
    this.#onSettled(sent)
  }
}
