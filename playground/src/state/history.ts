// The statements that were run, newest first, without repeats, kept between visits.
import { signal } from '@preact/signals'
import { store, stored } from './stored.ts'

const ENTRIES_MAX = 100
const LENGTH_MAX = 20_000

export interface HistoryEntry {
  readonly sql: string
  readonly atMs: number
  readonly outcome: string
}

function load(): HistoryEntry[] {
  try {
    const entries: unknown = JSON.parse(stored('history') ?? '[]')
    return Array.isArray(entries) ? entries.filter(isEntry) : []
  } catch {
    return []
  }
}

function isEntry(entry: unknown): entry is HistoryEntry {
  return typeof entry === 'object' && entry !== null && 'sql' in entry && 'atMs' in entry && 'outcome' in entry
}

export const history = signal<readonly HistoryEntry[]>(load())

export function remember(sql: string, outcome: string): void {
  const text = sql.trim()
  if (!text || text.length > LENGTH_MAX) return
  const others = history.value.filter((entry) => entry.sql !== text)
  history.value = [{ sql: text, atMs: Date.now(), outcome }, ...others].slice(0, ENTRIES_MAX)
  store('history', JSON.stringify(history.value))
}

export function forgetHistory(): void {
  history.value = []
  store('history', '[]')
}
