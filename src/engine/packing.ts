// Packs result rows from the wasm heap into chunks, in the form of `protocol/value-codec.ts`: bytes are copied, text is
// never decoded. Integers are read as doubles first, which is exact up to 2^53 and spares a BigInt for all small ones.
import {
  CHUNK_BYTES,
  VALUE_BLOB,
  VALUE_INT32,
  VALUE_INT64,
  VALUE_NULL,
  VALUE_REAL,
  VALUE_TEXT,
} from '../protocol/value-codec.ts'
import { SQLITE_BLOB, SQLITE_FLOAT, SQLITE_INTEGER, SQLITE_TEXT } from '../vfs/result-codes.ts'
import type { SqliteInstance } from './sqlite-instance.ts'
import type { Statement } from './statement.ts'

/** Rows of one chunk. */
export interface PackedChunk {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly count: number
}

const START_BYTES = 16 * 1024
const SHORT_BYTES = 32

/** Collects rows until `take`. */
export class RowPacker {
  readonly #instance: SqliteInstance
  #bytes = new Uint8Array(START_BYTES)
  #view = new DataView(this.#bytes.buffer)
  #length = 0
  #count = 0

  constructor(instance: SqliteInstance) {
    this.#instance = instance
  }

  /** Enough rows for a chunk are waiting. */
  get full(): boolean {
    return this.#length >= CHUNK_BYTES
  }

  /** Rows that are waiting. */
  get count(): number {
    return this.#count
  }

  /** Adds the first `columns` columns of the statement's current row. */
  add(statement: Statement, columns: number): void {
    const { exports } = this.#instance
    const { pointer } = statement
    for (let column = 0; column < columns; column++) {
      if (this.#length + 16 > this.#bytes.length) this.#grow(16)
      const type = exports.sqlite3_column_type(pointer, column)
      if (type === SQLITE_TEXT)
        this.#addBytes(VALUE_TEXT, exports.sqlite3_column_text(pointer, column), pointer, column)
      else if (type === SQLITE_INTEGER) this.#addInteger(pointer, column)
      else if (type === SQLITE_FLOAT) {
        this.#bytes[this.#length] = VALUE_REAL
        this.#view.setFloat64(this.#length + 1, exports.sqlite3_column_double(pointer, column), true)
        this.#length += 9
      } else if (type === SQLITE_BLOB)
        this.#addBytes(VALUE_BLOB, exports.sqlite3_column_blob(pointer, column), pointer, column)
      else this.#bytes[this.#length++] = VALUE_NULL
    }
    this.#count++
  }

  /** The rows since the last `take`. */
  take(): PackedChunk {
    const chunk = { bytes: this.#bytes.slice(0, this.#length), count: this.#count }
    this.#length = 0
    this.#count = 0
    if (this.#bytes.length > 2 * CHUNK_BYTES) this.#use(new Uint8Array(START_BYTES))
    return chunk
  }

  /** Forgets the rows since the last `take`. */
  discard(): void {
    this.#length = 0
    this.#count = 0
  }

  #addInteger(pointer: number, column: number): void {
    const { exports } = this.#instance
    const value = exports.sqlite3_column_double(pointer, column)
    if (value >= -0x80000000 && value <= 0x7fffffff) {
      this.#bytes[this.#length] = VALUE_INT32
      this.#view.setInt32(this.#length + 1, value, true)
      this.#length += 5
      return
    }
    this.#bytes[this.#length] = VALUE_INT64
    this.#view.setBigInt64(this.#length + 1, exports.sqlite3_column_int64(pointer, column), true)
    this.#length += 9
  }

  #addBytes(type: number, from: number, pointer: number, column: number): void {
    const count = this.#instance.exports.sqlite3_column_bytes(pointer, column)
    if (this.#length + 5 + count > this.#bytes.length) this.#grow(5 + count)
    this.#bytes[this.#length] = type
    this.#view.setUint32(this.#length + 1, count, true)
    const at = this.#length + 5
    const heap = this.#instance.heap.bytes()
    if (count < SHORT_BYTES) for (let i = 0; i < count; i++) this.#bytes[at + i] = heap[from + i]!
    else this.#bytes.set(heap.subarray(from, from + count), at)
    this.#length = at + count
  }

  #grow(more: number): void {
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#use(grown)
  }

  #use(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer)
  }
}
