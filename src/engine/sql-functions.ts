// SQL functions that are written in JavaScript: how SQLite calls them, how values cross over, what an error of theirs
// becomes. It stands apart from where they come from (`client-counts.ts`, `user-functions.ts`).
//
// Invariants: nothing is thrown into the wasm module, whatever a function does; the state of an aggregate lives from its
// first step to `final`, which SQLite calls also when a statement is cut short.
import type { WasmHeap } from '../vfs/wasm-heap.ts'
import { FunctionValues, type SqlValue } from './sql-values.ts'
import type { SqliteExports } from './sqlite-exports.ts'

/** A function of one value per call. */
export interface ScalarFunction {
  readonly kind: 'scalar'
  call(values: readonly SqlValue[]): unknown
}

/** A function over rows. `step` and `inverse` give the next state. */
export interface AggregateFunction {
  readonly kind: 'aggregate'
  start(): unknown
  step(state: unknown, values: readonly SqlValue[]): unknown
  final(state: unknown): unknown
  /** Both are there if it may be used as a window function. */
  readonly window:
    | { value(state: unknown): unknown; inverse(state: unknown, values: readonly SqlValue[]): unknown }
    | undefined
}

export type SqlFunction = ScalarFunction | AggregateFunction

export interface FunctionName {
  readonly name: string
  /** Number of arguments, -1 for any. */
  readonly arity: number
  /** Beside the text encoding: SQLITE_DETERMINISTIC, SQLITE_DIRECTONLY, SQLITE_INNOCUOUS. */
  readonly flags: number
}

export const SQLITE_DETERMINISTIC = 0x800
export const SQLITE_DIRECTONLY = 0x80000
/** May be used in the schema (views, triggers, defaults) although that is not trusted. */
export const SQLITE_INNOCUOUS = 0x200000
const SQLITE_UTF8 = 1

/** Installs a JavaScript function in the module's table; returns its pointer. */
export type InstallFunction = (signature: string, call: (...pointers: number[]) => void) => number

/** Hands a text over in the wasm heap for the time of a call. */
export type WithText = <T>(text: string, use: (pointer: number) => T) => T

interface Callbacks {
  readonly call: number
  readonly step: number
  readonly final: number
  readonly value: number
  readonly inverse: number
}

export class SqlFunctions {
  readonly #exports: SqliteExports
  readonly #install: InstallFunction
  readonly #heap: WasmHeap
  readonly #withText: WithText
  readonly #values: FunctionValues
  readonly #functions = new Map<number, SqlFunction>()
  readonly #states = new Map<number, unknown>()
  #lastId = 0
  #callbacks: Callbacks | undefined

  constructor(exports: SqliteExports, heap: WasmHeap, install: InstallFunction, withText: WithText) {
    this.#exports = exports
    this.#heap = heap
    this.#install = install
    this.#withText = withText
    this.#values = new FunctionValues(exports, heap)
  }

  /** Registers on one connection; answers SQLite's result code and the number to `forget`. */
  create(
    db: number,
    { name, arity, flags }: FunctionName,
    body: SqlFunction,
  ): { readonly result: number; readonly id: number } {
    const { call, step, final, value, inverse } = (this.#callbacks ??= this.#installAll())
    const { sqlite3_create_function_v2, sqlite3_create_window_function } = this.#exports
    const id = ++this.#lastId
    const encoding = SQLITE_UTF8 | flags
    const result = this.#withText(name, (text) => {
      if (body.kind === 'scalar') return sqlite3_create_function_v2(db, text, arity, encoding, id, call, 0, 0, 0)
      if (!body.window) return sqlite3_create_function_v2(db, text, arity, encoding, id, 0, step, final, 0)
      return sqlite3_create_window_function(db, text, arity, encoding, id, step, final, value, inverse, 0)
    })
    if (result === 0) this.#functions.set(id, body)
    return { result, id }
  }

  /** Takes a function off one connection; answers SQLite's result code. */
  remove(db: number, { name, arity }: FunctionName): number {
    return this.#withText(name, (text) =>
      this.#exports.sqlite3_create_function_v2(db, text, arity, SQLITE_UTF8, 0, 0, 0, 0, 0),
    )
  }

  /** To be called once SQLite cannot call the function any more. */
  forget(id: number): void {
    this.#functions.delete(id)
  }

  #installAll(): Callbacks {
    const install = this.#install
    return {
      call: install('v(pip)', (context, count, values) =>
        this.#answer(context!, (body) =>
          body.kind === 'scalar' ? body.call(this.#values.read(count!, values!)) : undefined,
        ),
      ),
      step: install('v(pip)', (context, count, values) =>
        this.#change(context!, (body, state) => body.step(state, this.#values.read(count!, values!))),
      ),
      inverse: install('v(pip)', (context, count, values) =>
        this.#change(context!, (body, state) => body.window?.inverse(state, this.#values.read(count!, values!))),
      ),
      value: install('v(p)', (context) =>
        this.#answer(context!, (body) =>
          body.kind === 'aggregate' ? body.window?.value(this.#state(context!, body).state) : undefined,
        ),
      ),
      final: install('v(p)', (context) =>
        this.#answer(context!, (body) => {
          if (body.kind !== 'aggregate') return undefined
          const { state, id } = this.#state(context!, body)
          this.#states.delete(id)
          return body.final(state)
        }),
      ),
    }
  }

  #body(context: number): SqlFunction {
    return this.#functions.get(this.#exports.sqlite3_user_data(context))!
  }

  #answer(context: number, work: (body: SqlFunction) => unknown): void {
    try {
      this.#values.write(context, work(this.#body(context)))
    } catch (error) {
      this.#values.fail(context, error)
    }
  }

  #change(context: number, work: (body: AggregateFunction, state: unknown) => unknown): void {
    try {
      const body = this.#body(context)
      if (body.kind !== 'aggregate') return
      const { state, id } = this.#state(context, body)
      const next = work(body, state)
      this.#states.set(id, next)
    } catch (error) {
      this.#values.fail(context, error)
    }
  }

  /** The state of the aggregate that is being computed; its number lies in the memory that SQLite keeps for it. */
  #state(context: number, body: AggregateFunction): { readonly state: unknown; readonly id: number } {
    const place = this.#exports.sqlite3_aggregate_context(context, 4)
    if (place === 0) throw new Error('out of memory')
    const known = this.#heap.data().getUint32(place, true)
    if (known !== 0) return { state: this.#states.get(known), id: known }
    const id = ++this.#lastId
    this.#heap.data().setUint32(place, id, true)
    const state = body.start()
    this.#states.set(id, state)
    return { state, id }
  }
}
