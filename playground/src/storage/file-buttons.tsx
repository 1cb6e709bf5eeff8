// The database as a file: out, in, and whether it is whole.
import { useRef } from 'preact/hooks'
import { DownloadIcon, UploadIcon } from '../panels/icons.tsx'
import { offerFile } from '../state/files.ts'
import { checkDatabase, exportDatabase, transfer } from '../state/transfer.ts'

export function FileButtons() {
  const input = useRef<HTMLInputElement>(null)
  const busy = Boolean(transfer.value)
  return (
    <div class="button-line">
      <button type="button" class="small" disabled={busy} onClick={() => void exportDatabase()}>
        <DownloadIcon /> Export
      </button>
      <button type="button" class="small" disabled={busy} onClick={() => input.current?.click()}>
        <UploadIcon /> Import
      </button>
      <input
        ref={input}
        type="file"
        hidden
        aria-label="A SQLite file to import"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0]
          event.currentTarget.value = ''
          if (file) void offerFile(file)
        }}
      />
      <button
        type="button"
        class="small"
        title="Reads every block and compares its checksum; then SQLite's own check"
        disabled={busy}
        onClick={() => void checkDatabase()}
      >
        Check
      </button>
    </div>
  )
}
