// Compares a result with the block of a file: sort modes, one value or one row per line, and the hash of a long result.
import { md5 } from 'hash-wasm'
import type { ResultMode, SortMode } from './records.ts'

const HASHED = /^\d+ values hashing to [0-9a-f]{32}$/
const SHOWN_LINES = 12

/** A result as text. */
export interface Rendered {
  /** Rows after sorting; with `valuesort` each value is a row of its own. */
  readonly rows: readonly (readonly string[])[]
  readonly hash: string
}

export interface Expectation {
  readonly lines: readonly string[]
  readonly columns: number
  readonly sort: SortMode
  readonly mode: ResultMode
  /** Above so many values a difference is shown as hashes; 0: never. */
  readonly hashThreshold: number
}

export async function renderResult(rows: readonly (readonly string[])[], sort: SortMode): Promise<Rendered> {
  const sorted = sortRows(rows, sort)
  const values = sorted.flat()
  const digest = await md5(values.map((value) => `${value}\n`).join(''))
  return { rows: sorted, hash: `${values.length} values hashing to ${digest}` }
}

/** Undefined if the result is the expected one, else what differs. */
export function difference({ rows, hash }: Rendered, expectation: Expectation): string | undefined {
  const { lines, columns, sort, mode, hashThreshold } = expectation
  const [only] = lines
  if (lines.length === 1 && HASHED.test(only!)) return only === hash ? undefined : differs([only!], [hash])
  const values = rows.flat()
  const perValue = mode !== 'rowwise' && same(sortedLines(lines, columns, sort), values)
  const perRow =
    mode !== 'valuewise' && columns > 1 && sort !== 'valuesort' && same(wholeRows(lines, sort), spaced(rows))
  if (perValue || perRow || (columns === 1 && same(sortedLines(lines, columns, sort), values))) return undefined
  if (hashThreshold > 0 && values.length > hashThreshold) return differs([`${lines.length} lines`], [hash])
  const byRow = mode === 'rowwise' || (mode === 'auto' && lines.length !== values.length)
  return differs(lines, byRow ? spaced(rows) : values)
}

function sortRows(rows: readonly (readonly string[])[], sort: SortMode): readonly (readonly string[])[] {
  if (sort === 'rowsort') return rows.toSorted(compareRows)
  if (sort === 'valuesort')
    return rows
      .flat()
      .toSorted(compareText)
      .map((value) => [value])
  return rows
}

/** The expected values, in the order in which sorting would bring them. */
function sortedLines(lines: readonly string[], columns: number, sort: SortMode): readonly string[] {
  if (sort === 'nosort') return lines
  const rows: string[][] = []
  for (let at = 0; at < lines.length; at += columns) rows.push(lines.slice(at, at + columns))
  return sortRows(rows, sort).flat()
}

function wholeRows(lines: readonly string[], sort: SortMode): readonly string[] {
  const rows = lines.map((line) => line.trim().replace(/\s+/g, ' '))
  return sort === 'nosort' ? rows : rows.toSorted(compareText)
}

function spaced(rows: readonly (readonly string[])[]): readonly string[] {
  return rows.map((row) => row.join(' ').trim().replace(/\s+/g, ' '))
}

function compareRows(a: readonly string[], b: readonly string[]): number {
  for (const [column, text] of a.entries()) {
    const order = compareText(text, b[column]!)
    if (order !== 0) return order
  }
  return 0
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index])
}

function differs(expected: readonly string[], actual: readonly string[]): string {
  return `the result differs\n  expected: ${shown(expected)}\n  actual:   ${shown(actual)}`
}

function shown(lines: readonly string[]): string {
  if (lines.length === 0) return '(no rows)'
  const more = lines.length > SHOWN_LINES ? ` | ... ${lines.length} lines` : ''
  return (
    lines
      .slice(0, SHOWN_LINES)
      .map((line) => line.slice(0, 200))
      .join(' | ') + more
  )
}
