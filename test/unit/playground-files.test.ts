// Results as files: what another program reads back is what the query gave.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { base64, type Cell, hex } from '../../playground/src/files/cells.ts'
import { csvParts } from '../../playground/src/files/csv.ts'
import { jsonParts, uniqueNames } from '../../playground/src/files/json.ts'

const csv = (columns: string[], rows: Cell[][]) => [...csvParts(columns, rows)].join('')
const json = (columns: string[], rows: Cell[][]) => [...jsonParts(columns, rows)].join('')

describe('a result as CSV', () => {
  it('quotes by RFC 4180 and tells NULL from an empty text', () => {
    const rows: Cell[][] = [
      [null, '', 'a,b'],
      ['say "x"', 'two\r\nlines', ' kept '],
    ]
    expect(csv(['id', 'a"b', 'c'], rows)).toBe('id,"a""b",c\r\n,"","a,b"\r\n"say ""x""","two\r\nlines", kept \r\n')
  })

  it('holds every integer exactly, reals as they are, blobs as hexadecimal digits', () => {
    const row = [9223372036854775807n, -9007199254740993n, 0.1, Number.POSITIVE_INFINITY, new Uint8Array([0, 255])]
    expect(csv(['a', 'b', 'c', 'd', 'e'], [row])).toBe(
      'a,b,c,d,e\r\n9223372036854775807,-9007199254740993,0.1,9e999,00ff\r\n',
    )
  })

  it('reads back as any texts that went in', () => {
    const row = fc.array(fc.option(fc.string({ unit: 'binary' })), { minLength: 2, maxLength: 2 })
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        expect(parseCsv(csv(['x', 'y'], rows)).slice(1)).toEqual(rows)
      }),
    )
  })
})

describe('a result as JSON', () => {
  it('is an array of objects, with large integers as strings and blobs as base64', () => {
    const rows: Cell[][] = [[1, 2n ** 53n, 'ä"', null, new Uint8Array([1, 2, 3, 4])]]
    expect(JSON.parse(json(['n', 'big', 't', 'none', 'blob'], rows))).toEqual([
      { n: 1, big: '9007199254740992', t: 'ä"', none: null, blob: 'AQIDBA==' },
    ])
    expect(JSON.parse(json(['x'], []))).toEqual([])
    expect(JSON.parse(json(['x'], [[Number.NEGATIVE_INFINITY], [5n]]))).toEqual([
      { x: Number.NEGATIVE_INFINITY },
      { x: 5 },
    ])
  })

  it('keeps every column of one name', () => {
    expect(uniqueNames(['a', 'a', 'a_2', 'a'])).toEqual(['a', 'a_3', 'a_2', 'a_4'])
    expect(JSON.parse(json(['a', 'a'], [[1, 2]]))).toEqual([{ a: 1, a_2: 2 }])
  })

  it('comes in parts that together are one document', () => {
    const rows = Array.from({ length: 30_000 }, (_, i): Cell[] => [i, 'x'.repeat(50)])
    expect([...jsonParts(['i', 't'], rows)].length).toBeGreaterThan(1)
    expect(JSON.parse(json(['i', 't'], rows))).toHaveLength(30_000)
  })
})

it('writes bytes as hexadecimal digits and base64', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(Buffer.from(hex(bytes), 'hex')).toEqual(Buffer.from(bytes))
      expect(base64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
    }),
  )
  const long = new Uint8Array(100_000).fill(7)
  expect(base64(long)).toBe(Buffer.from(long).toString('base64'))
})

// Reads RFC 4180, with an empty field as null and a quoted one as text.
function parseCsv(text: string): (string | null)[][] {
  const rows: (string | null)[][] = []
  let row: (string | null)[] = []
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    row.push(quoted !== undefined ? quoted.replaceAll('""', '"') : bare || null)
    if (end === ',') continue
    rows.push(row)
    row = []
  }
  return rows
}
