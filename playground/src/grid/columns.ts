// How wide each column is and which side it keeps to, decided once per result from its first rows, so that scrolling
// never moves anything.
import type { SqlValue } from 'datasync'
import { isNumeric, plainText } from './cell.tsx'

const SAMPLE_ROWS = 200
const WIDTH_MIN = 5
const WIDTH_MAX = 44

export interface ColumnLayout {
  readonly name: string
  /** In characters of the data font, without padding. */
  readonly width: number
  readonly numeric: boolean
}

export function layoutColumns(
  columns: readonly string[],
  rows: readonly (readonly SqlValue[])[],
): readonly ColumnLayout[] {
  // Rows from all over the result: the first ones alone would make a counter's column too narrow.
  const step = Math.max(1, Math.floor(rows.length / SAMPLE_ROWS))
  const sample: (readonly SqlValue[])[] = []
  for (let index = rows.length - 1; index >= 0; index -= step) sample.push(rows[index]!)
  return columns.map((name, column) => {
    let width = Math.max(WIDTH_MIN, name.length)
    let numbers = 0
    let others = 0
    for (const row of sample) {
      const value = row[column] ?? null
      width = Math.max(width, shownLength(value))
      if (isNumeric(value)) numbers++
      else if (value !== null) others++
    }
    return { name, width: Math.min(width, WIDTH_MAX), numeric: numbers > others }
  })
}

function shownLength(value: SqlValue): number {
  if (value instanceof Uint8Array) return Math.min(value.length, 24) * 2 + 8
  return typeof value === 'string' ? Math.min(value.length, WIDTH_MAX) : plainText(value).length
}
