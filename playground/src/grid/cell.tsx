// One value as the grid and the detail view show it.
import type { SqlValue } from 'datasync'
import { hex } from '../files/cells.ts'
import { formatNumber } from '../format.ts'

const CELL_CHARACTERS_MAX = 400
const CELL_BLOB_BYTES_MAX = 24

export function isNumeric(value: SqlValue): boolean {
  return typeof value === 'number' || typeof value === 'bigint'
}

/** The SQL type's name. */
export function typeOf(value: SqlValue): string {
  if (value === null) return 'NULL'
  if (typeof value === 'bigint') return 'INTEGER'
  if (typeof value === 'number') return Number.isInteger(value) ? 'INTEGER' : 'REAL'
  return typeof value === 'string' ? 'TEXT' : 'BLOB'
}

/** The whole value as text; blobs as hexadecimal digits. */
export function plainText(value: SqlValue): string {
  if (value === null) return 'NULL'
  return value instanceof Uint8Array ? hex(value) : String(value)
}

/** The value cut to what a cell can hold, in one line. */
export function CellText({ value }: { value: SqlValue }) {
  if (value === null) return <span class="cell-null">NULL</span>
  if (value instanceof Uint8Array) {
    const more = value.length > CELL_BLOB_BYTES_MAX ? '…' : ''
    return (
      <>
        <span class="cell-blob">
          {hex(value.subarray(0, CELL_BLOB_BYTES_MAX))}
          {more}
        </span>
        <span class="cell-length">{formatNumber(value.length)} B</span>
      </>
    )
  }
  if (typeof value !== 'string') return <>{String(value)}</>
  const cut = value.length > CELL_CHARACTERS_MAX ? `${value.slice(0, CELL_CHARACTERS_MAX)}…` : value
  return <>{cut.replaceAll(/\r?\n/g, '⏎')}</>
}
