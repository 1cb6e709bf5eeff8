// The field for a database's name, refusing what no database may be called.
import type { Signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

interface NameInputProps {
  value: Signal<string>
  label: string
  /** Said only to those who cannot see what the field is for. */
  hiddenLabel?: boolean
  placeholder?: string
  /** Takes the focus when it appears. */
  focus?: boolean
}

export function NameInput({ value, label, hiddenLabel = false, placeholder, focus = false }: NameInputProps) {
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (focus) input.current?.select()
  }, [])
  return (
    <label class="field">
      <span class={hiddenLabel ? 'unseen' : undefined}>{label}</span>
      <input
        ref={input}
        type="text"
        required
        maxLength={100}
        pattern="[^\/\\]*[^\/\\\s][^\/\\]*"
        title="1 to 100 characters without slashes"
        placeholder={placeholder}
        spellcheck={false}
        autocomplete="off"
        value={value.value}
        onInput={(event) => {
          value.value = event.currentTarget.value
        }}
      />
    </label>
  )
}
