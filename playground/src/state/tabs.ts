// Which tabs have the open database, which of them runs it, and what changed about that.
import { signal } from '@preact/signals'
import type { Database, DatabaseInfo, Tab } from 'datasync'

type Role = DatabaseInfo['role']

export interface TabNews {
  readonly atMs: number
  readonly text: string
}

export interface Tabs {
  readonly role: Role
  readonly term: number
  /** By their numbers, so that nobody changes places; undefined until the browser has told. */
  readonly known: readonly Tab[] | undefined
  /** Newest first. */
  readonly news: readonly TabNews[]
}

export const tabs = signal<Tabs | undefined>(undefined)

const LOOK_EVERY_MS = 1000
const NEWS_MAX = 5

/** Watches until the returned function is called. */
export function watchTabs(db: Database): () => void {
  const { role, term } = db.info
  let ended = false
  tabs.value = { role, term, known: undefined, news: [] }
  const say = (text: string, change: Partial<Tabs>) => {
    const { value } = tabs
    if (!value || ended) return
    tabs.value = { ...value, ...change, news: [{ atMs: Date.now(), text }, ...value.news].slice(0, NEWS_MAX) }
    void look()
  }
  const look = async () => {
    // What cannot be told now, in a database that closes, is asked again or not shown any more.
    const found = await db.tabs().catch(() => undefined)
    const { value } = tabs
    if (!found || !value || ended) return
    const known = [...found].sort((a, b) => (a.id < b.id ? -1 : 1))
    if (JSON.stringify(known) !== JSON.stringify(value.known)) tabs.value = { ...value, known }
  }
  const whenSeen = () => {
    if (!document.hidden) void look()
  }
  const timer = setInterval(whenSeen, LOOK_EVERY_MS)
  document.addEventListener('visibilitychange', whenSeen)
  void look()
  const ends = [
    db.on('leader-change', ({ term, role }) => say(`term ${term} began`, { term, role })),
    db.on('role', ({ role }) => say(role === 'leader' ? 'this tab took over' : 'another tab took over', { role })),
    db.on('version-too-new', () => say('another tab runs a newer release: reload this one', {})),
    () => clearInterval(timer),
    () => document.removeEventListener('visibilitychange', whenSeen),
  ]
  return () => {
    ended = true
    tabs.value = undefined
    for (const end of ends) end()
  }
}
