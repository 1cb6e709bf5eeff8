// An open database of the public API as the session of a conformance file, in Node and in a browser's page.
import type { Database, SqlValue } from '../../src/index.ts'
import type { ConformanceSession } from './session.ts'

export class DatabaseSession implements ConformanceSession {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  exec(sql: string): Promise<void> {
    return this.#db.exec(sql)
  }

  async run(sql: string): Promise<number> {
    return (await this.#db.run(sql)).changes
  }

  query(sql: string): Promise<SqlValue[][]> {
    return this.#db.query<SqlValue[]>(sql, undefined, { rowMode: 'array', integers: 'bigint' })
  }
}
