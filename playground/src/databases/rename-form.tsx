// In the place of a database's buttons: its new name.
import { useSignal } from '@preact/signals'
import { NameInput } from './name-input.tsx'

interface RenameFormProps {
  action: 'Rename' | 'Copy'
  name: string
  onName: (name: string) => void
  onCancel: () => void
}

export function RenameForm({ action, name, onName, onCancel }: RenameFormProps) {
  const next = useSignal(action === 'Copy' ? `copy of ${name}` : name)
  return (
    <form
      class="rename-form"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.preventDefault()
        onCancel()
      }}
      onSubmit={(event) => {
        event.preventDefault()
        if (next.value.trim() === name) onCancel()
        else onName(next.value.trim())
      }}
    >
      <NameInput value={next} label={`${action} ${name} as`} hiddenLabel focus />
      <button type="submit" class="small primary">
        {action}
      </button>
      <button type="button" class="small" onClick={onCancel}>
        Cancel
      </button>
    </form>
  )
}
