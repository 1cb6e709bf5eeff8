// The bar between editor and results: drag it, or move it with the arrow keys. The height is kept between visits.
import { signal } from '@preact/signals'
import { store, stored } from '../state/stored.ts'

const HEIGHT_MIN = 96
const HEIGHT_STEP = 24

export const editorHeight = signal(Math.max(HEIGHT_MIN, Number(stored('editor-height') ?? 210)))

function setHeight(height: number): void {
  editorHeight.value = Math.round(Math.min(Math.max(height, HEIGHT_MIN), window.innerHeight * 0.7))
}

export function Splitter() {
  const onPointerDown = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    const bar = event.currentTarget
    const offset = editorHeight.value - event.clientY
    bar.setPointerCapture(event.pointerId)
    const move = (moved: PointerEvent) => setHeight(moved.clientY + offset)
    bar.addEventListener('pointermove', move)
    bar.addEventListener(
      'lostpointercapture',
      () => {
        bar.removeEventListener('pointermove', move)
        store('editor-height', String(editorHeight.value))
      },
      { once: true },
    )
  }
  return (
    <div
      class="splitter"
      role="separator"
      aria-orientation="horizontal"
      aria-label="Height of the editor"
      aria-valuenow={editorHeight.value}
      aria-valuemin={HEIGHT_MIN}
      tabIndex={0}
      onPointerDown={onPointerDown}
      onKeyDown={(event) => {
        if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return
        event.preventDefault()
        setHeight(editorHeight.value + (event.key === 'ArrowDown' ? HEIGHT_STEP : -HEIGHT_STEP))
        store('editor-height', String(editorHeight.value))
      }}
    />
  )
}
