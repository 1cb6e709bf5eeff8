// A new database: its name, where it should live, how durable its writes are. A name that is taken opens that one.
import { useSignal } from '@preact/signals'
import { type DurabilityWish, type OpenWish, type StorageWish, session } from '../state/session.ts'
import { NameInput } from './name-input.tsx'

interface NewDatabaseProps {
  names: readonly string[]
  onOpen: (wish: OpenWish) => void
}

export function NewDatabase({ names, onOpen }: NewDatabaseProps) {
  const name = useSignal('')
  const storage = useSignal<StorageWish>('auto')
  const durability = useSignal<DurabilityWish>(session.value.wish.durability)
  const taken = names.includes(name.value.trim())
  return (
    <form
      class="open-form"
      onSubmit={(event) => {
        event.preventDefault()
        onOpen({ name: name.value.trim(), storage: storage.value, durability: durability.value })
      }}
    >
      <NameInput value={name} label="New database" placeholder="app.db" />
      <label>
        Storage
        <select
          value={storage.value}
          onChange={(event) => {
            storage.value = event.currentTarget.value as StorageWish
          }}
        >
          <option value="auto">Best there is</option>
          <option value="opfs">OPFS</option>
          <option value="indexeddb">IndexedDB</option>
          <option value="memory">Memory only</option>
        </select>
      </label>
      <label>
        Durability
        <select
          value={durability.value}
          onChange={(event) => {
            durability.value = event.currentTarget.value as DurabilityWish
          }}
        >
          <option value="strict">strict</option>
          <option value="relaxed">relaxed</option>
        </select>
      </label>
      <button type="submit" class="primary">
        {taken ? 'Open' : 'Create'}
      </button>
    </form>
  )
}
