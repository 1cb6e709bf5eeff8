// Values on their way between SQLite and a function that is written in JavaScript. It stands apart from the packed form in
// which values travel to a page, since a function gets and gives single values inside the worker.
import { DataSyncError } from '../errors/errors.ts'
import { SQLITE_BLOB, SQLITE_FLOAT, SQLITE_INTEGER, SQLITE_TEXT } from '../vfs/result-codes.ts'
import type { WasmHeap } from '../vfs/wasm-heap.ts'
import type { SqliteExports } from './sqlite-exports.ts'

/** What SQLite stores, as JavaScript has it: integers as numbers where these are exact, else as bigints. */
export type SqlValue = null | number | bigint | string | Uint8Array

const SQLITE_TRANSIENT = -1

export class FunctionValues {
  readonly #exports: SqliteExports
  readonly #heap: WasmHeap
  readonly #decoder = new TextDecoder()
  readonly #encoder = new TextEncoder()

  constructor(exports: SqliteExports, heap: WasmHeap) {
    this.#exports = exports
    this.#heap = heap
  }

  /** The arguments of a call. */
  read(count: number, pointers: number): SqlValue[] {
    const values: SqlValue[] = []
    for (let i = 0; i < count; i++) values.push(this.#readOne(this.#heap.data().getUint32(pointers + 4 * i, true)))
    return values
  }

  /** Gives SQLite a function's result. Throws for what SQLite cannot hold. */
  write(context: number, value: unknown): void {
    const exports = this.#exports
    if (value === null || value === undefined) exports.sqlite3_result_null(context)
    else if (typeof value === 'number') {
      if (Number.isNaN(value)) throw new TypeError('its result is NaN; give null if that is meant')
      if (Number.isSafeInteger(value) && !Object.is(value, -0)) exports.sqlite3_result_int64(context, BigInt(value))
      else exports.sqlite3_result_double(context, value)
    } else if (typeof value === 'bigint') {
      if (value !== BigInt.asIntN(64, value)) throw new TypeError('its result is a bigint beyond 64 bits')
      exports.sqlite3_result_int64(context, value)
    } else if (typeof value === 'boolean') exports.sqlite3_result_int64(context, value ? 1n : 0n)
    else if (typeof value === 'string') this.#writeBytes(context, this.#encoder.encode(value), true)
    else if (value instanceof ArrayBuffer) this.#writeBytes(context, new Uint8Array(value), false)
    else if (ArrayBuffer.isView(value))
      this.#writeBytes(context, new Uint8Array(value.buffer, value.byteOffset, value.byteLength), false)
    else throw new TypeError(`its result is ${describe(value)}, which SQLite cannot store`)
  }

  /** Ends the call with an error; it becomes the statement's. */
  fail(context: number, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    if (error instanceof DataSyncError && error.code === 'SQLITE_NOMEM') {
      this.#exports.sqlite3_result_error_nomem(context)
      return
    }
    const bytes = this.#encoder.encode(message === '' ? 'a function failed without a message' : message)
    this.#withCopy(context, bytes, (pointer) => this.#exports.sqlite3_result_error(context, pointer, bytes.length))
  }

  #readOne(value: number): SqlValue {
    const exports = this.#exports
    switch (exports.sqlite3_value_type(value)) {
      case SQLITE_INTEGER: {
        const integer = exports.sqlite3_value_int64(value)
        const number = Number(integer)
        return Number.isSafeInteger(number) ? number : integer
      }
      case SQLITE_FLOAT:
        return exports.sqlite3_value_double(value)
      case SQLITE_TEXT: {
        const pointer = exports.sqlite3_value_text(value)
        const length = exports.sqlite3_value_bytes(value)
        return this.#decoder.decode(this.#heap.bytes().subarray(pointer, pointer + length))
      }
      case SQLITE_BLOB: {
        const pointer = exports.sqlite3_value_blob(value)
        const length = exports.sqlite3_value_bytes(value)
        return this.#heap.bytes().slice(pointer, pointer + length)
      }
      default:
        return null
    }
  }

  #writeBytes(context: number, bytes: Uint8Array, text: boolean): void {
    this.#withCopy(context, bytes, (pointer) => {
      if (text) this.#exports.sqlite3_result_text(context, pointer, bytes.length, SQLITE_TRANSIENT)
      else this.#exports.sqlite3_result_blob(context, pointer, bytes.length, SQLITE_TRANSIENT)
    })
  }

  #withCopy(context: number, bytes: Uint8Array, use: (pointer: number) => void): void {
    const pointer = this.#exports.sqlite3_malloc(Math.max(1, bytes.length))
    if (pointer === 0) {
      this.#exports.sqlite3_result_error_nomem(context)
      return
    }
    try {
      this.#heap.bytes().set(bytes, pointer)
      use(pointer)
    } finally {
      this.#exports.sqlite3_free(pointer)
    }
  }
}

function describe(value: unknown): string {
  if (value instanceof Promise) return 'a promise (functions of SQL cannot be async)'
  return typeof value === 'object' ? 'an object or array (give JSON.stringify of it)' : `of type ${typeof value}`
}
