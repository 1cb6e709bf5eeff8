// Every database of this site: open one, make a new one, delete one.
import { useSignal } from '@preact/signals'
import type { DatabaseEntry } from 'datasync'
import { useEffect, useRef } from 'preact/hooks'
import { CloseIcon } from '../panels/icons.tsx'
import { Toasts } from '../panels/toasts.tsx'
import { describeError, type Problem } from '../state/problem.ts'
import { listDatabases, notice, type OpenWish, openDatabase } from '../state/session.ts'
import { DatabaseRow } from './database-row.tsx'
import { NewDatabase } from './new-database.tsx'

export function DatabasesDialog({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const entries = useSignal<readonly DatabaseEntry[] | undefined>(undefined)
  const problem = useSignal<Problem | undefined>(undefined)
  const close = () => dialog.current?.close()
  const openAndClose = (wish: OpenWish) => {
    void openDatabase(wish)
    close()
  }
  /** Does something to a database and lists them anew. */
  const change = async (work: () => Promise<void>) => {
    problem.value = undefined
    try {
      await work()
      const found = await listDatabases()
      entries.value = found.sort((a, b) => a.name.localeCompare(b.name))
    } catch (error) {
      problem.value = describeError(error)
    }
  }
  useEffect(() => {
    dialog.current?.showModal()
    notice.value = undefined
    void change(async () => {})
  }, [])
  const names = entries.value?.map(({ name }) => name) ?? []
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="databases-title" onClose={onClose} closedby="any">
      <div class="dialog-body">
        <header>
          <h2 id="databases-title">Databases</h2>
          <button type="button" class="icon-button" aria-label="Close" onClick={close}>
            <CloseIcon />
          </button>
        </header>
        {!entries.value && !problem.value && <p class="quiet">Looking…</p>}
        {names.length > 0 && (
          <ul class="database-list">
            {entries.value?.map((entry) => (
              <DatabaseRow key={entry.name} entry={entry} onOpen={openAndClose} onChange={change} />
            ))}
          </ul>
        )}
        {entries.value?.length === 0 && <p class="quiet">None is stored yet.</p>}
        {problem.value && (
          <p class="bad" role="alert">
            {problem.value.message}
          </p>
        )}
        <Toasts />
        <NewDatabase names={names} onOpen={openAndClose} />
      </div>
    </dialog>
  )
}
