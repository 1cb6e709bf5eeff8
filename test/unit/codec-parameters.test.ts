// Parameters are packed by the page and unpacked by the reference, which follows the table of the codec.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BindError } from '../../src/errors/errors.ts'
import { ValueWriter, writeParameters } from '../../src/protocol/value-writer.ts'
import { type StoredValue, unpackValues } from '../support/reference-codec.ts'

function stored(...values: unknown[]): StoredValue[] {
  const writer = new ValueWriter()
  const { count } = writeParameters(writer, values)
  const bytes = writer.length
  return unpackValues(writer.take(), 0, bytes, count)
}

function refusal(parameters: unknown): BindError {
  try {
    writeParameters(new ValueWriter(), parameters)
  } catch (error) {
    if (error instanceof BindError) return error
    throw error
  }
  throw new Error('was not refused')
}

const anyStored = fc.oneof(
  fc.constant(null),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.double({ noNaN: true, noInteger: true }).map((real) => ({ real })),
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 80 }),
  fc.uint8Array({ maxLength: 80 }).map((bytes) => bytes.slice()),
)

test('every value that SQLite can hold arrives as it was given', () => {
  fc.assert(
    fc.property(fc.array(anyStored), (values) => {
      const given = values.map((value) =>
        value !== null && typeof value === 'object' && 'real' in value ? value.real : value,
      )
      expect(stored(...given)).toEqual(values)
    }),
    { numRuns: 2000 },
  )
})

test('every number arrives as an integer exactly when it is a safe one other than minus zero', () => {
  fc.assert(
    fc.property(fc.oneof(fc.double({ noNaN: true }), fc.maxSafeInteger(), fc.integer()), (number) => {
      const integer = Number.isSafeInteger(number) && !Object.is(number, -0)
      expect(stored(number)).toEqual([integer ? BigInt(number) : { real: number }])
    }),
    { numRuns: 5000, examples: [[-0], [2 ** 31], [-(2 ** 31)], [2 ** 32], [-(2 ** 32)], [2 ** 53], [1e300], [-1]] },
  )
})

test('Infinity is a real', () => {
  expect(stored(Infinity, -Infinity)).toEqual([{ real: Infinity }, { real: -Infinity }])
})

test('a boolean is 0 or 1, a Date is ISO 8601 text in UTC', () => {
  expect(stored(true, false, new Date(0))).toEqual([1n, 0n, '1970-01-01T00:00:00.000Z'])
})

test('buffers and views are blobs of exactly the bytes they show', () => {
  const { buffer } = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8])
  const shared = new SharedArrayBuffer(2)
  expect(
    stored(buffer, new Uint8Array(buffer, 2, 3), new DataView(buffer, 7), new Uint16Array(buffer, 2, 1), shared),
  ).toEqual([
    new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]),
    new Uint8Array([3, 4, 5]),
    new Uint8Array([8]),
    new Uint8Array([3, 4]),
    new Uint8Array([0, 0]),
  ])
})

test('a long text of characters that take more bytes than units arrives whole', () => {
  const text = `${'x'.repeat(5000)}${'ж漢😀'.repeat(20_000)}`
  expect(stored('before', text, 'behind')).toEqual(['before', text, 'behind'])
})

test('several parameter sets share one buffer, each in its own range', () => {
  const writer = new ValueWriter()
  const ranges = Array.from({ length: 500 }, (_, i) => {
    const at = writer.length
    const { count } = writeParameters(writer, [i, `text ${i}`, new Uint8Array(i)])
    return { at, bytes: writer.length - at, count }
  })
  const payload = writer.take()
  for (const [i, range] of ranges.entries()) {
    expect(unpackValues(payload, range.at, range.bytes, range.count)).toEqual([
      BigInt(i),
      `text ${i}`,
      new Uint8Array(i),
    ])
  }
  expect(writer.length).toBe(0)
})

test('an object gives its own keys as names', () => {
  const writer = new ValueWriter()
  expect(writeParameters(writer, { id: 1, ':name': 'a' })).toEqual({ count: 2, names: ['id', ':name'] })
  expect(writeParameters(writer, Object.create(null))).toEqual({ count: 0, names: [] })
})

describe('what SQLite cannot hold is refused with the name of the parameter and the remedy', () => {
  const cases: [string, unknown, RegExp][] = [
    ['undefined', undefined, /null for SQL NULL/],
    ['NaN', Number.NaN, /null/],
    ['a lone surrogate', 'a\ud800b', /toWellFormed/],
    ['a lone surrogate in a long text', `${'x'.repeat(100)}\udc00`, /toWellFormed/],
    ['a bigint of 2^63', 2n ** 63n, /as text/],
    ['a bigint below -2^63', -(2n ** 63n) - 1n, /as text/],
    ['a plain object', { a: 1 }, /JSON\.stringify/],
    ['an array', [1], /json_each/],
    ['a symbol', Symbol('s'), /string/],
    ['a function', () => 1, /Call it/],
    ['an invalid Date', new Date(Number.NaN), /Date/],
    ['a Promise', Promise.resolve(1), /Await/],
    ['a Blob', new Blob([]), /arrayBuffer/],
    ['a boxed number', Object(1), /valueOf/],
    ['a Map', new Map(), /JSON\.stringify/],
  ]
  for (const [title, value, remedy] of cases) {
    test(title, () => {
      const byPosition = refusal([1, value])
      expect(byPosition.parameter).toBe(2)
      expect(byPosition.message).toMatch(/^Parameter 2 /)
      expect(byPosition.message).toMatch(remedy)
      const byName = refusal({ ':id': value })
      expect(byName.parameter).toBe(':id')
      expect(byName.message).toMatch(/^Parameter ':id' /)
    })
  }

  test('a hole in an array', () => {
    // biome-ignore lint/suspicious/noSparseArray: it is the point
    expect(refusal([1, , 3]).parameter).toBe(2)
  })

  for (const parameters of [5, 'text', null, new Uint8Array(1), new Map(), new Date()]) {
    test(`parameters that are ${Object.prototype.toString.call(parameters)} instead of an array or object`, () => {
      expect(refusal(parameters).message).toMatch(/array/)
    })
  }
})

test('a refused set leaves nothing behind in the buffer', () => {
  const writer = new ValueWriter()
  writeParameters(writer, ['kept'])
  const before = writer.length
  expect(() => writeParameters(writer, ['x'.repeat(10_000), undefined])).toThrow(BindError)
  expect(writer.length).toBe(before)
  writeParameters(writer, ['next'])
  const bytes = writer.length
  expect(unpackValues(writer.take(), 0, bytes, 2)).toEqual(['kept', 'next'])
})
