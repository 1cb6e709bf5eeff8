// What a statement does, noted while SQLite compiles it. The authorizer is asked rather than the text, because it sees
// through views, triggers, comments and EXPLAIN; and `sqlite3_stmt_readonly` also says yes to BEGIN, ATTACH and PRAGMA.
// PRAGMAs take effect while they are compiled, so those that must not run are denied here.
import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm'
import { SQLITE_OK } from '../vfs/result-codes.ts'
import type { WasmHeap } from '../vfs/wasm-heap.ts'
import { type PragmaRule, pragmaRule } from './pragmas.ts'

const DENY = 1
const ACTION = {
  CREATE_TEMP_FIRST: 3,
  CREATE_TEMP_LAST: 6,
  DELETE: 9,
  DROP_TEMP_FIRST: 12,
  DROP_TEMP_LAST: 15,
  INSERT: 18,
  PRAGMA: 19,
  READ: 20,
  SELECT: 21,
  TRANSACTION: 22,
  UPDATE: 23,
  ATTACH: 24,
  DETACH: 25,
  SAVEPOINT: 32,
} as const

/** Names of the table of all temporary objects, which SQLite alone may write. */
const TEMP_SCHEMA: ReadonlySet<string> = new Set(['sqlite_temp_schema', 'sqlite_temp_master'])

export interface PragmaUse {
  readonly name: string
  readonly value: string | undefined
  readonly schema: string | undefined
  readonly rule: PragmaRule
}

/** What one statement does beyond reading and writing the database itself. */
export interface StatementFacts {
  /** BEGIN, COMMIT or ROLLBACK. */
  transaction: boolean
  savepoint: boolean
  attach: boolean
  /** ATTACH of anything but `:memory:`. */
  attachesFile: boolean
  detach: boolean
  temp: boolean
  pragma: PragmaUse | undefined
  /** The PRAGMA was denied: it needs an answer of the engine. */
  denied: boolean
}

export class Authorizer {
  readonly #heap: WasmHeap
  #facts: StatementFacts | undefined
  /** Set while the engine itself changes a session setting. */
  trusted = false
  readonly pointer: number

  constructor(sqlite3: Sqlite3Static, heap: WasmHeap) {
    this.#heap = heap
    this.pointer = sqlite3.wasm.installFunction(
      'i(pipppp)',
      (_: number, action: number, first: number, second: number, database: number) =>
        this.#ask(action, first, second, database),
    )
  }

  /** Notes what is compiled during `compile`. Statements that SQLite compiles while another runs are not asked about. */
  watch<T>(compile: () => T): { readonly result: T; readonly facts: StatementFacts } {
    const facts: StatementFacts = {
      transaction: false,
      savepoint: false,
      attach: false,
      attachesFile: false,
      detach: false,
      temp: false,
      pragma: undefined,
      denied: false,
    }
    this.#facts = facts
    try {
      return { result: compile(), facts }
    } finally {
      this.#facts = undefined
    }
  }

  #ask(action: number, first: number, second: number, database: number): number {
    const facts = this.#facts
    if (facts === undefined || action === ACTION.READ || action === ACTION.SELECT) return SQLITE_OK
    switch (action) {
      case ACTION.PRAGMA:
        return this.#askPragma(facts, first, second, database)
      case ACTION.TRANSACTION:
        facts.transaction = true
        break
      case ACTION.SAVEPOINT:
        facts.savepoint = true
        break
      case ACTION.ATTACH:
        facts.attach = true
        if (this.#heap.text(first) !== ':memory:') facts.attachesFile = true
        break
      case ACTION.DETACH:
        facts.detach = true
        break
      case ACTION.INSERT:
      case ACTION.UPDATE:
      case ACTION.DELETE:
        // ALTER TABLE looks for what to rename in the schema of temporary objects too, also when there are none.
        if (this.#heap.text(database) === 'temp' && !TEMP_SCHEMA.has(this.#heap.text(first) ?? '')) facts.temp = true
        break
      default:
        if (action >= ACTION.CREATE_TEMP_FIRST && action <= ACTION.CREATE_TEMP_LAST) facts.temp = true
        if (action >= ACTION.DROP_TEMP_FIRST && action <= ACTION.DROP_TEMP_LAST) facts.temp = true
    }
    return SQLITE_OK
  }

  #askPragma(facts: StatementFacts, first: number, second: number, database: number): number {
    const name = (this.#heap.text(first) ?? '').toLowerCase()
    const rule = pragmaRule(name)
    const use = { name, value: this.#heap.text(second), schema: this.#heap.text(database), rule }
    facts.pragma = use
    if (this.trusted || rule === 'free') return SQLITE_OK
    if (rule !== 'refused' && use.value === undefined) return SQLITE_OK
    facts.denied = true
    return DENY
  }
}
