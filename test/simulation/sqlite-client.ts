// A client of the engine as the simulation needs it: it keeps what was not answered, so that it can send it again to the
// next process under the same number, and takes rows slowly where it is told to. It decides nothing by itself.
import type { Engine } from '../../src/engine/engine.ts'
import { LeaderLostError } from '../../src/errors/errors.ts'
import { fromWireError } from '../../src/errors/wire.ts'
import type {
  Answer,
  ClientSettings,
  FromEngine,
  PackedParameters,
  Request,
  Want,
} from '../../src/protocol/messages.ts'
import { type ArrayRow, readArrayRows } from '../../src/protocol/row-reader.ts'
import { ValueWriter } from '../../src/protocol/value-writer.ts'
import { type Effect, rowText } from './sqlite-oracle.ts'
import type { Sql } from './sqlite-statements.ts'

export type Work =
  | { readonly type: 'statement'; readonly items: readonly [Sql]; readonly want: Want; readonly transaction?: number }
  | { readonly type: 'batch'; readonly items: readonly Sql[]; readonly transaction?: number }
  | { readonly type: 'script'; readonly items: readonly Sql[]; readonly transaction?: number }
  /** Commits by itself, once per part, without an outcome. */
  | { readonly type: 'bare'; readonly parts: readonly (readonly string[])[]; readonly sql: string }
  | { readonly type: 'bulk'; readonly items: readonly Sql[]; readonly transaction?: number }
  | {
      readonly type: 'begin'
      readonly mode: 'immediate' | 'deferred' | 'readonly'
      readonly transaction: number
      readonly lifetimeMs: number
    }
  | {
      readonly type: 'end'
      readonly action: 'commit' | 'rollback'
      readonly transaction: number
      readonly steps: readonly Sent[]
    }
  | { readonly type: 'savepoint'; readonly action: 'open' | 'release' | 'rollback'; readonly transaction: number }
  | { readonly type: 'maintenance'; readonly action: 'sync' | 'checkpoint' | 'compact' }

/** How a request was answered. */
export type Settled =
  | { readonly effects: readonly Effect[] }
  | { readonly code: string; readonly message: string; readonly applied: LeaderLostError['applied'] | undefined }

export class Sent {
  readonly client: SimulatedClient
  readonly seq: number
  readonly work: Work
  /** The newest commit that anybody had been told of when it was sent. */
  knownAtSend: number
  /** Its commit, once it was published. */
  commit: number | undefined
  /** What the oracle says that it did. */
  expected: readonly (Effect | undefined)[] | undefined
  settled: Settled | undefined
  readonly rows: string[] = []
  /** Chunks that it has got no credit for. */
  chunks = 0
  width = 0

  constructor(client: SimulatedClient, seq: number, work: Work, knownAtSend: number) {
    this.client = client
    this.seq = seq
    this.work = work
    this.knownAtSend = knownAtSend
  }
}

export class SimulatedClient {
  readonly id: string
  readonly settings: ClientSettings
  readonly unanswered = new Map<number, Sent>()
  readonly #writer = new ValueWriter()
  readonly #onSettled: (sent: Sent) => void
  #engine: Engine | undefined
  #seq = 0

  constructor(id: string, settings: ClientSettings, onSettled: (sent: Sent) => void) {
    this.id = id
    this.settings = settings
    this.#onSettled = onSettled
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
  send(works: readonly Work[], known: number): Sent[] {
    const all = works.map((work) => new Sent(this, ++this.#seq, work, known))
    for (const sent of all) this.unanswered.set(sent.seq, sent)
    this.#post(all)
    return all
  }

  /** Sends what was not answered to the next process. */
  resend(known: number): void {
    const all = [...this.unanswered.values()].sort((a, b) => a.seq - b.seq)
    for (const sent of all) {
      sent.rows.length = 0
      sent.chunks = 0
      sent.knownAtSend = known
    }
    if (all.length > 0) this.#post(all)
  }

  credit(sent: Sent): void {
    sent.chunks--
    this.#receive([{ type: 'credit', target: sent.seq, chunks: 1 }], new ArrayBuffer(0))
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

  #request({ seq, work }: Sent): Request {
    const base = { seq, timeoutMs: 0 }
    const inside = 'transaction' in work && work.transaction !== undefined ? { transaction: work.transaction } : {}
    switch (work.type) {
      case 'statement': {
        const [item] = work.items
        return { ...base, ...inside, type: 'statement', sql: item.sql, parameters: this.#pack(item), want: work.want }
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
      case 'bulk': {
        const at = this.#writer.length
        const width = work.items[0]?.parameters.length ?? 0
        for (const { parameters } of work.items) this.#write(parameters)
        const sets: PackedParameters = { at, bytes: this.#writer.length - at, count: width * work.items.length }
        const counts = { sets, setCount: work.items.length, valuesPerSet: width, bulk: seq, last: true }
        return { ...base, ...inside, type: 'bulk', sql: work.items[0]?.sql ?? '', ...counts }
      }
      case 'begin':
        return { ...base, type: 'begin', mode: work.mode, transaction: work.transaction, lifetimeMs: work.lifetimeMs }
      case 'end':
        return { ...base, type: 'end', action: work.action, transaction: work.transaction }
      case 'savepoint':
        return { ...base, type: 'savepoint', action: work.action, transaction: work.transaction, depth: 1 }
      case 'maintenance':
        return { ...base, type: 'maintenance', action: work.action }
      default:
        return work satisfies never
    }
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
