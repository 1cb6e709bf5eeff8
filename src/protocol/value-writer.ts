// Packs SQLite values in the page, in the form of `value-codec.ts`. It stands apart from the client because it is the one
// place that decides which JavaScript values SQLite can hold; everything else is refused here, before it is sent, with
// an error that names the parameter and the remedy.
//
// Invariant: a refused value leaves the writer as it was before the parameter set began, so that one bad call does not
// spoil the other calls of the same envelope.

import { BindError } from '../errors/errors.ts'
import { refuseValue } from './refuse-value.ts'
import { VALUE_BLOB, VALUE_INT32, VALUE_INT64, VALUE_NULL, VALUE_REAL, VALUE_TEXT } from './value-codec.ts'

/** What a parameter may be. Booleans are stored as 0 and 1, a Date as ISO 8601 text in UTC. */
export type BindValue =
  | null
  | number
  | bigint
  | string
  | boolean
  | Uint8Array
  | ArrayBuffer
  | SharedArrayBuffer
  | ArrayBufferView
  | Date

const FIRST_BYTES = 1 << 12
/** Up to here, taking a right-sized copy is cheaper than giving the whole buffer away and allocating anew. */
const COPY_BYTES_MAX = 1 << 16
/** Up to here, a loop over characters beats a call into the text encoder. */
const SHORT_TEXT = 24
const TWO_TO_32 = 0x1_0000_0000

const encoder = new TextEncoder()

/** A growing buffer of packed values. */
export class ValueWriter {
  #bytes = new Uint8Array(FIRST_BYTES)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  /** Bytes written since the last `take`. */
  get length(): number {
    return this.#length
  }

  /** Forgets everything behind `length`, which an earlier reading of `length` gave. */
  truncate(length: number): void {
    this.#length = length
  }

  /** Hands over what has been written, as a buffer that may be transferred, and starts anew. */
  take(): ArrayBuffer {
    const length = this.#length
    this.#length = 0
    if (length <= COPY_BYTES_MAX) return this.#bytes.buffer.slice(0, length)
    const { buffer } = this.#bytes
    this.#use(new Uint8Array(FIRST_BYTES))
    return buffer
  }

  /** Adds values that are packed already. */
  append(packed: Uint8Array): void {
    const at = this.#reserve(packed.length)
    this.#bytes.set(packed, at)
  }

  /** Packs one value. `parameter` is its name or 1-based position, for the error. Throws BindError. */
  write(value: unknown, parameter: string | number): void {
    switch (typeof value) {
      case 'number':
        this.#writeNumber(value, parameter)
        return
      case 'string':
        this.#writeText(value, parameter)
        return
      case 'boolean':
        this.#writeInt32(value ? 1 : 0)
        return
      case 'bigint':
        this.#writeBigint(value, parameter)
        return
      case 'object':
        this.#writeObject(value, parameter)
        return
      default:
        refuseValue(value, parameter)
    }
  }

  #writeNumber(value: number, parameter: string | number): void {
    // Minus zero is equal to zero but no integer has it.
    if ((value | 0) === value && !Object.is(value, -0)) {
      this.#writeInt32(value)
      return
    }
    if (Number.isSafeInteger(value) && value !== 0) {
      const at = this.#reserve(9)
      this.#bytes[at] = VALUE_INT64
      this.#view.setUint32(at + 1, value % TWO_TO_32, true)
      this.#view.setInt32(at + 5, Math.floor(value / TWO_TO_32), true)
      return
    }
    if (Number.isNaN(value)) refuseValue(value, parameter)
    const at = this.#reserve(9)
    this.#bytes[at] = VALUE_REAL
    this.#view.setFloat64(at + 1, value, true)
  }

  #writeInt32(value: number): void {
    const at = this.#reserve(5)
    this.#bytes[at] = VALUE_INT32
    this.#view.setInt32(at + 1, value, true)
  }

  #writeBigint(value: bigint, parameter: string | number): void {
    if (BigInt.asIntN(64, value) !== value) refuseValue(value, parameter)
    const at = this.#reserve(9)
    this.#bytes[at] = VALUE_INT64
    this.#view.setBigInt64(at + 1, value, true)
  }

  #writeObject(value: object | null, parameter: string | number): void {
    if (value === null) {
      this.#bytes[this.#reserve(1)] = VALUE_NULL
    } else if (value instanceof Uint8Array) {
      this.#writeBlob(value)
    } else if (ArrayBuffer.isView(value)) {
      this.#writeBlob(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
    } else if (value instanceof ArrayBuffer || isSharedArrayBuffer(value)) {
      this.#writeBlob(new Uint8Array(value))
    } else if (value instanceof Date && !Number.isNaN(value.getTime())) {
      this.#writeText(value.toISOString(), parameter)
    } else {
      refuseValue(value, parameter)
    }
  }

  #writeBlob(blob: Uint8Array): void {
    const at = this.#reserve(5 + blob.length)
    this.#bytes[at] = VALUE_BLOB
    this.#view.setUint32(at + 1, blob.length, true)
    this.#bytes.set(blob, at + 5)
  }

  #writeText(text: string, parameter: string | number): void {
    const at = this.#reserve(5 + text.length)
    this.#bytes[at] = VALUE_TEXT
    const byteLength = this.#writeAscii(text, at + 5) ? text.length : this.#encodeText(text, at + 5, parameter)
    this.#view.setUint32(at + 1, byteLength, true)
  }

  #writeAscii(text: string, at: number): boolean {
    if (text.length > SHORT_TEXT) return false
    const bytes = this.#bytes
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 0x7f) return false
      bytes[at + i] = unit
    }
    return true
  }

  // One byte per UTF-16 unit has been reserved at `at`; only when that does not do, three for each unit that is left.
  #encodeText(text: string, at: number, parameter: string | number): number {
    if (!isWellFormed(text)) refuseValue(text, parameter)
    const first = encoder.encodeInto(text, this.#bytes.subarray(at, at + text.length))
    this.#length = at + first.written
    if (first.read === text.length) return first.written
    const rest = text.slice(first.read)
    const from = this.#reserve(rest.length * 3)
    const second = encoder.encodeInto(rest, this.#bytes.subarray(from))
    this.#length = from + second.written
    return this.#length - at
  }

  /** Makes room for `count` bytes behind the end, moves the end behind them and answers where they begin. */
  #reserve(count: number): number {
    const at = this.#length
    const needed = at + count
    if (needed > this.#bytes.length) this.#grow(needed)
    this.#length = needed
    return at
  }

  #grow(needed: number): void {
    const bytes = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    bytes.set(this.#bytes.subarray(0, this.#length))
    this.#use(bytes)
  }

  #use(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer)
  }
}

/** Parameters of one statement: an array by position, or an object by name, bare or with the prefix used in the SQL. */
export type Parameters = readonly BindValue[] | Readonly<Record<string, BindValue>>

/**
 * Packs the parameters of one execution; answers how many there were and their names, absent where they go by position.
 * Throws BindError and leaves the writer unchanged.
 */
export function writeParameters(writer: ValueWriter, parameters: unknown): { count: number; names?: string[] } {
  const start = writer.length
  try {
    if (Array.isArray(parameters)) {
      for (let i = 0; i < parameters.length; i++) writer.write(parameters[i], i + 1)
      return { count: parameters.length }
    }
    const named = asNamed(parameters)
    const names = Object.keys(named)
    for (const name of names) writer.write(named[name], name)
    return { count: names.length, names }
  } catch (error) {
    writer.truncate(start)
    throw error
  }
}

function asNamed(parameters: unknown): Readonly<Record<string, unknown>> {
  if (typeof parameters === 'object' && parameters !== null) {
    const prototype: unknown = Object.getPrototypeOf(parameters)
    // An object of another realm has another Object.prototype, whose own prototype is null as well.
    if (prototype === null || Object.getPrototypeOf(prototype) === null) return parameters as Record<string, unknown>
  }
  throw new BindError(
    'Parameters are given as an array, [1, "a"], or as an object by name, { id: 1 }; put a single value into an array.',
  )
}

const wellFormed: unknown = Reflect.get(String.prototype, 'isWellFormed')

// Missing in browsers before 2023-10; there, an unpaired surrogate is the only code point in that range.
function isWellFormed(text: string): boolean {
  return typeof wellFormed === 'function' ? text.isWellFormed() : !/\p{Surrogate}/u.test(text)
}

function isSharedArrayBuffer(value: object): value is SharedArrayBuffer {
  return typeof SharedArrayBuffer !== 'undefined' && value instanceof SharedArrayBuffer
}
