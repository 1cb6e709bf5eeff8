// The engine as its clients see it: sessions, messages in, answers out. It wires the database, the scheduler, the outbox and
// the sync timer together and knows nothing of workers, tabs or storage.
import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm'
import type { Environment } from '../environment.ts'
import { ClosedError } from '../errors/errors.ts'
import { toWireError } from '../errors/wire.ts'
import type { CancelFlags } from '../protocol/cancel-flags.ts'
import type { ClientSettings, EngineEvent, Request, Requests } from '../protocol/messages.ts'
import type { Blocks } from '../store/block-store-types.ts'
import { abandonBulk } from './bulk-runner.ts'
import { Database } from './database.ts'
import type { MaintenanceStore } from './engine-store.ts'
import { ImportFeed } from './import-feed.ts'
import { Job } from './job.ts'
import { Outbox } from './outbox.ts'
import { RequestRunner } from './runner.ts'
import { Scheduler } from './scheduler.ts'
import { type ClientPort, Session } from './session.ts'
import { SqliteInstance } from './sqlite-instance.ts'
import type { StartSqlite } from './sqlite-module.ts'
import { SyncTimer } from './sync-timer.ts'

const IDLE_MS = 200
const NO_PAYLOAD = new Uint8Array(0)

/** The store's part in moments without work, and at the end of a client, as far as it has one. */
export interface EngineStore extends MaintenanceStore {
  idle?(): void | Promise<void>
  endSession?(client: string): void
  /** Whether every write is read back and compared. */
  verifyAfterWrite?: boolean
}

export interface EngineOptions {
  readonly sqlite3: Sqlite3Static
  /** Starts another SQLite when the memory of the first has grown too large; without it, it is kept. */
  readonly startSqlite?: StartSqlite
  readonly blocks: Blocks
  readonly store?: EngineStore
  readonly environment: Environment
  readonly name: string
  readonly cacheBytes: number
  /** Larger rows are sent in pieces. */
  readonly rowBytesMax: number
  /** Where requests are marked that are given up, if the page can share memory. */
  readonly cancelFlags?: CancelFlags | undefined
}

export class Engine {
  readonly #blocks: Blocks
  readonly #store: EngineStore
  readonly #environment: Environment
  readonly #database: Database
  readonly #outbox: Outbox
  readonly #runner: RequestRunner
  readonly #scheduler: Scheduler
  readonly #syncTimer: SyncTimer
  readonly #sessions = new Map<string, Session>()
  readonly #cancelFlags: CancelFlags | undefined
  readonly #startSqlite: StartSqlite | undefined
  #unsyncedBytes = 0
  #cancelIdle: (() => void) | undefined
  #lastWorkMs = 0
  #closing = false
  /** Since the engine began; the last one: how often SQLite was started anew to give its memory back. */
  readonly #counts = { commits: 0, committedBytes: 0, heapsReplaced: 0 }
  readonly #beganMs: number

  /** Opens the database. Throws StorageError `corrupt` if its first block is damaged. */
  constructor(options: EngineOptions) {
    const { sqlite3, blocks, environment, name, cacheBytes, rowBytesMax } = options
    this.#blocks = blocks
    this.#store = options.store ?? {}
    this.#environment = environment
    this.#beganMs = environment.clock.monotonicMs()
    this.#cancelFlags = options.cancelFlags
    this.#startSqlite = options.startSqlite
    const instance = new SqliteInstance(sqlite3, blocks, environment)
    this.#database = new Database(instance, blocks, { name, cacheBytes, rowBytesMax })
    this.#syncTimer = new SyncTimer(environment.clock, () => this.#outbox.wantSync())
    this.#outbox = new Outbox(
      blocks,
      environment.clock,
      (error) => this.#runner.latch(error),
      (durationMs) => this.#syncTimer.synced(durationMs),
    )
    this.#runner = new RequestRunner({
      database: this.#database,
      outbox: this.#outbox,
      store: this.#store,
      onCommit: (bytes) => {
        this.#unsyncedBytes += bytes
        this.#counts.commits++
        this.#counts.committedBytes += bytes
      },
      onGroup: () => this.#afterGroup(),
      sessions: () => this.#sessions.values(),
      metrics: () => ({
        ...this.#syncTimer.metrics(),
        ...this.#counts,
        servedMs: environment.clock.monotonicMs() - this.#beganMs,
      }),
      onFatal: (error) => this.#terminated(error),
    })
    this.#scheduler = new Scheduler(environment.clock, this.#runner)
    this.#runner.scheduler = this.#scheduler
  }

  get sqliteVersion(): string {
    return this.#database.instance.sqlite3.version.libVersion
  }

  get clients(): number {
    return this.#sessions.size
  }

  /** Begins a client's session; its answers go to `port`. What a former session of it has open is rolled back. */
  attach(client: string, settings: ClientSettings, port: ClientPort): void {
    const before = this.#sessions.get(client)
    if (before) this.#interrupt(before, () => {})
    const session = new Session(client, settings, port)
    this.#sessions.set(client, session)
    // The others were told when it began.
    if (this.#scheduler.held) session.event({ name: 'held', held: true })
    this.#runner.functions.restore(session)
    this.#usePolicies()
  }

  /** Takes a client's requests. What runs without waiting is answered before this returns. */
  receive(message: Requests): void {
    const session = this.#sessions.get(message.client)
    if (!session) return
    session.ackedThrough = Math.max(session.ackedThrough, message.ackedThrough)
    this.#runner.outcomes.noteNews()
    const payload = message.payload ? new Uint8Array(message.payload) : NO_PAYLOAD
    const now = this.#environment.clock.monotonicMs()
    for (const request of message.requests) this.#take(session, request, payload, now)
    this.#lastWorkMs = now
    this.#scheduler.wake()
  }

  /** Has relaxed commits synced that are not yet. */
  syncSoon(): void {
    if (!this.#closing && this.#blocks.syncedSequence < this.#blocks.sequence) this.#outbox.wantSync()
  }

  /** Ends a client's session, also one of before: what it has open is rolled back, what it has queued is dropped. */
  async detach(client: string): Promise<void> {
    const session = this.#sessions.get(client)
    if (!session) {
      this.#endRemembered(client)
      return
    }
    await new Promise<void>((resolve) => {
      this.#interrupt(session, () => {
        if (this.#sessions.get(client) === session) {
          this.#sessions.delete(client)
          this.#usePolicies()
          this.#endRemembered(client)
        }
        resolve()
      })
    })
  }

  /** Forgets a client's outcomes, which may be room for those of others. */
  #endRemembered(client: string): void {
    this.#store.endSession?.(client)
    this.#runner.outcomes.noteNews()
    this.#scheduler.wake()
  }

  #interrupt(session: Session, done: () => void): void {
    session.ended = true
    for (const stream of session.streams.values()) stream.wake?.()
    for (const feed of session.imports.values()) feed.wake()
    this.#scheduler.post(() => {
      this.#runner.endSession(session)
      done()
    })
  }

  /** Ends the engine if its store has failed for good, also where no request waited for that; answers go first. */
  storeFailed(reason: () => unknown): void {
    this.#environment.clock.after(0, () => {
      const error = reason()
      if (error !== undefined) this.#runner.latch(error)
    })
  }

  /** Tells every client something. */
  broadcast(event: EngineEvent['event']): void {
    for (const session of this.#sessions.values()) session.event(event)
  }

  /**
   * Finishes what is running, syncs, and closes the database. The block store stays open. Outcomes are kept: clients ask
   * the next engine for what this one has not answered any more.
   */
  async close(): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    const sessions = [...this.#sessions.values()]
    this.#sessions.clear()
    for (const session of sessions) await new Promise<void>((resolve) => this.#interrupt(session, resolve))
    await this.#scheduler.drained()
    this.#cancelIdle?.()
    if (this.#runner.latched === undefined) {
      await this.#outbox.drained()
      await this.#blocks.sync()
    }
    this.#syncTimer.stop()
    if (this.#database.instance.vfs.failure.fatal === undefined) this.#database.close()
  }

  #take(session: Session, request: Request, payload: Uint8Array, now: number): void {
    if (request.type === 'credit') session.streams.get(request.target)?.addCredit(request.chunks)
    else if (request.type === 'cancel') this.#cancel(session, request.target)
    else if (request.type === 'import-part')
      session.imports.get(request.target)?.add(payload.subarray(request.at, request.at + request.bytes), request.last)
    else {
      const job = new Job(session, request, { payload, nowMs: now, cancelFlags: this.#cancelFlags })
      if (request.type === 'import') session.imports.set(request.seq, new ImportFeed())
      if (this.#closing) this.#runner.fail(job, new ClosedError('The database is being closed.'))
      else this.#scheduler.add(job)
    }
  }

  #cancel(session: Session, seq: number): void {
    let running = false
    for (const job of this.#scheduler.jobs())
      if (job.session === session && job.request.seq === seq) {
        running = true
        job.cancel()
        session.streams.get(seq)?.wake?.()
        session.imports.get(seq)?.wake()
      }
    // The statement is over, but chunks of it wait for credit that will not come.
    if (!running && session.streams.delete(seq)) this.#runner.refuseSeq(session, seq)
    for (const job of this.#scheduler.withdraw(({ cancelled }) => cancelled)) this.#runner.refuse(job)
    // Between two parts of a bulk no job has its number, yet it holds the writer.
    this.#scheduler.post(() => {
      const bulk = session.bulks.get(seq)
      if (bulk) abandonBulk(bulk, { session, runner: this.#runner })
    })
  }

  #usePolicies(): void {
    const policies = [...this.#sessions.values()].map(({ settings }) => settings.sync)
    this.#syncTimer.use(policies)
    this.#store.verifyAfterWrite = policies.some(({ verifyAfterWrite }) => verifyAfterWrite === true)
  }

  #afterGroup(): void {
    if (this.#startSqlite && this.#database.swollen) this.tidySoon()
    if (this.#unsyncedBytes === 0) return
    if (this.#blocks.syncedSequence < this.#blocks.sequence)
      this.#syncTimer.committed(this.#unsyncedBytes, Math.ceil(this.#unsyncedBytes / this.#blocks.blockSize))
    this.#unsyncedBytes = 0
    this.#lastWorkMs = this.#environment.clock.monotonicMs()
    this.tidySoon()
  }

  /** Has the store tidy up once there is no work: what a crash left in its log is replayed at each opening until then. */
  tidySoon(): void {
    this.#cancelIdle ??= this.#environment.clock.after(IDLE_MS, () => this.#whenIdle())
  }

  /** After 200 ms without work the store may tidy up; one timer serves any number of commits before it. */
  #whenIdle(): void {
    this.#cancelIdle = undefined
    const { clock } = this.#environment
    const restMs = this.#lastWorkMs + IDLE_MS - clock.monotonicMs()
    const busy = this.#busy
    if (restMs > 1 || busy) {
      this.#cancelIdle = clock.after(busy ? IDLE_MS : restMs, () => this.#whenIdle())
      return
    }
    if (this.#closing || this.#runner.latched !== undefined) return
    const tidy = async () => {
      await this.#store.idle?.()
      await this.#giveHeapBack()
    }
    tidy().catch((error: unknown) => this.broadcast({ name: 'warning', message: `Tidying up failed: ${error}` }))
  }

  get #busy(): boolean {
    return !this.#outbox.quiet || this.#scheduler.depth > 0 || this.#runner.owner !== undefined
  }

  /**
   * The memory of a wasm module never shrinks, so SQLite is started anew once it has grown too large. Whatever clients have
   * is kept outside of it, but for what transactions and streams hold: after their end this comes again.
   */
  async #giveHeapBack(): Promise<void> {
    const database = this.#database
    if (!this.#startSqlite || !database.swollen || database.readers.busy) return
    const sqlite3 = await this.#startSqlite()
    this.#scheduler.post(() => {
      if (this.#closing || this.#runner.latched !== undefined || this.#busy || database.readers.busy) return
      database.replaceInstance(() => new SqliteInstance(sqlite3, this.#blocks, this.#environment))
      this.#counts.heapsReplaced++
    })
  }

  /** Clients give the engine up at this event, so it follows the answers that it causes. */
  #terminated(error: unknown): void {
    this.broadcast({ name: 'terminated', error: toWireError(error) })
    this.#scheduler.wake()
  }
}
