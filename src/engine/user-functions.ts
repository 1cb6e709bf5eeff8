// Functions of an application for use in SQL: from the module that holds them to a checked form, and onto a connection. It
// stands apart from how SQLite calls functions (`sql-functions.ts`). Each client has functions of its own; clients that
// name the same export of the same module share one form, so that a connection which serves both changes nothing.
import { AssetLoadError, SqliteError, UsageError } from '../errors/errors.ts'
import type { FunctionDefinition } from '../protocol/messages.ts'
import { importModule } from './import-module.ts'
import {
  type AggregateFunction,
  type FunctionName,
  SQLITE_DETERMINISTIC,
  SQLITE_DIRECTONLY,
  SQLITE_INNOCUOUS,
  type SqlFunction,
  type SqlFunctions,
} from './sql-functions.ts'

/** A function that was loaded and can be registered. */
export interface UserFunction extends FunctionName {
  readonly body: SqlFunction
}

/** A client's functions by their names in lower case; replaced as a whole, so that a connection knows what it has. */
export type UserFunctionSet = ReadonlyMap<string, UserFunction>

export const NO_FUNCTIONS: UserFunctionSet = new Map()

/** The functions that have been loaded, by definition. */
export class UserFunctions {
  readonly #loaded = new Map<string, Promise<UserFunction>>()

  /**
   * Imports the module and looks at the export. Throws AssetLoadError, UsageError `function-export`.
   */
  load(definition: FunctionDefinition): Promise<UserFunction> {
    const { name, module, export: exported, deterministic, directOnly } = definition
    const key = JSON.stringify([name, module, exported, deterministic, directOnly])
    const known = this.#loaded.get(key)
    if (known) return known
    const loading = load(definition)
    this.#loaded.set(key, loading)
    // A module that could not be had may be there at the next try.
    loading.catch(() => this.#loaded.delete(key))
    return loading
  }
}

/** The functions that are registered on one connection. */
export class ConnectionFunctions {
  readonly #functions: SqlFunctions
  readonly #db: number
  #set: UserFunctionSet = NO_FUNCTIONS
  readonly #ids = new Map<string, number>()

  constructor(functions: SqlFunctions, db: number) {
    this.#functions = functions
    this.#db = db
  }

  /** Registers exactly these. Throws SqliteError if SQLite refuses. */
  use(set: UserFunctionSet): void {
    if (set === this.#set) return
    for (const [key, old] of this.#set)
      if (set.get(key) !== old) {
        this.#done(old, this.#functions.remove(this.#db, old))
        this.#forget(key)
      }
    for (const [key, wanted] of set)
      if (!this.#ids.has(key)) {
        const { result, id } = this.#functions.create(this.#db, wanted, wanted.body)
        this.#done(wanted, result)
        this.#ids.set(key, id)
      }
    this.#set = set
  }

  /** To be called when the connection has been closed. */
  forget(): void {
    for (const key of [...this.#ids.keys()]) this.#forget(key)
  }

  #forget(key: string): void {
    this.#functions.forget(this.#ids.get(key)!)
    this.#ids.delete(key)
  }

  #done({ name }: FunctionName, result: number): void {
    if (result === 0) return
    throw new SqliteError('SQLITE_BUSY', `The function ${name} cannot be changed while a statement runs.`, {
      errno: result,
    })
  }
}

async function load(definition: FunctionDefinition): Promise<UserFunction> {
  const { name, module, export: exported, deterministic, directOnly } = definition
  let namespace: object
  try {
    namespace = await importModule(module)
  } catch (cause) {
    throw new AssetLoadError(
      `The module of the function '${name}' could not be loaded from ${short(module)}: ${text(cause)}. Give an address that the ` +
        "worker can import, such as new URL('./functions.js', import.meta.url), served as text/javascript and allowed by " +
        "the page's Content-Security-Policy (script-src).",
      { url: module, cause },
    )
  }
  const value: unknown = Object.hasOwn(namespace, exported) ? Reflect.get(namespace, exported) : undefined
  const body = bodyOf(value)
  if (!body)
    throw new UsageError(
      'function-export',
      `The export '${exported}' of ${short(module)} is ${kind(value)}. It must be a function, or for an aggregate an object with ` +
        'the functions step and final, and for a window function value and inverse too; start is optional. ' +
        `The module exports: ${Object.keys(namespace).join(', ') || 'nothing'}.`,
    )
  const flags = (deterministic ? SQLITE_DETERMINISTIC : 0) | (directOnly ? SQLITE_DIRECTONLY : SQLITE_INNOCUOUS)
  return { name, arity: -1, flags, body }
}

function bodyOf(value: unknown): SqlFunction | undefined {
  if (typeof value === 'function') {
    const call: (...values: unknown[]) => unknown = value as never
    return { kind: 'scalar', call: (values) => call(...values) }
  }
  return typeof value === 'object' && value !== null ? aggregateOf(value) : undefined
}

function aggregateOf(object: object): AggregateFunction | undefined {
  const method = (name: string): ((...values: unknown[]) => unknown) | undefined => {
    const value: unknown = Reflect.get(object, name)
    return typeof value === 'function' ? (...values) => Reflect.apply(value, object, values) : undefined
  }
  const [start, step, final] = [method('start'), method('step'), method('final')]
  const [value, inverse] = [method('value'), method('inverse')]
  if (!step || !final || Boolean(value) !== Boolean(inverse)) return undefined
  // A state that is changed in place need not be returned.
  const next = (state: unknown, given: unknown) => (given === undefined ? state : given)
  return {
    kind: 'aggregate',
    start: () => start?.(),
    step: (state, values) => next(state, step(state, ...values)),
    final: (state) => final(state),
    window:
      value && inverse
        ? {
            value: (state) => value(state),
            inverse: (state, values) => next(state, inverse(state, ...values)),
          }
        : undefined,
  }
}

function kind(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  return typeof value === 'object' ? 'an object without these functions' : `of type ${typeof value}`
}

/** A `data:` address may be as long as its module. */
function short(url: string): string {
  return url.length > 200 ? `${url.slice(0, 200)}...` : url
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
