// Asks where a file should go: into a database of its own, or in the place of the open one, which is then gone.
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { formatBytes } from '../format.ts'
import { freeName, importAs, importHere, offered } from '../state/files.ts'
import { session } from '../state/session.ts'
import { NameInput } from './name-input.tsx'

export function ImportDialog() {
  const file = offered.value
  return file ? <Question key={file.name} file={file} /> : null
}

function Question({ file }: { file: File }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const name = useSignal('')
  useEffect(() => {
    dialog.current?.showModal()
    void freeName(file.name).then((free) => {
      name.value ||= free
    })
  }, [])
  const close = () => dialog.current?.close()
  const current = session.value
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby="import-title"
      closedby="any"
      onClose={() => {
        offered.value = undefined
      }}
    >
      <form
        class="dialog-body"
        onSubmit={(event) => {
          event.preventDefault()
          close()
          void importAs(file, name.value.trim())
        }}
      >
        <header>
          <h2 id="import-title">
            Import {file.name} <span class="quiet">{formatBytes(file.size)}</span>
          </h2>
        </header>
        <NameInput value={name} label="As a new database" />
        <div class="dialog-actions">
          <button type="submit" class="primary">
            Import
          </button>
          <button type="button" onClick={close}>
            Cancel
          </button>
          {current.phase === 'open' && (
            <button
              type="button"
              class="danger"
              title={`Everything in ${current.wish.name} is replaced, once the file has been checked`}
              onClick={() => {
                close()
                void importHere(file)
              }}
            >
              Replace {current.wish.name}
            </button>
          )}
        </div>
      </form>
    </dialog>
  )
}
