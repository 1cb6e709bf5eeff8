// The line above everything: what this is, which database is open, and the theme.
import { useSignal } from '@preact/signals'
import { DatabasesDialog } from '../databases/databases-dialog.tsx'
import { session } from '../state/session.ts'
import { nextTheme, theme } from '../state/theme.ts'
import { STORAGE_NAMES } from '../storage/names.ts'
import { ChevronIcon, DatabaseIcon, MoonIcon, SunIcon, SystemIcon } from './icons.tsx'

export function TopBar() {
  const choosing = useSignal(false)
  const current = session.value
  return (
    <header class="top-bar">
      <h1>
        <img src="/icon.svg" alt="" width="22" height="22" />
        <span>
          DataSync <span class="quiet">playground</span>
        </span>
      </h1>
      <button
        type="button"
        class="database-button"
        aria-haspopup="dialog"
        onClick={() => {
          choosing.value = true
        }}
      >
        <DatabaseIcon />
        <span class="database-name">{current.wish.name}</span>
        <ChevronIcon />
      </button>
      <SessionState />
      <a class="quiet" href="/benchmark.html">
        Benchmark
      </a>
      <button
        type="button"
        class="icon-button"
        onClick={nextTheme}
        title={`Theme: ${theme.value}`}
        aria-label={`Theme: ${theme.value}`}
      >
        {theme.value === 'light' ? <SunIcon /> : theme.value === 'dark' ? <MoonIcon /> : <SystemIcon />}
      </button>
      {choosing.value && (
        <DatabasesDialog
          onClose={() => {
            choosing.value = false
          }}
        />
      )}
    </header>
  )
}

function SessionState() {
  const current = session.value
  if (current.phase === 'opening') return <output class="session-state">Opening…</output>
  if (current.phase === 'failed') return <output class="session-state bad">Not open</output>
  const { storage, durability } = current.db.info
  return (
    <output class="session-state good">
      {STORAGE_NAMES[storage]} · {durability}
    </output>
  )
}
