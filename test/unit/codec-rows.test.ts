// Rows are packed by the reference, which follows the table of the codec, and decoded by the page.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { IntegerMode } from '../../src/protocol/messages.ts'
import {
  type ArrayRow,
  type ObjectRow,
  type RowSource,
  readArrayRows,
  readObjectRows,
} from '../../src/protocol/row-reader.ts'
import { packValues, type StoredValue, seen } from '../support/reference-codec.ts'

/** The rows somewhere inside a larger payload, as in an envelope with several answers. */
function source(rows: readonly (readonly StoredValue[])[], before = 3): RowSource {
  const packed = packValues(rows.flat())
  const payload = new Uint8Array(before + packed.length + 5).fill(0xee)
  payload.set(packed, before)
  return { payload: payload.buffer, at: before, bytes: packed.length, count: rows.length }
}

function arrays(rows: readonly (readonly StoredValue[])[], integers: IntegerMode = 'auto'): ArrayRow[] {
  const decoded: ArrayRow[] = []
  readArrayRows(source(rows), rows[0]?.length ?? 1, integers, decoded)
  return decoded
}

function objects(columns: readonly string[], rows: readonly (readonly StoredValue[])[]): ObjectRow[] {
  const decoded: ObjectRow[] = []
  readObjectRows(source(rows), columns, 'auto', decoded)
  return decoded
}

const anyStored: fc.Arbitrary<StoredValue> = fc.oneof(
  fc.constant(null),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.maxSafeInteger().map(BigInt),
  fc.double({ noNaN: true }).map((real) => ({ real })),
  fc.string({ unit: 'binary', maxLength: 120 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 120 }),
  fc.uint8Array({ maxLength: 80 }).map((bytes) => bytes.slice()),
)
const anyRows = fc
  .integer({ min: 1, max: 6 })
  .chain((width) => fc.array(fc.array(anyStored, { minLength: width, maxLength: width }), { maxLength: 12 }))

test('every value that SQLite can hold is decoded as it was stored', () => {
  fc.assert(
    fc.property(anyRows, (rows) => {
      expect(arrays(rows)).toEqual(rows.map((row) => row.map(seen)))
    }),
    { numRuns: 2000 },
  )
})

test('object rows hold the same values under their column names, in column order', () => {
  fc.assert(
    fc.property(anyRows, (rows) => {
      const columns = Array.from({ length: rows[0]?.length ?? 1 }, (_, i) => `column_${i}`)
      const decoded = objects(columns, rows)
      expect(decoded.map((row) => Object.values(row))).toEqual(rows.map((row) => row.map(seen)))
      for (const row of decoded) expect(Object.keys(row)).toEqual(columns)
    }),
  )
})

test('of two columns with one name the last is the property, and array rows have both', () => {
  expect(objects(['a', 'b', 'a'], [[1n, 2n, 3n]])).toEqual([{ a: 3, b: 2 }])
  expect(arrays([[1n, 2n, 3n]])).toEqual([[1, 2, 3]])
})

test('columns called __proto__, constructor and 0 are plain own properties', () => {
  const [row] = objects(['__proto__', 'constructor', '0'], [['p', 'c', 7n]])
  expect(Object.getPrototypeOf(row)).toBe(Object.prototype)
  expect(Object.getOwnPropertyDescriptor(row, '__proto__')?.value).toBe('p')
  expect(Object.getOwnPropertyDescriptor(row, 'constructor')?.value).toBe('c')
  expect(row?.['0']).toBe(7)
  expect('polluted' in {}).toBe(false)
})

const edges = [
  0n,
  -1n,
  2n ** 31n,
  2n ** 53n - 1n,
  -(2n ** 53n) + 1n,
  2n ** 53n,
  -(2n ** 53n),
  2n ** 63n - 1n,
  -(2n ** 63n),
]

test("integer mode 'auto' gives a number exactly when the integer is safe", () => {
  expect(arrays([edges])[0]).toEqual([0, -1, 2 ** 31, 2 ** 53 - 1, -(2 ** 53) + 1, ...edges.slice(5)])
})

test("integer mode 'bigint' gives every integer as a bigint and leaves reals alone", () => {
  expect(arrays([[...edges, { real: 1 }]], 'bigint')[0]).toEqual([...edges, 1])
})

test("integer mode 'number' refuses an unsafe integer and names it", () => {
  expect(arrays([edges.slice(0, 5)], 'number')[0]).toEqual([0, -1, 2 ** 31, 2 ** 53 - 1, -(2 ** 53) + 1])
  for (const unsafe of edges.slice(5)) {
    expect(() => arrays([[unsafe]], 'number')).toThrow(
      expect.objectContaining({ code: 'integer-range', message: expect.stringContaining(String(unsafe)) }),
    )
  }
})

test('minus zero and the infinities come back as they are', () => {
  const [row] = arrays([[{ real: -0 }, { real: Infinity }, { real: -Infinity }]])
  expect(Object.is(row?.[0], -0)).toBe(true)
  expect(row?.slice(1)).toEqual([Infinity, -Infinity])
})

test('a text keeps U+FEFF at its beginning and zero characters inside', () => {
  const texts = [
    '\ufefftext',
    'a\u0000b',
    '\u0000',
    '',
    'x'.repeat(47),
    'x'.repeat(48),
    'x'.repeat(49),
    `${'x'.repeat(30)}ü`,
  ]
  expect(arrays([texts])[0]).toEqual(texts)
})

test('each blob has a buffer of its own', () => {
  const [row] = arrays([[new Uint8Array([1, 2]), new Uint8Array([3])]])
  const [first, second] = row as Uint8Array[]
  expect(first!.buffer.byteLength).toBe(2)
  expect(second!.buffer.byteLength).toBe(1)
})

test('rows that end before or behind their range, or hold an unknown type, are refused', () => {
  const good = source([[1n, 'text']], 0)
  const decode = (changed: Partial<RowSource>) => () => readArrayRows({ ...good, ...changed }, 2, 'auto', [])
  expect(decode({})).not.toThrow()
  for (const changed of [
    { bytes: good.bytes - 1 },
    { bytes: good.bytes + 1 },
    { count: 0 },
    { at: 1, bytes: good.bytes },
  ]) {
    expect(decode(changed), JSON.stringify(changed)).toThrow(expect.objectContaining({ code: 'protocol' }))
  }
})
