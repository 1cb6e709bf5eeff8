// What the database should hold: the same statements on a plain `:memory:` SQLite, with the state after every commit as
// a digest per table and as an image to return to. It shares the wasm file with the engine under test and nothing else:
// no VFS, no scheduler, no store.
import { createHash } from 'node:crypto'
import type { Database, Sqlite3Static } from '@sqlite.org/sqlite-wasm'
import { codeName } from '../../src/engine/sqlite-errors.ts'
import type { BindValue } from '../../src/protocol/value-writer.ts'

export type Row = unknown[]

/** How one statement ended. */
export interface Effect {
  readonly changes: number
  readonly rows: readonly string[]
}

/** The content of one commit. */
export interface Digest {
  /** Every table, view and index, and every row, in order. */
  readonly all: string
  /** By name: the rows of each table alone. */
  readonly tables: ReadonlyMap<string, string>
}

const WORDS = ['red', 'green', 'blue']
/** Whose bytes depend on how rows were grouped, not on which there are. FTS5 checks them itself in `integrity_check`. */
const FTS_INNER = /^f_(data|idx|config|docsize)$/

/** One row as text that tells types apart. */
export function rowText(row: readonly unknown[]): string {
  let text = ''
  for (const value of row) {
    if (value === null || value === undefined) text += 'null,'
    else if (typeof value === 'number' || typeof value === 'bigint') text += `${value},`
    else if (typeof value === 'string') text += `${JSON.stringify(value)},`
    else if (value instanceof Uint8Array) text += `x${Buffer.from(value).toString('base64')},`
    else throw new Error(`a value of type ${typeof value}`)
  }
  return text
}

export const hashOf = (rows: readonly string[]): string => createHash('md5').update(rows.join('\n')).digest('base64')

/** All rows of a query as text. */
export function rowsOf(db: Database, sql: string, parameters: readonly BindValue[] = []): string[] {
  const rows: string[] = []
  const statement = db.prepare(sql)
  try {
    parameters.forEach((value, i) => {
      statement.bind(i + 1, value as never)
    })
    const width = statement.columnCount
    while (statement.step()) {
      const row: unknown[] = []
      for (let i = 0; i < width; i++) row.push(statement.get(i))
      rows.push(rowText(row))
    }
  } finally {
    statement.finalize()
  }
  return rows
}

export function digestOf(db: Database): Digest {
  const tables = new Map<string, string>()
  const schema = rowsOf(db, 'SELECT type,name,tbl_name,sql FROM sqlite_schema ORDER BY type,name')
  const names = db.selectValues("SELECT name FROM sqlite_schema WHERE type='table' ORDER BY name")
  for (const name of names) {
    if (typeof name !== 'string' || FTS_INNER.test(name)) continue
    tables.set(name, hashOf(rowsOf(db, `SELECT * FROM "${name}"`)))
  }
  const matches = tables.has('f')
    ? WORDS.map((word) => hashOf(rowsOf(db, `SELECT rowid FROM f('${word}') ORDER BY rowid`)))
    : []
  const version = rowsOf(db, 'PRAGMA user_version')
  return { all: hashOf([...schema, ...[...tables].flat(), ...matches, ...version]), tables }
}

/** A statement that fails on plain SQLite. The message is its code. */
export class OracleError extends Error {
  override readonly name = 'OracleError'
}

export class Oracle {
  readonly #sqlite3: Sqlite3Static
  #db: Database
  #foreignKeys = true
  /** How the last step of a transaction ended: `ok` or its code. */
  lastCode = 'ok'

  constructor(sqlite3: Sqlite3Static) {
    this.#sqlite3 = sqlite3
    this.#db = this.#open()
  }

  /** Runs one statement to its end. Throws OracleError. */
  run(sql: string, parameters: readonly BindValue[] = [], wantsRows = false): Effect {
    const { capi } = this.#sqlite3
    const before = capi.sqlite3_total_changes(this.#db)
    let rows: string[]
    try {
      rows = rowsOf(this.#db, sql, parameters)
    } catch (error) {
      throw new OracleError(codeName(this.#sqlite3, capi.sqlite3_extended_errcode(this.#db)), { cause: error })
    }
    const changed = capi.sqlite3_total_changes(this.#db) !== before
    return { changes: changed ? capi.sqlite3_changes(this.#db) : 0, rows: wantsRows ? rows : [] }
  }

  /** What foreign keys are for the client whose work is repeated next; outside a transaction. */
  set foreignKeys(on: boolean) {
    if (on === this.#foreignKeys) return
    this.#foreignKeys = on
    this.#db.exec(`PRAGMA foreign_keys=${on ? 1 : 0}`)
  }

  get autocommit(): boolean {
    return this.#sqlite3.capi.sqlite3_get_autocommit(this.#db) !== 0
  }

  digest(): Digest {
    return digestOf(this.#db)
  }

  image(): Uint8Array {
    return this.#sqlite3.capi.sqlite3_js_db_export(this.#db)
  }

  /** Names of columns by table. */
  columns(): Map<string, string[]> {
    const sql =
      "SELECT s.name, c.name FROM sqlite_schema s, pragma_table_info(s.name) c WHERE s.type='table' AND s.name NOT LIKE 'f\\_%' ESCAPE '\\' AND s.name NOT LIKE 'sqlite%'"
    const columns = new Map<string, string[]>()
    for (const [table, column] of this.#db.selectArrays(sql)) {
      const list = columns.get(String(table))
      if (list) list.push(String(column))
      else columns.set(String(table), [String(column)])
    }
    return columns
  }

  /** Goes back to an image; an empty one is an empty database. */
  restore(image: Uint8Array): void {
    this.#db.close()
    this.#db = this.#open()
    if (image.length === 0) return
    const { capi, wasm } = this.#sqlite3
    const pointer = wasm.allocFromTypedArray(image)
    const flags = capi.SQLITE_DESERIALIZE_FREEONCLOSE | capi.SQLITE_DESERIALIZE_RESIZEABLE
    const code = capi.sqlite3_deserialize(this.#db.pointer!, 'main', pointer, image.length, image.length, flags)
    if (code !== 0) throw new Error(`the oracle cannot go back: ${code}`)
  }

  close(): void {
    this.#db.close()
  }

  #open(): Database {
    const db = new this.#sqlite3.oo1.DB(':memory:')
    this.#foreignKeys = true
    db.exec('PRAGMA foreign_keys=1; PRAGMA trusted_schema=0')
    return db
  }
}
