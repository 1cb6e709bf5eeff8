// One compiled statement of one connection: stepping, columns, parameters' names. It is cached by its text and reused, so
// between two uses it is reset and has no bindings.
import { assert } from '../store/assert.ts'
import { SQLITE_DONE, SQLITE_ROW } from '../vfs/result-codes.ts'
import type { StatementFacts } from './authorizer.ts'
import type { Connection } from './connection.ts'
import { firstKeyword } from './script-splitter.ts'

const STMTSTATUS_REPREPARE = 5
/** How the statements begin of which SQLite counts the rows that they change. */
const CHANGES_ROWS = new Set(['INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'WITH'])

export class Statement {
  readonly connection: Connection
  readonly pointer: number
  readonly sql: string
  readonly facts: StatementFacts
  /** False if running it may change the database. EXPLAIN only reads. */
  readonly readonly: boolean
  readonly parameterCount: number
  /** The first word of the text in upper case. */
  readonly keyword: string
  /** True for INSERT, UPDATE and DELETE: `changes()` tells of it. */
  readonly changesRows: boolean
  /** Text or blobs are bound by pointer. */
  boundByPointer = false
  #parameterNames: readonly (string | undefined)[] | undefined
  #columns: readonly string[] | undefined
  #compilations = 0

  constructor(connection: Connection, pointer: number, sql: string, facts: StatementFacts) {
    const { exports } = connection.instance
    this.connection = connection
    this.pointer = pointer
    this.sql = sql
    this.facts = facts
    this.keyword = firstKeyword(sql)
    this.readonly = exports.sqlite3_stmt_readonly(pointer) !== 0 || exports.sqlite3_stmt_isexplain(pointer) !== 0
    this.changesRows = !this.readonly && CHANGES_ROWS.has(this.keyword)
    this.parameterCount = exports.sqlite3_bind_parameter_count(pointer)
  }

  /** The parameters' names with their prefix, by position; undefined for a bare `?`. */
  get parameterNames(): readonly (string | undefined)[] {
    if (this.#parameterNames) return this.#parameterNames
    const { exports, heap } = this.connection.instance
    const names: (string | undefined)[] = []
    for (let index = 1; index <= this.parameterCount; index++)
      names.push(heap.text(exports.sqlite3_bind_parameter_name(this.pointer, index)))
    this.#parameterNames = names
    return names
  }

  /** The columns' names; right once the first step is done, since SQLite may compile anew there. */
  get columns(): readonly string[] {
    const { exports, heap } = this.connection.instance
    const compilations = exports.sqlite3_stmt_status(this.pointer, STMTSTATUS_REPREPARE, 0)
    if (this.#columns && compilations === this.#compilations) return this.#columns
    const names: string[] = []
    const count = exports.sqlite3_column_count(this.pointer)
    for (let column = 0; column < count; column++)
      names.push(heap.text(exports.sqlite3_column_name(this.pointer, column)) ?? '')
    this.#columns = names
    this.#compilations = compilations
    return names
  }

  get columnCount(): number {
    return this.connection.instance.exports.sqlite3_column_count(this.pointer)
  }

  /** True for a row, false at the end. Throws what SQLite or the store had to say; the statement is then reset. */
  step(): boolean {
    const code = this.connection.instance.exports.sqlite3_step(this.pointer)
    if (code === SQLITE_ROW) return true
    if (code === SQLITE_DONE) return false
    const error = this.connection.error(this.sql)
    this.reset()
    throw error
  }

  /** Ends the execution; bindings stay. */
  reset(): void {
    this.connection.instance.exports.sqlite3_reset(this.pointer)
  }

  /** Ends the execution and forgets the bindings, so that what they point at may be freed. */
  clear(): void {
    const { exports } = this.connection.instance
    exports.sqlite3_reset(this.pointer)
    exports.sqlite3_clear_bindings(this.pointer)
    this.boundByPointer = false
    assert(exports.sqlite3_stmt_busy(this.pointer) === 0, 'a statement that was reset is not active')
  }

  finalize(): void {
    this.connection.instance.exports.sqlite3_finalize(this.pointer)
  }
}
