// A button with a sheet of choices under it: Escape and a click elsewhere close it, arrow keys walk through it.
import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

interface MenuProps {
  label: string
  disabled?: boolean
  /** Where the sheet keeps to; default `left`. */
  side?: 'left' | 'right'
  wide?: boolean
  /** The sheet's content, made when it opens; `close` closes it and gives the focus back. */
  children: (close: () => void) => ComponentChildren
}

export function Menu({ label, disabled = false, side = 'left', wide = false, children }: MenuProps) {
  const root = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const open = useSignal(false)
  const close = () => {
    open.value = false
    button.current?.focus()
  }
  useEffect(() => {
    if (!open.value) return
    const onPointerDown = (event: PointerEvent) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) open.value = false
    }
    document.addEventListener('pointerdown', onPointerDown)
    return () => document.removeEventListener('pointerdown', onPointerDown)
  }, [open.value])
  return (
    <div
      class="menu"
      role="group"
      aria-label={label}
      ref={root}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && open.value) close()
        else if (open.value && event.key === 'ArrowDown') moveFocus(event, 1)
        else if (open.value && event.key === 'ArrowUp') moveFocus(event, -1)
      }}
    >
      <button
        type="button"
        ref={button}
        disabled={disabled}
        aria-expanded={open.value}
        onClick={() => {
          open.value = !open.value
        }}
      >
        {label}
      </button>
      {open.value && <div class={`menu-sheet ${side}${wide ? ' wide' : ''}`}>{children(close)}</div>}
    </div>
  )
}

function moveFocus(event: KeyboardEvent & { currentTarget: HTMLElement }, step: number): void {
  const buttons = [...event.currentTarget.querySelectorAll<HTMLButtonElement>('button')]
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement)
  buttons[Math.min(Math.max(at + step, 0), buttons.length - 1)]?.focus()
  event.preventDefault()
}
