// Opens another database, or a new one, and deletes old ones.
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { describeError, type Problem } from '../state/problem.ts'
import {
  type DurabilityWish,
  listDatabases,
  type OpenWish,
  openDatabase,
  removeDatabase,
  type StorageWish,
  session,
} from '../state/session.ts'
import { CloseIcon, DatabaseIcon } from './icons.tsx'

export function DatabasesDialog({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const openAndClose = (wish: OpenWish) => {
    void openDatabase(wish)
    dialog.current?.close()
  }
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="databases-title" onClose={onClose} closedby="any">
      <div class="dialog-body">
        <header>
          <h2 id="databases-title">Databases</h2>
          <button type="button" class="icon-button" aria-label="Close" onClick={() => dialog.current?.close()}>
            <CloseIcon />
          </button>
        </header>
        <KnownDatabases onOpen={openAndClose} />
        <OpenForm onOpen={openAndClose} />
      </div>
    </dialog>
  )
}

function KnownDatabases({ onOpen }: { onOpen: (wish: OpenWish) => void }) {
  const names = useSignal<readonly string[] | undefined>(undefined)
  const problem = useSignal<Problem | undefined>(undefined)
  const doomed = useSignal<string | undefined>(undefined)
  const current = session.value
  const list = async () => {
    names.value = (await listDatabases()).map((entry) => entry.name).sort()
  }
  const guarded = (work: Promise<void>) =>
    work.catch((error: unknown) => {
      problem.value = describeError(error)
    })
  useEffect(() => void guarded(list()), [])
  if (!names.value) return <p class="quiet">{problem.value?.message ?? 'Looking…'}</p>
  return (
    <>
      <ul class="database-list">
        {names.value.map((name) => (
          <li key={name}>
            <button
              type="button"
              class="row-button"
              aria-current={name === current.wish.name}
              onClick={() => onOpen({ name, storage: 'auto', durability: current.wish.durability })}
            >
              <DatabaseIcon />
              <span>{name}</span>
              {name === current.wish.name && <span class="quiet">open</span>}
            </button>
            <button
              type="button"
              class={doomed.value === name ? 'small danger' : 'small'}
              onBlur={() => {
                doomed.value = undefined
              }}
              onClick={() => {
                if (doomed.value !== name) doomed.value = name
                else void guarded(removeDatabase(name).then(list))
              }}
            >
              {doomed.value === name ? 'Delete for good' : 'Delete'}
            </button>
          </li>
        ))}
      </ul>
      {names.value.length === 0 && <p class="quiet">No databases yet.</p>}
      {problem.value && <p class="bad">{problem.value.message}</p>}
    </>
  )
}

function OpenForm({ onOpen }: { onOpen: (wish: OpenWish) => void }) {
  const name = useSignal('')
  const storage = useSignal<StorageWish>('auto')
  const durability = useSignal<DurabilityWish>(session.value.wish.durability)
  return (
    <form
      class="open-form"
      onSubmit={(event) => {
        event.preventDefault()
        onOpen({ name: name.value.trim(), storage: storage.value, durability: durability.value })
      }}
    >
      <label>
        Name
        <input
          type="text"
          required
          pattern=".*\S.*"
          placeholder="app.db"
          spellcheck={false}
          autocomplete="off"
          value={name.value}
          onInput={(event) => {
            name.value = event.currentTarget.value
          }}
        />
      </label>
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
        Open
      </button>
    </form>
  )
}
