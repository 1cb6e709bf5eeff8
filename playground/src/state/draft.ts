// The text in the editor, as a request to it: other panels put a query there through this, and the editor takes it.
import { signal } from '@preact/signals'
import type { RunMode } from './console.ts'
import { store, stored } from './stored.ts'

const FIRST_DRAFT = `-- A real SQLite database, kept by this browser. Run with Ctrl+Enter or Cmd+Enter.
CREATE TABLE IF NOT EXISTS visits (id INTEGER PRIMARY KEY, at TEXT NOT NULL);
INSERT INTO visits (at) VALUES (datetime('now'));
SELECT * FROM visits ORDER BY id DESC;
`

export interface Draft {
  readonly sql: string
  readonly run: boolean
}

/** What the editor should show next; the newest request wins. */
export const draft = signal<Draft>({ sql: stored('draft') ?? FIRST_DRAFT, run: false })

export type View = 'data' | 'console' | 'storage'

/** Which part a narrow screen shows; wide ones show all. */
export const view = signal<View>('console')

export function showSql(sql: string, options: { readonly run: boolean }): void {
  draft.value = { sql, run: options.run }
  view.value = 'console'
}

/** Keeps what is typed for the next visit. */
export function keepDraft(sql: string): void {
  store('draft', sql)
}

/** The last press of a button that runs; the editor runs its text or selection at each. */
export const runRequest = signal<{ readonly mode: RunMode; readonly press: number } | undefined>(undefined)

export function requestRun(mode: RunMode): void {
  runRequest.value = { mode, press: (runRequest.value?.press ?? 0) + 1 }
}
