// The second of the two older APIs: a class with typed values and transactions of begin, commit and rollback.
//
// Calls take effect in the order in which they are made, awaited or not: what is called behind begin_transaction belongs
// to the transaction, what is called behind its end waits for that.

import { type Database, type Parameters, type Transaction, UsageError } from '../index.ts'
import { columnValue } from './column-value.ts'
import { HeldTransaction } from './held-transaction.ts'
import { givenModule } from './init.ts'
import { IsolationLevel, transactionMode } from './isolation-level.ts'
import { LazyDatabase } from './lazy-database.ts'
import { prepareNewDatabase, sizesOf } from './new-database.ts'
import type {
  DatabaseConfig,
  PreparedStatementId,
  QueryResult,
  SQLiteDBOptions,
  TransactionOptions,
} from './published-types.ts'
import { runStatement } from './run-statement.ts'

const DEFAULT_CONFIG: DatabaseConfig = { name: 'default.db' }
const TRANSACTION_MS = 10_000
/** What browsers round down to nothing took some time all the same. */
const SHORTEST_MS = 0.001

export class SQLiteDB {
  readonly #database: LazyDatabase
  readonly #statements = new Map<PreparedStatementId, string>()
  #lastStatement = 0
  #transaction: HeldTransaction | undefined
  /** Where calls go while no transaction is open. */
  #base: Promise<Database> | undefined
  /** Statements that have not been answered: a transaction would begin before them. */
  readonly #running = new Set<Promise<unknown>>()
  /** The end of the last transaction, however it went. */
  #lastEnd: Promise<unknown> = Promise.resolve()

  /** Begins to open the database; calls wait until it is. What fails is told to them. */
  constructor(config: DatabaseConfig = DEFAULT_CONFIG, { open, ...options }: SQLiteDBOptions = {}) {
    this.#database = new LazyDatabase({
      name: config.name,
      open,
      options: { ...givenModule(), ...sizesOf(config), ...options },
      prepare: (database) => prepareNewDatabase(database, config),
    })
  }

  /**
   * Runs one statement. Throws what `query` of `datasync` throws, and UsageError `integer-range` for an integer that does
   * not fit a number.
   */
  execute(sql: string): Promise<QueryResult> {
    return this.#execute(sql)
  }

  /**
   * Begins to compile one statement, and names it. An error in it is thrown by `execute_prepared`.
   * Throws UsageError `invalid-argument` for what is no text.
   */
  prepare(sql: string): PreparedStatementId {
    if (typeof sql !== 'string') throw new UsageError('invalid-argument', 'prepare() takes the text of a statement.')
    const compiled = this.#target().then((target) => target.prepare(sql))
    compiled.catch(() => {}) // told by execute_prepared
    this.#statements.set(++this.#lastStatement, sql)
    return this.#lastStatement
  }

  /** Runs a prepared statement, with parameters. Throws like `execute`; UsageError `invalid-argument` for an unknown name. */
  async execute_prepared(id: PreparedStatementId, params?: Parameters): Promise<QueryResult> {
    const sql = this.#statements.get(id)
    if (sql === undefined) throw new UsageError('invalid-argument', `There is no prepared statement ${id}.`)
    return this.#execute(sql, params)
  }

  /** Forgets a prepared statement. */
  finalize(id: PreparedStatementId): void {
    this.#statements.delete(id)
  }

  /**
   * Begins a transaction, to which every later call belongs until `commit` or `rollback`. Not ended in its time it is
   * rolled back, and every call but `rollback` rejects. Throws TimeoutError if it cannot begin in that time, UsageError
   * `transaction-overlap` if one is open.
   */
  async begin_transaction(
    { isolation_level, timeout_ms = TRANSACTION_MS }: TransactionOptions = {
      isolation_level: IsolationLevel.Serializable,
    },
  ): Promise<void> {
    const mode = transactionMode(isolation_level)
    if (this.#transaction)
      throw new UsageError('transaction-overlap', 'A transaction is open. Commit it or roll it back before the next.')
    const outside = this.#outside()
    const database = Promise.allSettled(this.#running).then(() => outside)
    const transaction = new HeldTransaction(database, { mode, timeoutMs: timeout_ms })
    this.#transaction = transaction
    try {
      await transaction.target
    } catch (error) {
      if (this.#transaction === transaction) this.#transaction = undefined
      throw error
    }
  }

  /** Commits the open transaction. Throws SqliteError if there is none, or what kept it from being committed. */
  async commit(): Promise<void> {
    await this.#end('commit')
  }

  /** Rolls the open transaction back. Throws SqliteError if there is none. */
  async rollback(): Promise<void> {
    await this.#end('rollback')
  }

  /** Rolls an open transaction back, finishes what was asked for, and closes. Later calls reject with ClosedError. */
  async close(): Promise<void> {
    const transaction = this.#transaction
    this.#transaction = undefined
    this.#base = undefined
    await transaction?.rollback().catch(() => {}) // it ends with the connection all the same
    await this.#lastEnd
    await this.#database.close()
  }

  /** `close` without waiting for it. */
  free(): void {
    this.close().catch(() => {}) // there is nobody to tell, and nothing acknowledged is lost
  }

  /** Where a call that is made now goes. Calls wait for one and the same promise, which keeps their order. */
  #target(): Promise<Database | Transaction> {
    return this.#transaction?.target ?? this.#outside()
  }

  #outside(): Promise<Database> {
    if (this.#base) return this.#base
    const base = this.#lastEnd.then(() => this.#database.get())
    this.#base = base
    base.catch(() => {
      if (this.#base === base) this.#base = undefined
    })
    return base
  }

  async #end(how: 'commit' | 'rollback'): Promise<void> {
    const transaction = this.#transaction
    if (!transaction) {
      // One that was begun by SQL text, or SQLite's own words that there is none.
      await this.execute(how)
      return
    }
    this.#transaction = undefined
    this.#base = undefined
    const ended = transaction.target.then(() => transaction[how]())
    this.#lastEnd = ended.catch(() => {}) // told below
    await ended
  }

  #execute(sql: string, params?: Parameters): Promise<QueryResult> {
    const result = this.#run(this.#target(), sql, params)
    this.#running.add(result)
    const forget = () => this.#running.delete(result)
    result.then(forget, forget)
    return result
  }

  async #run(target: Promise<Database | Transaction>, sql: string, params?: Parameters): Promise<QueryResult> {
    const startedMs = performance.now()
    const outcome = await runStatement(await target, sql, { params, integers: 'bigint' })
    const lastInsertId = Number(outcome.lastInsertRowid)
    return {
      columns: [...outcome.columns],
      rows: outcome.rows.map((row) => ({ values: row.map(columnValue) })),
      affected_rows: outcome.changes,
      ...(Number.isSafeInteger(lastInsertId) && { last_insert_id: lastInsertId }),
      execution_time_ms: Math.max(SHORTEST_MS, performance.now() - startedMs),
    }
  }
}
