// One SQLite connection to the database: opening it as the design asks for, compiling, the statements of its own that
// begin and end transactions, and the limits on how long a statement may run. It knows nothing of clients and queues.
// Invariant: between two requests no statement of it is active, and unless an interactive transaction owns it, it is in
// autocommit.
import { AbortError, type DataSyncError, SqliteError, TimeoutError, UsageError } from '../errors/errors.ts'
import { assert } from '../store/assert.ts'
import type { Blocks, Origin } from '../store/block-store-types.ts'
import type { MainFile } from '../vfs/main-file.ts'
import * as code from '../vfs/result-codes.ts'
import { Authorizer, type PragmaUse } from './authorizer.ts'
import { ConnectionCounts } from './client-counts.ts'
import { normalSetting, SESSION_DEFAULTS } from './pragmas.ts'
import { isBlank } from './script-splitter.ts'
import { sqliteError } from './sqlite-errors.ts'
import type { SqliteInstance } from './sqlite-instance.ts'
import { Statement } from './statement.ts'
import { StatementCache } from './statement-cache.ts'
import { ConnectionFunctions } from './user-functions.ts'

const LENGTH_BYTES_MAX = 256 * 1024 * 1024
const SQLITE_LIMIT_LENGTH = 0
const SQLITE_PREPARE_PERSISTENT = 1
/** Steps of SQLite's virtual machine between two looks at the clock; some 20 microseconds. */
const PROGRESS_STEPS = 1000

/** The statement ran longer, or gave more, than it may on the writer; it is to be started again on a reader. */
export class SliceEnded extends Error {}

/** A PRAGMA that SQLite was not allowed to run, because the engine answers it. */
export class PragmaDenied extends Error {
  readonly use: PragmaUse
  constructor(use: PragmaUse) {
    super(`PRAGMA ${use.name} is answered by the engine`)
    this.use = use
  }
}

/** When a running statement has to end. */
export interface RunLimits {
  /** On the monotonic clock; the statement ends with TimeoutError. */
  readonly deadlineMs: number
  /** How long its rows may take, once there is one; looked at between rows, it ends with SliceEnded. */
  readonly rowsMs?: number
  /** Bytes of rows that may wait for the statement's end; beyond them it ends with SliceEnded. */
  readonly heldBytesMax?: number
  /** Asked now and then; true ends the statement with AbortError. */
  readonly cancelled?: () => boolean
}

const NO_LIMITS: RunLimits = { deadlineMs: Number.POSITIVE_INFINITY }

export interface ConnectionOptions {
  readonly name: string
  readonly blockSize: number
  readonly cacheBytes: number
  /** What it reads instead of the database itself. */
  readonly view?: Blocks
}

export class Connection {
  readonly instance: SqliteInstance
  readonly file: MainFile
  readonly counts: ConnectionCounts
  readonly functions: ConnectionFunctions
  readonly #db: number
  readonly #cacheBytes: number
  readonly #cache = new StatementCache()
  readonly #authorizer: Authorizer
  readonly #progress: number
  readonly #settings = new Map<string, string>(Object.entries(SESSION_DEFAULTS))
  readonly #begin: Statement
  readonly #commit: Statement
  readonly #rollback: Statement
  #applied: ReadonlyMap<string, string> | undefined
  #limits = NO_LIMITS
  #interruption: 'deadline' | 'cancel' | undefined

  constructor(instance: SqliteInstance, { name, blockSize, cacheBytes, view }: ConnectionOptions) {
    this.instance = instance
    this.#cacheBytes = cacheBytes
    const { exports, vfs, heap, sqlite3 } = instance
    const { uri, connection } = vfs.newConnection(name, view)
    const flags = code.SQLITE_OPEN_READWRITE | code.SQLITE_OPEN_CREATE | code.SQLITE_OPEN_URI
    const result = instance.parameters.copy(new Uint8Array(4))
    const opened = instance.withText(uri, (pointer) => exports.sqlite3_open_v2(pointer, result, flags, 0))
    this.#db = heap.data().getUint32(result, true)
    instance.parameters.release(result)
    if (opened !== code.SQLITE_OK) throw this.error(undefined)
    this.file = vfs.mainFile(connection)
    this.counts = new ConnectionCounts(exports, this.#db, instance.functions)
    this.functions = new ConnectionFunctions(instance.functions, this.#db)
    this.#authorizer = new Authorizer(sqlite3, heap)
    this.#progress = sqlite3.wasm.installFunction('i(p)', () => this.#onProgress())
    exports.sqlite3_extended_result_codes(this.#db, 1)
    exports.sqlite3_limit(this.#db, SQLITE_LIMIT_LENGTH, LENGTH_BYTES_MAX)
    // A file that was imported may come from anybody.
    sqlite3.capi.sqlite3_db_config(this.#db, sqlite3.capi.SQLITE_DBCONFIG_DEFENSIVE, 1, 0)
    try {
      this.#setUp(blockSize)
      this.#begin = this.#compile('BEGIN IMMEDIATE')
      this.#commit = this.#compile('COMMIT')
      this.#rollback = this.#compile('ROLLBACK')
    } catch (error) {
      // Nobody will close what was never opened.
      this.#release()
      throw error
    }
    exports.sqlite3_set_authorizer(this.#db, this.#authorizer.pointer, 0)
    exports.sqlite3_progress_handler(this.#db, PROGRESS_STEPS, this.#progress, 0)
  }

  #setUp(blockSize: number): void {
    for (const [pragma, value] of Object.entries({
      page_size: blockSize,
      journal_mode: 'PERSIST',
      temp_store: 'FILE',
      synchronous: 'OFF',
      cache_size: this.#defaultCacheSize(),
      trusted_schema: 0,
      ...SESSION_DEFAULTS,
    }))
      this.run(`PRAGMA ${pragma}=${value}`)
  }

  /** True outside a transaction. */
  get autocommit(): boolean {
    return this.instance.exports.sqlite3_get_autocommit(this.#db) !== 0
  }

  /** Rows changed since the connection was opened, triggers included, modulo 2^32. */
  get totalChanges(): number {
    return this.instance.exports.sqlite3_total_changes(this.#db)
  }

  /** Rows that the last statement changed by itself, triggers excluded; 0 if none since `totalChanges` was `before`. */
  changesSince(before: number): number {
    const { exports } = this.instance
    return exports.sqlite3_total_changes(this.#db) === before ? 0 : exports.sqlite3_changes(this.#db) >>> 0
  }

  get lastInsertRowid(): bigint {
    return this.instance.exports.sqlite3_last_insert_rowid(this.#db)
  }

  /**
   * The compiled form of exactly one statement; to be given back with `release`. Throws SqliteError, UsageError
   * `multiple-statements` or `no-statement`, PragmaDenied.
   */
  prepare(sql: string): Statement {
    return this.#cache.take(sql) ?? this.#compile(sql)
  }

  /** Takes a statement back after use. PRAGMAs act while they are compiled, so they are never kept. */
  release(statement: Statement): void {
    statement.clear()
    // The engine's own are compiled before anybody notes what they are.
    if (statement.facts.pragma === undefined && statement.keyword !== 'PRAGMA') this.#cache.put(statement)
    else statement.finalize()
  }

  /** Runs a statement of the engine's own to its end. */
  run(sql: string): void {
    const statement = this.prepare(sql)
    try {
      while (statement.step());
    } finally {
      this.release(statement)
    }
  }

  /** Bytes of rows that what runs now may hold back. */
  get heldBytesMax(): number {
    return this.#limits.heldBytesMax ?? Number.POSITIVE_INFINITY
  }

  /** How long the running statement's rows may take. */
  get rowsMs(): number {
    return this.#limits.rowsMs ?? Number.POSITIVE_INFINITY
  }

  /** Runs `work` under limits on its time. */
  limited<T>(limits: RunLimits, work: () => T): T {
    this.#limits = limits
    this.instance.vfs.failure.take()
    this.#interruption = undefined
    try {
      return work()
    } finally {
      this.#limits = NO_LIMITS
    }
  }

  beginImmediate(): void {
    this.#runOwn(this.#begin)
  }

  /** Ends the transaction; what it changed is published with `origins`. On an error it stays open. */
  commit(origins: () => readonly Origin[]): void {
    this.announced(origins, () => this.#runOwn(this.#commit))
  }

  /** Runs what may publish outside `commit`: VACUUM and the PRAGMAs that refuse a transaction. */
  announced<T>(origins: () => readonly Origin[], work: () => T): T {
    this.file.announceCommit(origins)
    try {
      return work()
    } finally {
      this.file.endCommit()
    }
  }

  /** Ends the transaction if one is open; SQLite has already ended it after some errors. */
  rollback(): void {
    if (!this.autocommit) this.#runOwn(this.#rollback)
  }

  /** Puts a client's settings in force; inside a transaction all but foreign_keys, which SQLite does not change there. */
  applySettings(settings: ReadonlyMap<string, string>): void {
    if (settings === this.#applied) return
    const all = new Map([
      ...Object.entries(SESSION_DEFAULTS),
      ['cache_size', `${this.#defaultCacheSize()}`],
      ...settings,
    ])
    const inside = !this.autocommit
    let complete = true
    for (const [name, value] of all) {
      if (this.#settings.get(name) === value) continue
      if (inside && name === 'foreign_keys') {
        complete = false
        continue
      }
      this.#authorizer.trusted = true
      try {
        this.run(`PRAGMA ${name}=${value}`)
      } finally {
        this.#authorizer.trusted = false
      }
      this.#settings.set(name, normalSetting(name, value))
    }
    this.#applied = complete ? settings : undefined
  }

  /** Runs `work` with every PRAGMA allowed. */
  trusted<T>(work: () => T): T {
    this.#authorizer.trusted = true
    try {
      return work()
    } finally {
      this.#authorizer.trusted = false
    }
  }

  /** Asserts that nothing of an earlier request is left over. */
  assertIdle(): void {
    assert(this.autocommit, 'a connection is in autocommit between requests')
    assert(this.file.lock === code.SQLITE_LOCK_NONE, 'no statement is active between requests')
  }

  /** The error of the call that just failed. */
  error(sql: string | undefined): Error {
    const { exports, heap, sqlite3, vfs } = this.instance
    const errno = exports.sqlite3_extended_errcode(this.#db)
    const cause = vfs.failure.take()
    if (errno === code.SQLITE_INTERRUPT && this.#interruption !== undefined) return this.#interrupted()
    return sqliteError(sqlite3, {
      errno,
      message: heap.text(exports.sqlite3_errmsg(this.#db)) ?? 'unknown error',
      sql,
      offsetBytes: exports.sqlite3_error_offset(this.#db),
      cause,
    })
  }

  close(): void {
    for (const statement of [this.#begin, this.#commit, this.#rollback]) statement.finalize()
    this.#release()
  }

  #release(): void {
    this.#cache.clear()
    const { exports, sqlite3, functions } = this.instance
    const closed = exports.sqlite3_close_v2(this.#db)
    this.counts.forget(functions)
    this.functions.forget()
    sqlite3.wasm.uninstallFunction(this.#progress)
    sqlite3.wasm.uninstallFunction(this.#authorizer.pointer)
    assert(closed === code.SQLITE_OK, 'a connection is closed with nothing left open')
  }

  #defaultCacheSize(): number {
    return -Math.max(64, Math.floor(this.#cacheBytes / 1024))
  }

  #runOwn(statement: Statement): void {
    statement.step()
    statement.reset()
  }

  #compile(sql: string): Statement {
    const { exports, heap, parameters } = this.instance
    refuseNul(sql)
    this.instance.vfs.failure.take()
    const result = parameters.copy(new Uint8Array(8))
    try {
      return this.instance.withText(sql, (pointer, bytes) => {
        const { result: failed, facts } = this.#authorizer.watch(() =>
          exports.sqlite3_prepare_v3(this.#db, pointer, bytes, SQLITE_PREPARE_PERSISTENT, result, result + 4),
        )
        if (failed !== code.SQLITE_OK) throw facts.denied ? new PragmaDenied(facts.pragma!) : this.error(sql)
        const compiled = heap.data().getUint32(result, true)
        const tail = heap.text(heap.data().getUint32(result + 4, true)) ?? ''
        if (compiled !== 0 && (tail === '' || isBlank(tail))) return new Statement(this, compiled, sql, facts)
        if (compiled === 0) throw new UsageError('no-statement', 'The text holds no statement.')
        exports.sqlite3_finalize(compiled)
        throw new UsageError(
          'multiple-statements',
          'The text holds more than one statement. Use `exec()` for a script, or `batch()` for several with parameters.',
        )
      })
    } finally {
      parameters.release(result)
    }
  }

  #onProgress(): number {
    const { deadlineMs, cancelled } = this.#limits
    const now = this.instance.environment.clock.monotonicMs()
    if (now >= deadlineMs) this.#interruption = 'deadline'
    else if (cancelled?.()) this.#interruption = 'cancel'
    else return 0
    return 1
  }

  #interrupted(): Error {
    return this.#interruption === 'deadline' ? runTimeout() : new AbortError('The call was given up by its caller.')
  }
}

/** SQLite takes NUL for the end of the text. Throws UsageError `invalid-argument`. */
export function refuseNul(sql: string): void {
  const at = sql.indexOf('\0')
  if (at < 0) return
  throw new UsageError(
    'invalid-argument',
    `The SQL holds the character NUL at offset ${at}, where SQLite would take it to end. Give such text as a parameter, or write char(0).`,
  )
}

/** The error of a statement whose time was over while it ran. */
export function runTimeout(): DataSyncError {
  return new TimeoutError('The statement ran longer than `timeoutMs` and was ended; it was not applied.')
}

/** True if SQLite refused because of the statement or its data, so that the engine itself is sound. */
export function isStatementError(error: unknown): boolean {
  return error instanceof SqliteError
}
