// Which tab runs the open database, how many have it open, and what changed about that. Each tab of the playground holds a
// lock of its own while a database is open; the browser lets it go however the tab ends, so counting locks counts tabs.
import { signal } from '@preact/signals'
import type { Database, DatabaseInfo } from 'datasync'

type Role = DatabaseInfo['role']

export interface TabNews {
  readonly atMs: number
  readonly text: string
}

export interface Tabs {
  readonly role: Role
  readonly term: number
  /** Undefined where the browser does not tell. */
  readonly count: number | undefined
  /** Newest first. */
  readonly news: readonly TabNews[]
}

export const tabs = signal<Tabs | undefined>(undefined)

const COUNT_EVERY_MS = 2000
const NEWS_MAX = 5

/** Watches until the returned function is called. */
export function watchTabs(db: Database): () => void {
  const { name, role, term } = db.info
  const lock = `playground-tab:${name}`
  const ended = new AbortController()
  tabs.value = { role, term, count: undefined, news: [] }
  const say = (text: string, change: Partial<Tabs>) => {
    const { value } = tabs
    if (!value || ended.signal.aborted) return
    tabs.value = { ...value, ...change, news: [{ atMs: Date.now(), text }, ...value.news].slice(0, NEWS_MAX) }
  }
  const ends = [
    db.on('leader-change', ({ term, role }) => say(`term ${term} began`, { term, role })),
    db.on('role', ({ role }) => say(role === 'leader' ? 'this tab took over' : 'another tab took over', { role })),
    db.on('version-too-new', () => say('another tab runs a newer release: reload this one', {})),
  ]
  const count = async () => {
    const { held = [] } = await navigator.locks.query()
    const own = held.filter((one) => one.name?.startsWith(`${lock}:`)).length
    if (tabs.value && !ended.signal.aborted && tabs.value.count !== own) tabs.value = { ...tabs.value, count: own }
  }
  if ('locks' in navigator) {
    void navigator.locks.request(
      `${lock}:${crypto.randomUUID()}`,
      () =>
        new Promise<void>((resolve) => {
          ended.signal.addEventListener('abort', () => resolve())
          void count()
        }),
    )
    const timer = setInterval(() => {
      if (!document.hidden) void count()
    }, COUNT_EVERY_MS)
    ends.push(() => clearInterval(timer))
  }
  return () => {
    ended.abort()
    tabs.value = undefined
    for (const end of ends) end()
  }
}
