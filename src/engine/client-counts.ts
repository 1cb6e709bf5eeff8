// What SQL's own `changes()`, `total_changes()` and `last_insert_rowid()` answer. SQLite keeps these per connection, and its
// connections are shared by all clients, so the three functions are replaced by ones that look at the client whose request
// runs. It stands apart because the numbers outlive a connection, and even an engine: each client keeps its own.
//
// While a statement runs (and its triggers, where `changes()` has a meaning of its own) SQLite's numbers are ahead of the
// client's; `note` takes them over when it has ended.
import type { ClientCounts } from '../protocol/messages.ts'
import { SQLITE_INNOCUOUS, type SqlFunctions } from './sql-functions.ts'
import type { SqliteExports } from './sqlite-exports.ts'

/** One client's numbers, as the engine keeps them. */
export type CountsOfClient = { -readonly [K in keyof ClientCounts]: ClientCounts[K] }

export const NO_COUNTS: ClientCounts = { changes: 0, totalChanges: 0, lastInsertRowid: 0n }

export class ConnectionCounts {
  readonly #exports: SqliteExports
  readonly #db: number
  readonly #ids: readonly number[]
  #client: CountsOfClient = { ...NO_COUNTS }
  #changes = 0
  #totalChanges = 0
  #rowid = 0n

  constructor(exports: SqliteExports, db: number, functions: SqlFunctions) {
    this.#exports = exports
    this.#db = db
    const create = (name: string, call: () => unknown) =>
      functions.create(db, { name, arity: 0, flags: SQLITE_INNOCUOUS }, { kind: 'scalar', call }).id
    this.#ids = [
      create('changes', () => (this.#moved ? this.#exports.sqlite3_changes(db) >>> 0 : this.#client.changes)),
      create('total_changes', () => this.#client.totalChanges + this.#newChanges),
      create('last_insert_rowid', () => {
        const rowid = this.#exports.sqlite3_last_insert_rowid(db)
        return rowid === this.#rowid ? this.#client.lastInsertRowid : rowid
      }),
    ]
  }

  /** What runs on the connection from now on is counted in this object. */
  use(client: CountsOfClient): void {
    this.#client = client
    this.#changes = this.#exports.sqlite3_changes(this.#db)
    this.#totalChanges = this.#exports.sqlite3_total_changes(this.#db)
    const { lastInsertRowid } = client
    if (lastInsertRowid === this.#rowid) return
    this.#exports.sqlite3_set_last_insert_rowid(this.#db, lastInsertRowid)
    this.#rowid = lastInsertRowid
  }

  /** A statement has ended; `changesRows` tells whether it was one that SQLite counts. */
  note(changesRows: boolean): void {
    const client = this.#client
    client.totalChanges += this.#newChanges
    this.#totalChanges = this.#exports.sqlite3_total_changes(this.#db)
    this.#changes = this.#exports.sqlite3_changes(this.#db)
    if (changesRows) client.changes = this.#changes >>> 0
    const rowid = this.#exports.sqlite3_last_insert_rowid(this.#db)
    if (rowid !== this.#rowid) client.lastInsertRowid = this.#rowid = rowid
  }

  forget(functions: SqlFunctions): void {
    for (const id of this.#ids) functions.forget(id)
  }

  /** Rows changed since the last statement ended, as SQLite counts them: modulo 2^32. */
  get #newChanges(): number {
    return (this.#exports.sqlite3_total_changes(this.#db) - this.#totalChanges) >>> 0
  }

  get #moved(): boolean {
    return this.#newChanges > 0 || this.#exports.sqlite3_changes(this.#db) !== this.#changes
  }
}
