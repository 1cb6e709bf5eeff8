// Some of many names, by check boxes.
import type { Signal } from '@preact/signals'

interface Props {
  readonly label: string
  readonly all: readonly string[]
  readonly chosen: Signal<readonly string[]>
}

export function Choice({ label, all, chosen }: Props) {
  const change = (name: string, wanted: boolean) => {
    chosen.value = all.filter((one) => (one === name ? wanted : chosen.value.includes(one)))
  }
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      {all.map((name) => (
        <label key={name}>
          <input
            type="checkbox"
            checked={chosen.value.includes(name)}
            onChange={({ currentTarget }) => change(name, currentTarget.checked)}
          />
          {name}
        </label>
      ))}
    </fieldset>
  )
}
