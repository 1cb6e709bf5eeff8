// Packs result rows from the wasm heap into chunks, in the form of `protocol/value-codec.ts`: bytes are copied, text is
// never decoded. Integers are read as doubles first, which is exact up to 2^53 and spares a BigInt for all small ones. A row
// larger than `rowBytesMax` is not collected with others but cut into pieces straight from the heap, one at a time.
import {
  CHUNK_BYTES,
  VALUE_BLOB,
  VALUE_INT32,
  VALUE_INT64,
  VALUE_NULL,
  VALUE_REAL,
  VALUE_TEXT,
} from '../protocol/value-codec.ts'
import { assert } from '../store/assert.ts'
import { SQLITE_BLOB, SQLITE_FLOAT, SQLITE_INTEGER, SQLITE_TEXT } from '../vfs/result-codes.ts'
import type { SqliteInstance } from './sqlite-instance.ts'
import type { Statement } from './statement.ts'

/** Rows of one chunk. */
export interface PackedChunk {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly count: number
  /** Set on the pieces of a large row: bytes of the whole row. Its last piece has the `count` 1, the others 0. */
  readonly of?: number
}

const START_BYTES = 16 * 1024
const SHORT_BYTES = 32
/** However small `rowBytesMax` is, a message carries so many bytes of a row. */
const PIECE_BYTES_MIN = 4096

/** Collects rows until `take`. */
export class RowPacker {
  readonly #instance: SqliteInstance
  #bytes = new Uint8Array(START_BYTES)
  #view = new DataView(this.#bytes.buffer)
  #length = 0
  #count = 0
  #rowAt = 0
  readonly #rowBytesMax: number

  constructor(instance: SqliteInstance, rowBytesMax: number) {
    this.#instance = instance
    this.#rowBytesMax = rowBytesMax
  }

  /** Enough rows for a chunk are waiting. */
  get full(): boolean {
    return this.#length >= CHUNK_BYTES
  }

  /** Rows that are waiting. */
  get count(): number {
    return this.#count
  }

  /** Adds the first `columns` columns of the statement's current row; false, and nothing is added, if the row is large. */
  add(statement: Statement, columns: number): boolean {
    const { exports } = this.#instance
    const { pointer } = statement
    this.#rowAt = this.#length
    for (let column = 0; column < columns; column++) {
      if (this.#length + 16 > this.#bytes.length) this.#grow(16)
      const type = exports.sqlite3_column_type(pointer, column)
      let fits = true
      if (type === SQLITE_TEXT)
        fits = this.#addBytes(VALUE_TEXT, exports.sqlite3_column_text(pointer, column), pointer, column)
      else if (type === SQLITE_INTEGER) this.#addInteger(pointer, column)
      else if (type === SQLITE_FLOAT) this.#addReal(pointer, column)
      else if (type === SQLITE_BLOB)
        fits = this.#addBytes(VALUE_BLOB, exports.sqlite3_column_blob(pointer, column), pointer, column)
      else this.#bytes[this.#length++] = VALUE_NULL
      if (!fits) {
        this.#length = this.#rowAt
        return false
      }
    }
    this.#count++
    return true
  }

  /**
   * The current row, which `add` refused, piece by piece; each is copied when it is asked for. The rows before it have been
   * taken, and until the last piece nothing is added and the statement is not stepped.
   */
  *pieces(statement: Statement, columns: number): Generator<PackedChunk> {
    assert(this.#length === 0, 'the rows before a large one have been taken')
    const { exports, heap } = this.#instance
    const { pointer } = statement
    const pieceBytes = Math.max(PIECE_BYTES_MIN, Math.min(this.#rowBytesMax, CHUNK_BYTES))
    if (this.#bytes.length < pieceBytes + 16) this.#use(new Uint8Array(pieceBytes + 16))
    const of = this.#rowBytes(pointer, columns)
    let left = of
    for (let column = 0; column < columns; column++) {
      const type = exports.sqlite3_column_type(pointer, column)
      if (type === SQLITE_TEXT || type === SQLITE_BLOB) {
        const isText = type === SQLITE_TEXT
        const from = isText
          ? exports.sqlite3_column_text(pointer, column)
          : exports.sqlite3_column_blob(pointer, column)
        const count = exports.sqlite3_column_bytes(pointer, column)
        this.#addHead(isText ? VALUE_TEXT : VALUE_BLOB, count)
        for (let at = 0; at < count; ) {
          if (this.#length >= pieceBytes) yield this.#cut(of, (left -= this.#length))
          const part = Math.min(count - at, pieceBytes - this.#length)
          this.#bytes.set(heap.bytes().subarray(from + at, from + at + part), this.#length)
          this.#length += part
          at += part
        }
      } else if (type === SQLITE_INTEGER) this.#addInteger(pointer, column)
      else if (type === SQLITE_FLOAT) this.#addReal(pointer, column)
      else this.#bytes[this.#length++] = VALUE_NULL
      if (this.#length >= pieceBytes && left > this.#length) yield this.#cut(of, (left -= this.#length))
    }
    yield this.#cut(of, (left -= this.#length))
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

  #cut(of: number, left: number): PackedChunk {
    const bytes = this.#bytes.slice(0, this.#length)
    this.#length = 0
    return { bytes, count: left === 0 ? 1 : 0, of }
  }

  #rowBytes(pointer: number, columns: number): number {
    const { exports } = this.#instance
    let bytes = 0
    for (let column = 0; column < columns; column++) {
      const type = exports.sqlite3_column_type(pointer, column)
      // The text of a database in UTF-16 is converted here, and stays so until the next step.
      if (type === SQLITE_TEXT) exports.sqlite3_column_text(pointer, column)
      if (type === SQLITE_TEXT || type === SQLITE_BLOB) bytes += 5 + exports.sqlite3_column_bytes(pointer, column)
      else if (type === SQLITE_INTEGER) bytes += isInt32(exports.sqlite3_column_double(pointer, column)) ? 5 : 9
      else bytes += type === SQLITE_FLOAT ? 9 : 1
    }
    return bytes
  }

  #addReal(pointer: number, column: number): void {
    this.#bytes[this.#length] = VALUE_REAL
    this.#view.setFloat64(this.#length + 1, this.#instance.exports.sqlite3_column_double(pointer, column), true)
    this.#length += 9
  }

  #addHead(type: number, count: number): void {
    this.#bytes[this.#length] = type
    this.#view.setUint32(this.#length + 1, count, true)
    this.#length += 5
  }

  #addInteger(pointer: number, column: number): void {
    const { exports } = this.#instance
    const value = exports.sqlite3_column_double(pointer, column)
    if (isInt32(value)) {
      this.#bytes[this.#length] = VALUE_INT32
      this.#view.setInt32(this.#length + 1, value, true)
      this.#length += 5
      return
    }
    this.#bytes[this.#length] = VALUE_INT64
    this.#view.setBigInt64(this.#length + 1, exports.sqlite3_column_int64(pointer, column), true)
    this.#length += 9
  }

  /** False if the row is too large with it. */
  #addBytes(type: number, from: number, pointer: number, column: number): boolean {
    const count = this.#instance.exports.sqlite3_column_bytes(pointer, column)
    if (this.#length + 5 + count - this.#rowAt > this.#rowBytesMax) return false
    if (this.#length + 5 + count > this.#bytes.length) this.#grow(5 + count)
    this.#addHead(type, count)
    const at = this.#length
    const heap = this.#instance.heap.bytes()
    if (count < SHORT_BYTES) for (let i = 0; i < count; i++) this.#bytes[at + i] = heap[from + i]!
    else this.#bytes.set(heap.subarray(from, from + count), at)
    this.#length = at + count
    return true
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

function isInt32(value: number): boolean {
  return value >= -0x80000000 && value <= 0x7fffffff
}
