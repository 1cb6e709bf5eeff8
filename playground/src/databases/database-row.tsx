// One stored database in the list: open it, give it another name, copy it, or delete it, which asks once more on the
// same button.
import { useSignal } from '@preact/signals'
import type { DatabaseEntry } from 'datasync'
import { formatAge } from '../format.ts'
import { DatabaseIcon } from '../panels/icons.tsx'
import { copyDatabase } from '../state/files.ts'
import { type OpenWish, removeDatabase, session } from '../state/session.ts'
import { STORAGE_NAMES } from '../storage/names.ts'
import { RenameForm } from './rename-form.tsx'

interface DatabaseRowProps {
  entry: DatabaseEntry
  onOpen: (wish: OpenWish) => void
  onChange: (work: () => Promise<void>) => Promise<void>
}

export function DatabaseRow({ entry: { name, storage, created }, onOpen, onChange }: DatabaseRowProps) {
  const naming = useSignal<'Rename' | 'Copy' | undefined>(undefined)
  const current = session.value
  const open = name === current.wish.name
  const action = naming.value
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
      {action ? (
        <RenameForm
          action={action}
          name={name}
          onCancel={() => {
            naming.value = undefined
          }}
          onName={(next) => {
            naming.value = undefined
            void onChange(() => copyDatabase(name, next, { move: action === 'Rename' }))
          }}
        />
      ) : (
        <span class="row-actions">
          {(['Rename', 'Copy'] as const).map((verb) => (
            <button
              key={verb}
              type="button"
              class="small"
              aria-label={`${verb} ${name}`}
              onClick={() => {
                naming.value = verb
              }}
            >
              {verb}
            </button>
          ))}
          <DeleteButton name={name} onDelete={() => onChange(() => removeDatabase(name))} />
        </span>
      )}
    </li>
  )
}

function DeleteButton({ name, onDelete }: { name: string; onDelete: () => Promise<void> }) {
  const doomed = useSignal(false)
  return (
    <button
      type="button"
      class={doomed.value ? 'small danger' : 'small'}
      aria-label={doomed.value ? undefined : `Delete ${name}`}
      onBlur={() => {
        doomed.value = false
      }}
      onClick={() => {
        if (doomed.value) void onDelete()
        doomed.value = !doomed.value
      }}
    >
      {doomed.value ? 'Delete for good' : 'Delete'}
    </button>
  )
}
