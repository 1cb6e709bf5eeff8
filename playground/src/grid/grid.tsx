// The results grid: draws only the rows in view, so that its cost does not grow with the result. Rows have one fixed
// height. One element has the focus, and names the active cell; keys move that.
import { useSignal } from '@preact/signals'
import { useEffect, useId, useMemo, useRef } from 'preact/hooks'
import type { RowsResult } from '../state/outcome.ts'
import { plainText } from './cell.tsx'
import { type ColumnLayout, layoutColumns } from './columns.ts'
import { CellDetail } from './detail.tsx'
import { type CellPlace, moveCell } from './keys.ts'
import { Row } from './row.tsx'
import { ROW_PX, Viewport } from './viewport.ts'

/** Milliseconds without scrolling after which the scroll bar is put where it belongs. */
const REST_MS = 150

export function Grid({ result, label }: { result: RowsResult; label: string }) {
  const scroller = useRef<HTMLDivElement>(null)
  const resting = useRef(0)
  const viewport = useMemo(() => new Viewport(result.rows.length), [result])
  const layout = useMemo(() => layoutColumns(result.columns, result.rows), [result])
  const visible = useSignal(viewport.visible())
  const active = useSignal<CellPlace | undefined>(undefined)
  const detail = useSignal(false)
  const activeId = useId()
  const draw = () => {
    visible.value = viewport.visible()
  }

  useEffect(() => {
    const element = scroller.current
    if (!element) return
    // A browser may restore the place that an earlier result was scrolled to before a reload.
    element.scrollTop = 0
    const observer = new ResizeObserver(() => {
      viewport.heightPx = element.clientHeight
      draw()
    })
    observer.observe(element)
    return () => {
      observer.disconnect()
      clearTimeout(resting.current)
    }
  }, [])

  const scrollBar = (to: number | undefined) => {
    if (to !== undefined && scroller.current) scroller.current.scrollTop = to
    draw()
  }
  const onScroll = (event: Event & { currentTarget: HTMLElement }) => {
    viewport.scrollTo(event.currentTarget.scrollTop)
    draw()
    clearTimeout(resting.current)
    resting.current = window.setTimeout(() => scrollBar(viewport.rest()), REST_MS)
  }
  const reveal = (place: CellPlace) => {
    active.value = place
    scrollBar(viewport.reveal(place.row))
    requestAnimationFrame(() => {
      scroller.current?.querySelector('[data-active]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
    })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const place = active.value ?? { row: visible.value.first, column: 0 }
    const pageRows = Math.max(1, Math.floor(viewport.heightPx / ROW_PX) - 2)
    const next = moveCell(event, place, { rows: result.rows.length, columns: layout.length, pageRows })
    if (next) {
      event.preventDefault()
      reveal(next)
    } else if (event.key === 'Enter' && active.value && !event.ctrlKey && !event.metaKey) detail.value = !detail.value
    else if (event.key === 'Escape' && detail.value) detail.value = false
    else return
    event.stopPropagation()
  }

  const { first, end, offsetPx } = visible.value
  const rows: preact.JSX.Element[] = []
  for (let index = first; index < end; index++) {
    rows.push(
      <Row
        key={index}
        index={index}
        values={result.rows[index]!}
        layout={layout}
        activeColumn={active.value?.row === index ? active.value.column : -1}
        activeId={activeId}
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
        aria-label={label}
        aria-readonly="true"
        aria-rowcount={result.rows.length + 1}
        aria-colcount={layout.length + 1}
        aria-activedescendant={place && place.row >= first && place.row < end ? activeId : undefined}
        style={{ '--columns': template(layout, result.rows.length) }}
        onScroll={onScroll}
        onFocus={() => {
          if (result.rows.length > 0) active.value ??= { row: first, column: 0 }
        }}
        onKeyDown={onKeyDown}
        onCopy={(event) => copyCell(event, result, place)}
      >
        <Head layout={layout} />
        <div class="grid-body" role="presentation" style={{ height: `${viewport.scrollPx}px` }}>
          <div class="grid-window" role="presentation" style={{ transform: `translateY(${offsetPx}px)` }}>
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

function Head({ layout }: { layout: readonly ColumnLayout[] }) {
  return (
    <div class="grid-head" role="row" aria-rowindex={1}>
      <div class="grid-number" role="columnheader" aria-colindex={1} aria-label="Row" />
      {layout.map((column, index) => (
        <div
          key={index}
          role="columnheader"
          aria-colindex={index + 2}
          class={column.numeric ? 'grid-name numeric' : 'grid-name'}
          title={column.name}
        >
          {column.name}
        </div>
      ))}
    </div>
  )
}

function template(layout: readonly ColumnLayout[], rows: number): string {
  const number = `calc(${Math.max(2, String(rows).length)}ch + 20px)`
  const columns = layout.map(({ width }) => `calc(${width}ch + 25px)`)
  return [number, ...columns, 'minmax(0, 1fr)'].join(' ')
}

function copyCell(event: ClipboardEvent, result: RowsResult, place: CellPlace | undefined): void {
  if (!place || !document.getSelection()?.isCollapsed) return
  const value = result.rows[place.row]?.[place.column] ?? null
  event.clipboardData?.setData('text/plain', value === null ? '' : plainText(value))
  event.preventDefault()
}
