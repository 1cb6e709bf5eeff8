// A large row is put together from its pieces, and small rows before and after it are decoded where they lie.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PackedRows } from '../../src/protocol/messages.ts'
import { RowPieces } from '../../src/protocol/row-pieces.ts'
import { type ArrayRow, readArrayRows } from '../../src/protocol/row-reader.ts'
import { packValues } from '../support/reference-codec.ts'

/** The messages in which a row travels that is cut at `cuts`; each payload holds something else in front of it. */
function cut(row: Uint8Array, cuts: readonly number[]): [PackedRows, ArrayBuffer][] {
  const places = [...new Set([0, ...cuts.map((at) => at % row.length), row.length])].sort((a, b) => a - b)
  return places.slice(1).map((end, i) => {
    const piece = row.subarray(places[i], end)
    const payload = new Uint8Array(3 + piece.length)
    payload.set(piece, 3)
    return [{ at: 3, bytes: piece.length, count: end === row.length ? 1 : 0, of: row.length }, payload.buffer]
  })
}

test('rows are decoded as they were packed, wherever they are cut', () => {
  const anyRow = fc.tuple(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => bytes.slice()),
  )
  const anySent = fc.record({ row: anyRow, cuts: fc.option(fc.array(fc.nat(500), { maxLength: 6 })) })
  fc.assert(
    fc.property(fc.array(anySent, { maxLength: 8 }), (sent) => {
      const pieces = new RowPieces()
      const rows: ArrayRow[] = []
      for (const { row, cuts } of sent) {
        const packed = packValues(row)
        const messages: [PackedRows, ArrayBuffer][] =
          cuts === null ? [[{ at: 0, bytes: packed.length, count: 1 }, packed.buffer]] : cut(packed, cuts)
        messages.forEach(([range, payload], i) => {
          const source = pieces.take(range, payload)
          if ((source !== undefined) !== (i === messages.length - 1))
            throw new Error(`message ${i} is taken as another`)
          if (source) readArrayRows(source, 2, 'auto', rows)
        })
      }
      expect(rows).toEqual(sent.map(({ row }) => row))
    }),
  )
})

test('pieces that are more than their row, or less, or of rows of two sizes are refused', () => {
  const payload = new ArrayBuffer(20)
  const decode = (...ranges: PackedRows[]) => {
    const pieces = new RowPieces()
    for (const range of ranges) {
      const source = pieces.take(range, payload)
      if (source) readArrayRows(source, 20, 'auto', [])
    }
  }
  const refused = expect.objectContaining({ code: 'protocol' })
  expect(() => decode({ at: 0, bytes: 10, count: 0, of: 20 }, { at: 0, bytes: 10, count: 1, of: 20 })).not.toThrow()
  expect(() => decode({ at: 0, bytes: 10, count: 0, of: 20 }, { at: 0, bytes: 11, count: 1, of: 20 })).toThrow(refused)
  expect(() => decode({ at: 0, bytes: 10, count: 0, of: 20 }, { at: 0, bytes: 9, count: 1, of: 20 })).toThrow(refused)
  expect(() => decode({ at: 0, bytes: 10, count: 0, of: 20 }, { at: 0, bytes: 10, count: 1, of: 21 })).toThrow(refused)
})
