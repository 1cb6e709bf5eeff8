// The database as an application sees it. It stands apart as the list of what it can do besides the calls that it shares
// with transactions; the work is done elsewhere.

import type { Role, Tab, TransportName } from '../coordination/member.ts'
import { UsageError } from '../errors/errors.ts'
import type { Durability, EngineInfo } from '../protocol/messages.ts'
import { withinLimits } from './abort.ts'
import { readDone, readReport } from './answer-readers.ts'
import { checkCallOptions, checkProgressOptions } from './call-options.ts'
import type { DatabaseEvents } from './events.ts'
import { exportBlob, exportStream } from './export.ts'
import { type FunctionOptions, type FunctionSource, registerFunction } from './functions.ts'
import { type ImportSource, importFile } from './import.ts'
import { maintain, type VerifyReport } from './maintenance.ts'
import type { CallOptions, ProgressOptions, TransactionOptions } from './options.ts'
import { Queryable } from './queryable.ts'
import { DatabaseScope } from './scope.ts'
import type { Session } from './session.ts'
import { runTransaction, type TransactionCallback } from './transaction.ts'

/** What is in force for an open database. */
export interface DatabaseInfo extends EngineInfo {
  readonly name: string
  readonly durability: Durability
  /** `leader`: its engine runs in a worker of this page. `follower`: in one of another tab. */
  readonly role: Role
  /** How calls reach the engine: the page's own worker, a port that a SharedWorker passed on, or a channel. */
  readonly transport: TransportName
}

/** An open database; made by `open`. */
export class Database extends Queryable {
  readonly #session: Session

  constructor(session: Session) {
    super(new DatabaseScope(session))
    this.#session = session
  }

  /** What is in force: name, storage and why it was chosen, durability, block size, versions. */
  get info(): DatabaseInfo {
    const { name, options, info, place } = this.#session
    if (!info) throw new UsageError('internal', 'The database was not opened.')
    return { name, durability: options.durability, ...place, ...info }
  }

  /**
   * Runs `callback` in a transaction: its return commits, its error rolls back and is rethrown. Inside, use its argument
   * for everything; reads on the database itself see the state before the transaction, writes on it wait for its end
   * (TransactionDeadlockError if the callback awaits one). `tx.transaction()` nests. Gives what the callback gives.
   * Throws what the callback throws, SqliteError when the commit fails, TimeoutError, AbortError, LeaderLostError,
   * SnapshotConflictError.
   */
  async transaction<T>(callback: TransactionCallback<T>, options?: TransactionOptions): Promise<T> {
    return runTransaction(this.#session, callback, options)
  }

  /**
   * Registers a function for use in SQL on this database: the worker imports the module and takes its export. A function
   * gets the arguments (null, number, bigint where a number is not exact, string, Uint8Array) and gives such a value or a
   * boolean; undefined is NULL. An object with `step(state, ...arguments)` and `final(state)` is an aggregate, with
   * `value(state)` and `inverse(state, ...arguments)` too a window function; `start()` makes the first state, and what
   * `step` and `inverse` give is the next one, unless that is undefined. What a function throws ends the statement with a
   * SqliteError of its message. It is registered again when the worker was started anew, and replaced by another call with
   * its name; other tabs have to register their own.
   * Throws AssetLoadError if the module cannot be loaded, UsageError `function-export` if the export is missing or of
   * another shape, `invalid-argument` for a name that SQLite uses itself, TimeoutError, AbortError, ClosedError.
   */
  async function(name: string, source: FunctionSource, options?: FunctionOptions): Promise<void> {
    await registerFunction(this.#session, name, source, options)
  }

  /**
   * The database as a standard SQLite file, in chunks of about 1 MiB as they are read, from the state at the first read;
   * writes go on meanwhile. Cancelling it ends the work. A database without any table is a file of 0 bytes.
   * `onProgress` counts bytes; `timeoutMs` limits each wait for a chunk, by default not at all.
   * Errors it with StorageError `corrupt` if a block is damaged, SnapshotTooOldError if nothing is read for 60 s,
   * LeaderLostError (`retryable`), TimeoutError, AbortError, ClosedError.
   */
  exportStream(options?: ProgressOptions): ReadableStream<Uint8Array<ArrayBuffer>> {
    checkProgressOptions('exportStream()', options)
    return exportStream(new DatabaseScope(this.#session), options)
  }

  /**
   * The database as a standard SQLite file, as a Blob of type `application/vnd.sqlite3`. Like `exportStream`, and rejects
   * with what that errors with.
   */
  async export(options?: ProgressOptions): Promise<Blob> {
    checkProgressOptions('export()', options)
    return exportBlob(new DatabaseScope(this.#session), options)
  }

  /**
   * Puts a SQLite file in the place of the whole database: a Blob or File, its bytes, or a stream of them, which is read as
   * fast as it is stored. Pages of any size; files in WAL mode become ordinary ones. The database stays as it was, and can
   * be read, until the file is stored and SQLite has checked it; writes wait. Then transactions, streams and exports under
   * way end with SnapshotTooOldError (`retryable`), the event `reopened` tells of it, and prepared statements go on with
   * the new content. Resolves once it survives a power cut. Aborting leaves the old database, also while SQLite checks
   * the file, from one table to the next. Needs space for both databases. `onProgress` counts bytes. No time limit by default.
   * Throws ImportError, StorageError `quota`, TransactionDeadlockError, UsageError `connection-state`, LeaderLostError,
   * TimeoutError, AbortError, ClosedError.
   */
  async import(source: ImportSource, options?: ProgressOptions): Promise<void> {
    checkProgressOptions('import()', options)
    await importFile(this.#session, source, options)
  }

  /**
   * Resolves once everything written so far survives a power cut; of use with `durability: 'relaxed'`.
   * Throws StorageError, LeaderLostError, TimeoutError, AbortError, ClosedError.
   */
  async sync(options?: CallOptions): Promise<void> {
    checkCallOptions('sync()', options)
    await maintain(this.#session, 'sync', readDone, options, this.#session.options.timeoutMs)
  }

  /**
   * Brings what was committed from the log to its home, as the engine does by itself when idle or when the log is full.
   * Reads and writes go on meanwhile. No time limit by default. Throws like `sync`.
   */
  async checkpoint(options?: CallOptions): Promise<void> {
    checkCallOptions('checkpoint()', options)
    await maintain(this.#session, 'checkpoint', readDone, options, 0)
  }

  /**
   * A checkpoint that then gives free space at the end of the storage back to the browser. What deleted rows occupied
   * inside the database is free for new rows; `VACUUM` before this call gives that back too. No time limit by default.
   * Throws like `sync`.
   */
  async compact(options?: CallOptions): Promise<void> {
    checkCallOptions('compact()', options)
    await maintain(this.#session, 'compact', readDone, options, 0)
  }

  /**
   * Reads every stored block (on IndexedDB as it is in memory, where it is), compares it with its checksum, and then, if all
   * are whole, has SQLite look at the database (`PRAGMA quick_check`, table by table). Reads and writes go on meanwhile, but
   * for the time of one table; a database with auto_vacuum is one. `onProgress` counts blocks. Damage is reported, not thrown.
   * No time limit by default.
   * Throws StorageError `io`, UsageError `not-supported`, LeaderLostError, TimeoutError, AbortError, ClosedError.
   */
  async verify(options?: ProgressOptions): Promise<VerifyReport> {
    checkProgressOptions('verify()', options)
    const report = await maintain(this.#session, 'verify', readReport('verify'), options, 0)
    const { blocks, damaged, sqlite } = report
    return { ok: damaged.length === 0 && sqlite.length === 0, blocks, damaged, sqlite }
  }

  /**
   * Counts since the worker started and sizes now, by name; names end with their unit where it is not a count. Among them:
   * `queueDepth`, `groups`, `requests` and `groupRequestsMax` of the scheduler; `commits`, `committedBytes` and `failures`
   * (requests answered with an error) in the `servedMs` so far; `unsyncedBytes` and `unsyncedBlocks`; `timerSyncs`, `debounceSyncs`,
   * `thresholdSyncs` and `requestSyncs` with the milliseconds of each (`timerSyncsMs`, ...), `lastSyncMs`; `writes`,
   * `flushes`, `syncs`, `checksumFailures`, `logBytes`, `liveBytes`, `unsyncedCommits`, `pins` (snapshots) of the store;
   * `readersInUse`, `wasmHeapBytes`, `heapsReplaced` (SQLite started anew to give memory back); `repeatsAnswered`: requests
   * that were answered from a commit made before. Of this client:
   * `leaderChanges`, `lastFailoverMs` (from the loss of an engine to the next), `resentRequests`. Names
   * may be added and, with a change of the store, removed. Throws LeaderLostError, TimeoutError, AbortError, ClosedError.
   */
  async metrics(options?: CallOptions): Promise<Readonly<Record<string, number>>> {
    checkCallOptions('metrics()', options)
    const { timeoutMs } = this.#session.options
    const { metrics } = await maintain(this.#session, 'metrics', readReport('metrics'), options, timeoutMs)
    return { ...metrics, ...this.#session.metrics() }
  }

  /**
   * Everybody who has this database open in this browser: this client, those of other tabs, and others of this page.
   * Asks the browser, not the tabs, so sleeping ones count. Throws TimeoutError, AbortError.
   */
  async tabs(options: CallOptions = {}): Promise<readonly Tab[]> {
    checkCallOptions('tabs()', options)
    const { clock, options: defaults } = this.#session
    const { signal, timeoutMs = defaults.timeoutMs } = options
    return withinLimits(clock, { signal, timeoutMs }, () => this.#session.tabs())
  }

  /**
   * Calls `listener` at every `event` (see DatabaseEvents) until the function that is returned is called. What a listener
   * throws becomes an uncaught error of the page and stops nothing. Listeners are not called for what happened before.
   * Throws UsageError `invalid-argument` for an unknown event.
   */
  on<E extends keyof DatabaseEvents>(event: E, listener: (detail: DatabaseEvents[E]) => void): () => void {
    const { events } = this.#session
    if (!events.has(event)) {
      throw new UsageError(
        'invalid-argument',
        `'${String(event)}' is no event of a database. The events are: ${events.names.join(', ')}.`,
      )
    }
    if (typeof listener !== 'function')
      throw new UsageError('invalid-argument', 'The listener of on() must be a function.')
    return events.on(event, listener)
  }

  /**
   * Closes the database: calls made before are finished, open transactions rolled back; streams and exports that have not
   * ended, and later calls, end with ClosedError. A second close gives the first one's promise. If it does not end in its time, the worker is ended and
   * the call rejects with TimeoutError; nothing acknowledged is lost.
   */
  async close(options?: CallOptions): Promise<void> {
    checkCallOptions('close()', options)
    await this.#session.close(options?.signal, options?.timeoutMs ?? this.#session.options.timeoutMs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
