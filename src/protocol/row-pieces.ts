// Puts a row together that came in pieces. It stands apart from the decoder because the rows of one result may change
// between both forms: small ones many to a message, large ones one in many.

import type { PackedRows } from './messages.ts'
import { malformed, type RowSource } from './row-reader.ts'

export class RowPieces {
  #row: Uint8Array<ArrayBuffer> | undefined
  #filled = 0

  /** What can be decoded now; undefined while more pieces have to come. Throws UsageError `protocol`. */
  take({ at, bytes, count, of }: PackedRows, payload: ArrayBuffer): RowSource | undefined {
    if (of === undefined) return { payload, at, bytes, count }
    this.#row ??= new Uint8Array(of)
    const row = this.#row
    if (row.length !== of || this.#filled + bytes > of) throw malformed(`pieces are more than their row of ${of} bytes`)
    row.set(new Uint8Array(payload, at, bytes), this.#filled)
    this.#filled += bytes
    if (count === 0) return undefined
    const source = { payload: row.buffer, at: 0, bytes: this.#filled, count }
    this.#row = undefined
    this.#filled = 0
    return source
  }
}
