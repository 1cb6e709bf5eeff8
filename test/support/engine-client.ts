// A client of the engine for tests, without a page and without a worker: calls become envelopes, answers are matched by
// their number and decoded. Every call of one tick travels in one envelope, as a real client sends them.
import { Engine, type EngineStore } from '../../src/engine/engine.ts'
import { loadSqlite, type StartSqlite } from '../../src/engine/sqlite-module.ts'
import { type Environment, realEnvironment } from '../../src/environment.ts'
import { fromWireError } from '../../src/errors/wire.ts'
import type { CancelFlags } from '../../src/protocol/cancel-flags.ts'
import type {
  Answer,
  ClientCounts,
  ClientSettings,
  EngineEvent,
  FromEngine,
  IntegerMode,
  PackedParameters,
  PackedRows,
  Request,
  StatementResult,
  Want,
} from '../../src/protocol/messages.ts'
import { parseFromEngine, parseToEngine } from '../../src/protocol/parse.ts'
import { RowPieces } from '../../src/protocol/row-pieces.ts'
import { type ArrayRow, readArrayRows } from '../../src/protocol/row-reader.ts'
import { type BindValue, ValueWriter } from '../../src/protocol/value-writer.ts'
import type { Blocks } from '../../src/store/block-store-types.ts'
import { ObservedBlocks } from './observed-blocks.ts'
import { sqliteWasm } from './sqlite.ts'

export type Parameters = readonly BindValue[] | Readonly<Record<string, BindValue>>

export interface Result {
  readonly changes: number
  readonly lastInsertRowid: bigint
  readonly columns: readonly string[]
  readonly rows: ArrayRow[]
  readonly chunks: number
}

/** A request as a test writes it; numbers are added when it is sent. */
type Draft = Request extends infer R
  ? R extends { seq: number }
    ? Omit<R, 'seq' | 'timeoutMs' | 'asks'>
    : never
  : never

interface Waiting {
  readonly seq: number
  columns: readonly string[]
  rows: ArrayRow[]
  chunks: number
  /** Of a batch. */
  readonly items: Result[]
  readonly pieces: RowPieces
  resolve(answer: Answer): void
  reject(error: Error): void
}

const SETTINGS: ClientSettings = {
  durability: 'relaxed',
  foreignKeys: true,
  sync: { intervalMs: 0, debounceMs: 0, maxDirtyBytes: 0, maxDirtyBlocks: 0 },
}

export class TestClient {
  readonly id: string
  readonly events: EngineEvent['event'][] = []
  readonly #engine: Engine
  readonly #writer = new ValueWriter()
  readonly #waiting = new Map<number, Waiting>()
  #drafts: Request[] = []
  #seq = 0
  #transactions = 0
  /** Messages received so far, and the bytes of the largest payload of one. */
  messages = 0
  payloadBytesMax = 0
  /** How far each request said that it is, by its number. */
  readonly progress = new Map<number, number>()
  /** How many chunks are acknowledged by themselves; false: only by `credit`. */
  autoCredit = true
  /** What the engine said last of what this client has counted. */
  counts: ClientCounts | undefined
  /** Whether the engine said last that a transaction begun by text is open. */
  textOpen = false
  /** How integers come out. */
  integers: IntegerMode = 'auto'
  /** Tells the engine which answers have arrived, as a real client does. */
  acknowledges = false

  constructor(engine: Engine, id: string, settings: Partial<ClientSettings> = {}) {
    this.#engine = engine
    this.id = id
    engine.attach(id, { ...SETTINGS, ...settings }, { post: (message, transfer) => this.#take(message, transfer) })
  }

  get seq(): number {
    return this.#seq
  }

  set seq(value: number) {
    this.#seq = value
  }

  async statement(
    sql: string,
    parameters: Parameters | undefined,
    want: Want,
    options: { transaction?: number; timeoutMs?: number } = {},
  ): Promise<Result> {
    const { transaction, timeoutMs } = options
    const draft = { type: 'statement', sql, parameters: this.#pack(parameters), want } as const
    return this.result(this.request(transaction === undefined ? draft : { ...draft, transaction }, timeoutMs))
  }

  run(sql: string, parameters?: Parameters, transaction?: number): Promise<Result> {
    return this.statement(sql, parameters, 'changes', transaction === undefined ? {} : { transaction })
  }

  async query(sql: string, parameters?: Parameters, transaction?: number): Promise<ArrayRow[]> {
    const result = await this.statement(sql, parameters, 'rows', transaction === undefined ? {} : { transaction })
    return result.rows
  }

  async value(sql: string, parameters?: Parameters, transaction?: number): Promise<unknown> {
    const options = transaction === undefined ? {} : { transaction }
    return (await this.statement(sql, parameters, 'first-value', options)).rows[0]?.[0]
  }

  async exec(sql: string, transaction?: number): Promise<void> {
    await this.request({ type: 'script', sql, ...(transaction !== undefined && { transaction }) }).answer
  }

  async batch(
    items: readonly (readonly [string, (Parameters | undefined)?, Want?])[],
    transaction?: number,
  ): Promise<Result[]> {
    const packed = items.map(([sql, parameters, want]) => ({
      sql,
      parameters: this.#pack(parameters),
      want: want ?? ('changes' as const),
    }))
    const { answer, waiting } = this.request({
      type: 'batch',
      items: packed,
      ...(transaction !== undefined && { transaction }),
    })
    const got = await answer
    if (got.type !== 'batch-result') throw new Error(`unexpected ${got.type}`)
    return waiting.items
  }

  /** One message per part. */
  async bulk(
    sql: string,
    parts: readonly (readonly (readonly BindValue[])[])[],
    transaction?: number,
  ): Promise<Result> {
    const bulk = this.#seq + 1
    let last: Promise<Result> | undefined
    for (const [i, sets] of parts.entries()) {
      const at = this.#writer.length
      const valuesPerSet = sets[0]?.length ?? 0
      for (const set of sets) for (const [p, value] of set.entries()) this.#writer.write(value, p + 1)
      const packed: PackedParameters = { at, bytes: this.#writer.length - at, count: valuesPerSet * sets.length }
      const isLast = i === parts.length - 1
      const sent = this.request({
        type: 'bulk',
        sql,
        sets: packed,
        setCount: sets.length,
        valuesPerSet,
        bulk,
        last: isLast,
        ...(transaction !== undefined && { transaction }),
      })
      this.flush()
      if (isLast) last = this.result(sent)
      else await sent.answer
    }
    return last!
  }

  /** Sends a file's pieces as the engine takes them, at most `windowBytes` at a time. */
  async import(totalBytes: number, pieces: AsyncIterable<Uint8Array>, windowBytes = 4 << 20): Promise<void> {
    const { seq, answer } = this.request({ type: 'import', totalBytes }, 0)
    this.flush()
    const send = (piece: Uint8Array<ArrayBuffer>, last: boolean) => {
      const part = { type: 'import-part', target: seq, at: 0, bytes: piece.length, last } as const
      const requests = { type: 'requests', client: this.id, ackedThrough: 0, requests: [part] } as const
      this.#engine.receive({ ...requests, payload: piece.buffer })
    }
    let sentBytes = 0
    for await (const piece of pieces) {
      send(new Uint8Array(piece), false)
      sentBytes += piece.length
      while (sentBytes - (this.progress.get(seq) ?? 0) >= windowBytes) await new Promise((wake) => setImmediate(wake))
    }
    send(new Uint8Array(0), true)
    await answer
  }

  async begin(mode: 'immediate' | 'deferred' | 'readonly' = 'immediate', lifetimeMs = 10_000): Promise<number> {
    const transaction = ++this.#transactions
    await this.request({ type: 'begin', transaction, mode, lifetimeMs }).answer
    return transaction
  }

  async end(transaction: number, action: 'commit' | 'rollback' = 'commit'): Promise<void> {
    await this.request({ type: 'end', transaction, action }).answer
  }

  async savepoint(transaction: number, action: 'open' | 'release' | 'rollback', depth: number): Promise<void> {
    await this.request({ type: 'savepoint', transaction, action, depth }).answer
  }

  cancel(target: number): void {
    this.#drafts.push({ type: 'cancel', target })
    this.flush()
  }

  credit(target: number, chunks: number): void {
    this.#drafts.push({ type: 'credit', target, chunks })
    this.flush()
  }

  /** Values in the payload of the next envelope, by position. */
  packed(values: readonly BindValue[]): PackedParameters {
    const at = this.#writer.length
    for (const [i, value] of values.entries()) this.#writer.write(value, i + 1)
    return { at, bytes: this.#writer.length - at, count: values.length }
  }

  /** Queues a request; it is sent at the end of this tick. */
  request(
    draft: Draft,
    timeoutMs = 30_000,
    again: { readonly asks?: true } = {},
  ): { readonly seq: number; readonly answer: Promise<Answer>; waiting: Waiting } {
    const seq = ++this.#seq
    let waiting!: Waiting
    const answer = new Promise<Answer>((resolve, reject) => {
      waiting = { seq, columns: [], rows: [], chunks: 0, items: [], pieces: new RowPieces(), resolve, reject }
    })
    this.#waiting.set(seq, waiting)
    if (this.#drafts.length === 0) queueMicrotask(() => this.flush())
    this.#drafts.push({ ...draft, seq, timeoutMs, ...again } as Request)
    return { seq, answer, waiting }
  }

  /** Sends what is queued now. */
  flush(): void {
    if (this.#drafts.length === 0) return
    const requests = this.#drafts
    this.#drafts = []
    const payload = this.#writer.take()
    const message = parseToEngine({ type: 'requests', client: this.id, ackedThrough: this.#acked(), requests, payload })
    if (message.type === 'requests') this.#engine.receive(message)
  }

  async result(sent: { readonly answer: Promise<Answer>; readonly waiting: Waiting }): Promise<Result> {
    const answer = await sent.answer
    if (answer.type !== 'result') throw new Error(`unexpected ${answer.type}`)
    return {
      ...plain(answer),
      columns: answer.columns ?? sent.waiting.columns,
      rows: sent.waiting.rows,
      chunks: sent.waiting.chunks,
    }
  }

  #pack(parameters: Parameters | undefined): PackedParameters | undefined {
    if (parameters === undefined) return undefined
    const at = this.#writer.length
    const named = !Array.isArray(parameters)
    const entries: [string, BindValue][] = Object.entries(parameters)
    for (const [name, value] of entries) this.#writer.write(value, named ? name : Number(name) + 1)
    const range = { at, bytes: this.#writer.length - at, count: entries.length }
    return named ? { ...range, names: entries.map(([name]) => name) } : range
  }

  /** Everything before the first request that still waits; off until a test wants it, so that requests can be repeated. */
  #acked(): number {
    if (!this.acknowledges) return 0
    for (const seq of this.#waiting.keys()) return seq - 1
    return this.#seq
  }

  #payload: ArrayBuffer = new ArrayBuffer(0)

  #take(raw: FromEngine, _transfer: readonly ArrayBuffer[]): void {
    this.messages++
    const message = parseFromEngine(raw)
    if (message.type === 'event') this.events.push(message.event)
    if (message.type !== 'answers') return
    this.counts = message.counts ?? this.counts
    this.textOpen = message.textOpen === true
    this.#payload = message.payload ?? new ArrayBuffer(0)
    this.payloadBytesMax = Math.max(this.payloadBytesMax, this.#payload.byteLength)
    for (const answer of message.answers) this.#settle(answer)
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.seq)
    if (!waiting) throw new Error(`an answer to ${answer.seq}, which does not wait`)
    if (answer.type === 'error') {
      this.#waiting.delete(answer.seq)
      waiting.reject(fromWireError(answer.error))
      return
    }
    if (answer.type === 'progress') this.progress.set(answer.seq, answer.done)
    if (answer.type === 'progress' || answer.type === 'bytes') return
    if (answer.type === 'chunk' || answer.type === 'result') {
      if (answer.columns) waiting.columns = answer.columns
      if (answer.rows) this.#read(answer.rows, waiting)
    }
    if (answer.type === 'batch-part' || answer.type === 'batch-result') this.#takeItems(answer.results, waiting)
    if (answer.type === 'chunk' || answer.type === 'batch-part') {
      waiting.chunks++
      if (this.autoCredit) queueMicrotask(() => this.credit(answer.seq, 1))
      return
    }
    this.#waiting.delete(answer.seq)
    waiting.resolve(answer)
  }

  #takeItems(results: readonly StatementResult[], waiting: Waiting): void {
    for (const result of results) {
      if (result.columns) waiting.columns = result.columns
      if (result.rows) this.#read(result.rows, waiting)
      waiting.items.push({ ...plain({ ...result, columns: waiting.columns }), rows: waiting.rows, chunks: 0 })
      waiting.rows = []
      waiting.columns = []
    }
  }

  #read(packed: PackedRows, { pieces, columns, rows }: Waiting): void {
    const source = pieces.take(packed, this.#payload)
    if (source) readArrayRows(source, columns.length, this.integers, rows)
  }
}

function plain({ changes, lastInsertRowid, columns }: StatementResult) {
  return { changes, lastInsertRowid, columns: columns ?? [] }
}

export interface EngineFixture<B extends Blocks = ObservedBlocks> {
  readonly engine: Engine
  readonly blocks: B
  client(settings?: Partial<ClientSettings>): TestClient
}

let clients = 0

/** An engine on the given blocks (default: plain ones in memory, observed). */
export async function startEngine<B extends Blocks = ObservedBlocks>(
  options: {
    blocks?: B
    store?: EngineStore
    environment?: Environment
    cacheBytes?: number
    rowBytesMax?: number
    cancelFlags?: CancelFlags
    startSqlite?: StartSqlite
  } = {},
): Promise<EngineFixture<B>> {
  const blocks = options.blocks ?? (new ObservedBlocks() as Blocks as B)
  const { startSqlite } = options
  const engine = new Engine({
    sqlite3: await (startSqlite ? startSqlite() : loadSqlite(await sqliteWasm(), {})),
    ...(startSqlite && { startSqlite }),
    blocks,
    ...(options.store && { store: options.store }),
    environment: options.environment ?? realEnvironment(),
    name: 'app.db',
    cacheBytes: options.cacheBytes ?? 8 << 20,
    rowBytesMax: options.rowBytesMax ?? 1 << 20,
    cancelFlags: options.cancelFlags,
  })
  return {
    engine,
    blocks,
    client: (settings) => new TestClient(engine, (++clients).toString(16).padStart(32, '0'), settings),
  }
}
