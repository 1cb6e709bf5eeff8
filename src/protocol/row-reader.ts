// Decodes packed rows in the page, in the form of `value-codec.ts`. It stands apart because it is the page's hottest
// loop: 100 000 rows of 5 columns decode in some 40 ms, without generated code (which a CSP may forbid).
//
// Why it is shaped so: an object row starts as a copy of a template that has all columns as own properties, so every
// row of a result shares one hidden class from its first moment, the columns keep their order, and a column called
// `__proto__` is a property like any other. Decoded text never refers to the payload, so a single string that is kept
// does not keep a megabyte.

import { UsageError } from '../errors/errors.ts'
import type { IntegerMode } from './messages.ts'
import { readText } from './read-text.ts'
import { VALUE_BLOB, VALUE_INT32, VALUE_INT64, VALUE_NULL, VALUE_REAL, VALUE_TEXT } from './value-codec.ts'

/** What comes out of the database. Each Uint8Array has a buffer of its own. */
export type SqlValue = null | number | bigint | string | Uint8Array<ArrayBuffer>
/** A row in array mode: all columns, duplicates included. */
export type ArrayRow = SqlValue[]
/** A row in object mode; of columns with the same name the last one counts. */
export type ObjectRow = Record<string, SqlValue>

const TWO_TO_32 = 0x1_0000_0000

/** Where decoded rows come from: `count` rows in `bytes` bytes from `at`. */
export interface RowSource {
  readonly payload: ArrayBuffer
  readonly at: number
  readonly bytes: number
  readonly count: number
}

// The results of a loop or of a batch mostly have the same columns, and making a template takes longer than a short row.
let lastColumns: readonly string[] = []
let lastTemplate: ObjectRow = {}

/** A row with every column as an own property, to be copied and not to be changed. */
export function rowTemplate(columns: readonly string[]): ObjectRow {
  if (sameNames(columns, lastColumns)) return lastTemplate
  const template: ObjectRow = {}
  for (const column of columns) {
    Object.defineProperty(template, column, { value: null, writable: true, enumerable: true, configurable: true })
  }
  lastColumns = [...columns]
  lastTemplate = template
  return template
}

function sameNames(columns: readonly string[], others: readonly string[]): boolean {
  return columns.length === others.length && columns.every((column, i) => column === others[i])
}

/** Decodes rows into objects and appends them to `rows`. Throws UsageError `integer-range` in integer mode 'number'. */
export function readObjectRows(
  source: RowSource,
  columns: readonly string[],
  integers: IntegerMode,
  rows: ObjectRow[],
): void {
  const reader = new ValueReader(source, integers)
  const template = rowTemplate(columns)
  const width = columns.length
  for (let r = 0; r < source.count; r++) {
    const row = { ...template }
    for (let c = 0; c < width; c++) row[columns[c]!] = reader.read()
    rows.push(row)
  }
  reader.finish()
}

/** Decodes rows into arrays and appends them to `rows`. Throws UsageError `integer-range` in integer mode 'number'. */
export function readArrayRows(source: RowSource, width: number, integers: IntegerMode, rows: ArrayRow[]): void {
  const reader = new ValueReader(source, integers)
  for (let r = 0; r < source.count; r++) {
    const row: ArrayRow = new Array(width)
    for (let c = 0; c < width; c++) row[c] = reader.read()
    rows.push(row)
  }
  reader.finish()
}

class ValueReader {
  readonly #bytes: Uint8Array<ArrayBuffer>
  readonly #view: DataView<ArrayBuffer>
  readonly #integers: IntegerMode
  readonly #end: number
  #at: number

  constructor(source: RowSource, integers: IntegerMode) {
    this.#bytes = new Uint8Array(source.payload)
    this.#view = new DataView(source.payload)
    this.#integers = integers
    this.#at = source.at
    this.#end = source.at + source.bytes
  }

  read(): SqlValue {
    const at = this.#at + 1
    switch (this.#bytes[at - 1]) {
      case VALUE_NULL:
        this.#at = at
        return null
      case VALUE_INT32: {
        this.#at = at + 4
        const value = this.#view.getInt32(at, true)
        return this.#integers === 'bigint' ? BigInt(value) : value
      }
      case VALUE_INT64:
        this.#at = at + 8
        return this.#readInt64(at)
      case VALUE_REAL:
        this.#at = at + 8
        return this.#view.getFloat64(at, true)
      case VALUE_TEXT: {
        const end = this.#endOfValue(at)
        return readText(this.#bytes, at + 4, end)
      }
      case VALUE_BLOB: {
        const end = this.#endOfValue(at)
        return this.#bytes.slice(at + 4, end)
      }
      default:
        throw malformed(`unknown value type at byte ${at - 1}`)
    }
  }

  finish(): void {
    if (this.#at !== this.#end) throw malformed(`rows end at byte ${this.#at}, not at ${this.#end}`)
  }

  #endOfValue(at: number): number {
    const end = at + 4 + this.#view.getUint32(at, true)
    if (end > this.#end) throw malformed(`a value ends at byte ${end}, behind the rows' end at ${this.#end}`)
    this.#at = end
    return end
  }

  #readInt64(at: number): number | bigint {
    if (this.#integers !== 'bigint') {
      const number = this.#view.getInt32(at + 4, true) * TWO_TO_32 + this.#view.getUint32(at, true)
      if (Number.isSafeInteger(number)) return number
    }
    const integer = this.#view.getBigInt64(at, true)
    if (this.#integers !== 'number') return integer
    throw new UsageError(
      'integer-range',
      `The integer ${integer} does not fit a number exactly. Open the database with integers: 'auto' or 'bigint', or ask for CAST(... AS TEXT).`,
    )
  }
}

/** The error of rows that do not follow the table. */
export function malformed(what: string): UsageError {
  return new UsageError('protocol', `Packed rows are malformed: ${what}.`)
}
