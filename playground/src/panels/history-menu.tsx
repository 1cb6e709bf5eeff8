// Earlier runs, newest first; picking one puts it back into the editor.
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { formatAge } from '../format.ts'
import { showSql } from '../state/draft.ts'
import { forgetHistory, history } from '../state/history.ts'

export function HistoryMenu() {
  const root = useRef<HTMLDivElement>(null)
  const shown = useSignal(false)
  const close = () => {
    shown.value = false
  }
  useEffect(() => {
    if (!shown.value) return
    const onPointerDown = (event: PointerEvent) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) close()
    }
    document.addEventListener('pointerdown', onPointerDown)
    return () => document.removeEventListener('pointerdown', onPointerDown)
  }, [shown.value])
  return (
    <div
      class="menu"
      role="group"
      aria-label="History"
      ref={root}
      onKeyDown={(event) => {
        if (event.key === 'Escape') close()
        else if (event.key === 'ArrowDown' || event.key === 'ArrowUp')
          moveFocus(event, event.key === 'ArrowDown' ? 1 : -1)
      }}
    >
      <button
        type="button"
        aria-expanded={shown.value}
        onClick={() => {
          shown.value = !shown.value
        }}
      >
        History
      </button>
      {shown.value && (
        <div class="menu-sheet">
          {history.value.length === 0 && <p class="quiet">Nothing has been run yet.</p>}
          <ul>
            {history.value.map((entry) => (
              <li key={entry.sql}>
                <button
                  type="button"
                  class="history-entry"
                  onClick={() => {
                    showSql(entry.sql, { run: false })
                    close()
                  }}
                >
                  <code>{entry.sql.replaceAll(/\s+/g, ' ').slice(0, 140)}</code>
                  <span class="quiet">
                    {entry.outcome} · {formatAge(Date.now() - entry.atMs)}
                  </span>
                </button>
              </li>
            ))}
          </ul>
          {history.value.length > 0 && (
            <button type="button" class="small" onClick={forgetHistory}>
              Clear history
            </button>
          )}
        </div>
      )}
    </div>
  )
}

function moveFocus(event: KeyboardEvent & { currentTarget: HTMLElement }, step: number): void {
  const buttons = [...event.currentTarget.querySelectorAll<HTMLButtonElement>('button')]
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement)
  buttons[Math.min(Math.max(at + step, 0), buttons.length - 1)]?.focus()
  event.preventDefault()
}
