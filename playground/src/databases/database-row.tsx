// One stored database in the list: open it, or delete it, which asks once more on the same button.
import { useSignal } from '@preact/signals'
import type { DatabaseEntry } from 'datasync'
import { formatAge } from '../format.ts'
import { DatabaseIcon } from '../panels/icons.tsx'
import { type OpenWish, removeDatabase, session } from '../state/session.ts'
import { STORAGE_NAMES } from '../storage/names.ts'

interface DatabaseRowProps {
  entry: DatabaseEntry
  names: readonly string[]
  onOpen: (wish: OpenWish) => void
  onChange: (work: () => Promise<void>) => Promise<void>
}

export function DatabaseRow({ entry: { name, storage, created }, onOpen, onChange }: DatabaseRowProps) {
  const doomed = useSignal(false)
  const current = session.value
  const open = name === current.wish.name
  return (
    <li>
      <button
        type="button"
        class="row-button"
        aria-current={open}
        onClick={() => onOpen({ name, storage: 'auto', durability: current.wish.durability })}
      >
        <DatabaseIcon />
        <span class="mono">{name}</span>
        <span class="quiet">
          {open ? 'open · ' : ''}
          {STORAGE_NAMES[storage]} · {formatAge(Date.now() - created.getTime())}
        </span>
      </button>
      <button
        type="button"
        class={doomed.value ? 'small danger' : 'small'}
        aria-label={doomed.value ? undefined : `Delete ${name}`}
        onBlur={() => {
          doomed.value = false
        }}
        onClick={() => {
          if (doomed.value) void onChange(() => removeDatabase(name))
          doomed.value = !doomed.value
        }}
      >
        {doomed.value ? 'Delete for good' : 'Delete'}
      </button>
    </li>
  )
}
