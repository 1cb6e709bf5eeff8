// Plain SQLite in memory, as the official package offers it: the control. A file that fails here is wrong itself.
import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm'
import { loadSqlite } from '../../src/engine/sqlite-module.ts'
import { sqliteWasm } from '../support/sqlite.ts'
import type { ConformanceValue } from './render.ts'
import type { ConformanceSession } from './session.ts'

type OpenDatabase = InstanceType<Sqlite3Static['oo1']['DB']>

export class ControlSession implements ConformanceSession {
  readonly #sqlite3: Sqlite3Static
  readonly #db: OpenDatabase

  private constructor(sqlite3: Sqlite3Static) {
    this.#sqlite3 = sqlite3
    this.#db = new sqlite3.oo1.DB(':memory:')
  }

  /** Foreign keys are on, as they are by default in this project. */
  static async open(): Promise<ControlSession> {
    const session = new ControlSession(await loadSqlite(await sqliteWasm(), {}))
    await session.exec('PRAGMA foreign_keys = ON')
    return session
  }

  async exec(sql: string): Promise<void> {
    this.#script(sql)
  }

  async run(sql: string): Promise<number> {
    this.#script(sql)
    return Number(this.#db.changes())
  }

  async query(sql: string): Promise<ConformanceValue[][]> {
    return this.#attempt(() => {
      const statement = this.#db.prepare(sql)
      try {
        const rows: ConformanceValue[][] = []
        while (statement.step())
          rows.push(Array.from({ length: statement.columnCount }, (_, column) => this.#value(statement, column)))
        return rows
      } finally {
        statement.finalize()
      }
    })
  }

  close(): void {
    this.#db.close()
  }

  /** Not the wrapper's exec, which takes one step of a statement whose rows nobody wants. */
  #script(sql: string): void {
    const { capi } = this.#sqlite3
    const failed = capi.sqlite3_exec(this.#db, sql, 0, 0, 0)
    if (failed !== capi.SQLITE_OK)
      throw sqliteError(capi, capi.sqlite3_extended_errcode(this.#db), capi.sqlite3_errmsg(this.#db))
  }

  /** Text comes as bytes, since as a string it would end at its first NUL. */
  #value(statement: ReturnType<OpenDatabase['prepare']>, column: number): ConformanceValue {
    const { capi } = this.#sqlite3
    const bytes = () => new Uint8Array(statement.getBlob(column) ?? [])
    switch (capi.sqlite3_column_type(statement, column)) {
      case capi.SQLITE_NULL:
        return null
      case capi.SQLITE_INTEGER:
        return BigInt(String(statement.get(column)))
      case capi.SQLITE_FLOAT:
        return statement.getFloat(column) ?? 0
      case capi.SQLITE_TEXT:
        return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes())
      default:
        return bytes()
    }
  }

  #attempt<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof this.#sqlite3.SQLite3Error)) throw error
      const message = error.message.replace(/^SQLITE_\w+: sqlite3 result code \d+: /, '')
      throw sqliteError(this.#sqlite3.capi, error.resultCode, message)
    }
  }
}

function sqliteError(capi: Sqlite3Static['capi'], errno: number, message: string): Error {
  return Object.assign(new Error(message), { code: capi.sqlite3_js_rc_str(errno) })
}
