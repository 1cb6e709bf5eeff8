// One value in full, under the grid: what a cell had no room for.
import type { SqlValue } from 'datasync'
import { formatNumber } from '../format.ts'
import { CloseIcon } from '../panels/icons.tsx'
import { plainText, typeOf } from './cell.tsx'

const CHARACTERS_MAX = 100_000

interface CellDetailProps {
  column: string
  row: number
  value: SqlValue
  onClose: () => void
}

export function CellDetail({ column, row, value, onClose }: CellDetailProps) {
  const text = plainText(value)
  const shown = text.length > CHARACTERS_MAX ? `${text.slice(0, CHARACTERS_MAX)}…` : text
  return (
    <section class="detail" aria-label={`${column}, row ${row + 1}`}>
      <header>
        <strong>{column}</strong>
        <span class="quiet">
          row {formatNumber(row + 1)} · {typeOf(value)}
          {lengthOf(value)}
        </span>
        <button type="button" class="icon-button" aria-label="Close the value" onClick={onClose}>
          <CloseIcon />
        </button>
      </header>
      <pre>{shown}</pre>
    </section>
  )
}

function lengthOf(value: SqlValue): string {
  if (typeof value === 'string') return ` · ${formatNumber(value.length)} characters`
  return value instanceof Uint8Array ? ` · ${formatNumber(value.length)} bytes` : ''
}
