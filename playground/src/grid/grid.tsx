// The results grid: draws only the rows in view, so that its cost does not grow with the result. Rows have one fixed
// height; a result too tall for a browser's layout is cut, and says so.
import { useComputed, useSignal } from '@preact/signals'
import type { SqlValue } from 'datasync'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { RowsOutcome } from '../state/outcome.ts'
import { CellText, isNumeric, plainText } from './cell.tsx'
import { type ColumnLayout, layoutColumns } from './columns.ts'
import { CellDetail } from './detail.tsx'
import { type CellPlace, moveCell } from './keys.ts'

const ROW_PX = 26
const OVERSCAN = 8
/** Firefox lays out no element taller than about 17.8 million pixels. */
const ROWS_MAX = 600_000

export function Grid({ result }: { result: RowsOutcome }) {
  const scroller = useRef<HTMLDivElement>(null)
  const top = useSignal(0)
  const height = useSignal(600)
  const active = useSignal<CellPlace | undefined>(undefined)
  const detail = useSignal(false)
  const layout = useMemo(() => layoutColumns(result.columns, result.rows), [result])
  const count = Math.min(result.rows.length, ROWS_MAX)
  const first = useComputed(() => Math.max(0, Math.floor(top.value / ROW_PX) - OVERSCAN))
  const last = useComputed(() => Math.min(count, Math.ceil((top.value + height.value) / ROW_PX) + OVERSCAN))

  useEffect(() => {
    const element = scroller.current
    if (!element) return
    // A browser may restore the place that an earlier result was scrolled to before a reload.
    element.scrollTop = 0
    const observer = new ResizeObserver(() => {
      height.value = element.clientHeight
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const reveal = (place: CellPlace) => {
    active.value = place
    const element = scroller.current
    if (!element) return
    const rowTop = place.row * ROW_PX
    const room = element.clientHeight - ROW_PX * 2
    if (rowTop < element.scrollTop) element.scrollTop = rowTop
    else if (rowTop > element.scrollTop + room) element.scrollTop = rowTop - room
    requestAnimationFrame(() => {
      element.querySelector('[data-active]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
    })
  }

  const onKeyDown = (event: KeyboardEvent) => {
    const place = active.value
    if (!place) return
    const pageRows = Math.max(1, Math.floor(height.value / ROW_PX) - 2)
    const next = moveCell(event, place, { rows: count, columns: layout.length, pageRows })
    if (next) {
      event.preventDefault()
      reveal(next)
    } else if (event.key === 'Enter') detail.value = !detail.value
    else if (event.key === 'Escape') detail.value = false
    else return
    event.stopPropagation()
  }

  const rows: preact.JSX.Element[] = []
  for (let index = first.value; index < last.value; index++) {
    rows.push(
      <Row
        key={index}
        index={index}
        values={result.rows[index]!}
        layout={layout}
        activeColumn={active.value?.row === index ? active.value.column : -1}
        onPick={(column) => {
          active.value = { row: index, column }
        }}
        onOpen={() => {
          detail.value = true
        }}
      />,
    )
  }
  const place = active.value
  return (
    <div class="grid-frame">
      <div
        class="grid"
        ref={scroller}
        role="grid"
        tabIndex={0}
        aria-label="Result"
        aria-rowcount={count + 1}
        aria-colcount={layout.length}
        style={{ '--columns': template(layout, result.rows.length) }}
        onScroll={(event) => {
          top.value = event.currentTarget.scrollTop
        }}
        onFocus={() => {
          active.value ??= { row: first.value, column: 0 }
        }}
        onKeyDown={onKeyDown}
        onCopy={(event) => copyCell(event, result, place)}
      >
        <div class="grid-head" role="row" aria-rowindex={1}>
          <div class="grid-number" />
          {layout.map((column, index) => (
            <div
              key={index}
              role="columnheader"
              class={column.numeric ? 'grid-name numeric' : 'grid-name'}
              title={column.name}
            >
              {column.name}
            </div>
          ))}
        </div>
        <div class="grid-body" style={{ height: `${count * ROW_PX}px` }}>
          <div class="grid-window" style={{ transform: `translateY(${first.value * ROW_PX}px)` }}>
            {rows}
          </div>
        </div>
      </div>
      {detail.value && place && (
        <CellDetail
          column={layout[place.column]!.name}
          row={place.row}
          value={result.rows[place.row]?.[place.column] ?? null}
          onClose={() => {
            detail.value = false
            scroller.current?.focus()
          }}
        />
      )}
    </div>
  )
}

interface RowProps {
  index: number
  values: readonly SqlValue[]
  layout: readonly ColumnLayout[]
  activeColumn: number
  onPick: (column: number) => void
  onOpen: () => void
}

function Row({ index, values, layout, activeColumn, onPick, onOpen }: RowProps) {
  return (
    <div class="grid-row" role="row" aria-rowindex={index + 2}>
      <div class="grid-number" role="rowheader">
        {index + 1}
      </div>
      {layout.map((_, column) => {
        const value = values[column] ?? null
        return (
          <div
            key={column}
            role="gridcell"
            class={isNumeric(value) ? 'grid-cell numeric' : 'grid-cell'}
            data-active={column === activeColumn ? '' : undefined}
            aria-selected={column === activeColumn}
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

function template(layout: readonly ColumnLayout[], rows: number): string {
  const number = `calc(${Math.max(2, String(rows).length)}ch + 20px)`
  const columns = layout.map(({ width }) => `calc(${width}ch + 25px)`)
  return [number, ...columns, 'minmax(0, 1fr)'].join(' ')
}

function copyCell(event: ClipboardEvent, result: RowsOutcome, place: CellPlace | undefined): void {
  if (!place || !document.getSelection()?.isCollapsed) return
  const value = result.rows[place.row]?.[place.column] ?? null
  event.clipboardData?.setData('text/plain', value === null ? '' : plainText(value))
  event.preventDefault()
}
