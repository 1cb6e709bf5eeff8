// One row of the grid.
import type { SqlValue } from 'datasync'
import { CellText, isNumeric } from './cell.tsx'
import type { ColumnLayout } from './columns.ts'

interface RowProps {
  index: number
  values: readonly SqlValue[]
  layout: readonly ColumnLayout[]
  /** -1 if the active cell is in another row. */
  activeColumn: number
  /** Unique on the page, so that the grid can name its active cell. */
  activeId: string
  onPick: (column: number) => void
  onOpen: () => void
}

export function Row({ index, values, layout, activeColumn, activeId, onPick, onOpen }: RowProps) {
  return (
    <div class="grid-row" role="row" aria-rowindex={index + 2}>
      <div class="grid-number" role="rowheader" aria-colindex={1}>
        {index + 1}
      </div>
      {layout.map((_, column) => {
        const value = values[column] ?? null
        const active = column === activeColumn
        return (
          <div
            key={column}
            id={active ? activeId : undefined}
            role="gridcell"
            aria-colindex={column + 2}
            class={isNumeric(value) ? 'grid-cell numeric' : 'grid-cell'}
            data-active={active ? '' : undefined}
            aria-selected={active}
            onPointerDown={() => onPick(column)}
            onDblClick={onOpen}
          >
            <CellText value={value} />
          </div>
        )
      })}
    </div>
  )
}
