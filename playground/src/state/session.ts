// The one open database of the page: opening, switching, deleting, and what is known about it. Every view reads these
// signals; nobody else holds a Database.
import { batch, signal } from '@preact/signals'
import { type Database, deleteDatabase, listDatabases, open, TimeoutError } from 'datasync'
import { formatNumber } from '../format.ts'
import { type Catalog, readCatalog } from './catalog.ts'
import { errorSpan, loadEnd, outcome } from './outcome.ts'
import { describeError, type Problem } from './problem.ts'
import { store, stored } from './stored.ts'
import { watchTabs } from './tabs.ts'

export type StorageWish = 'auto' | 'opfs' | 'indexeddb' | 'memory'
export type DurabilityWish = 'strict' | 'relaxed'

export interface OpenWish {
  readonly name: string
  readonly storage: StorageWish
  readonly durability: DurabilityWish
}

export type Session =
  | { readonly phase: 'opening'; readonly wish: OpenWish }
  | { readonly phase: 'open'; readonly wish: OpenWish; readonly db: Database; readonly openedInMs: number }
  | { readonly phase: 'failed'; readonly wish: OpenWish; readonly problem: Problem }

const FIRST_NAME = 'playground.db'
const PATIENCE_MS = 1500

export const session = signal<Session>({ phase: 'opening', wish: lastWish() })
export const catalog = signal<Catalog | undefined>(undefined)
/** Said once after a database was opened; the user can close it. */
export const notice = signal<string | undefined>(undefined)
export const space = signal<{ readonly usage: number; readonly quota: number } | undefined>(undefined)
export const persisted = signal<boolean | undefined>(undefined)

function lastWish(): OpenWish {
  const storage = stored('storage')
  return {
    name: stored('database') ?? FIRST_NAME,
    storage: storage === 'opfs' || storage === 'indexeddb' || storage === 'memory' ? storage : 'auto',
    durability: stored('durability') === 'relaxed' ? 'relaxed' : 'strict',
  }
}

export function openLastDatabase(): Promise<void> {
  return openDatabase(lastWish())
}

let turn: Promise<void> = Promise.resolve()
let unwatchTabs = () => {}

/** Closes what is open and opens `wish`, one after another; never rejects: a failure is a phase of the session. */
export function openDatabase(wish: OpenWish): Promise<void> {
  turn = turn.then(() => replace(wish))
  return turn
}

async function replace(wish: OpenWish): Promise<void> {
  const before = session.value
  batch(() => {
    session.value = { phase: 'opening', wish }
    catalog.value = undefined
    notice.value = undefined
    if (before.wish.name === wish.name) return
    for (const about of [outcome, errorSpan, loadEnd]) about.value = undefined
  })
  try {
    if (before.phase === 'open') await close(before.db)
    const started = performance.now()
    const db = await open(wish.name, { storage: wish.storage, durability: wish.durability })
    session.value = { phase: 'open', wish, db, openedInMs: performance.now() - started }
    unwatchTabs = watchTabs(db)
    db.on('reopened', () => void refresh())
    store('database', wish.name)
    store('storage', wish.storage)
    store('durability', wish.durability)
    await refresh()
    notice.value = welcomeBack(db)
  } catch (error) {
    session.value = { phase: 'failed', wish, problem: describeError(error) }
  }
}

// A statement that runs on is ended with its worker: nothing acknowledged is lost by that.
async function close(db: Database): Promise<void> {
  unwatchTabs()
  try {
    await db.close({ timeoutMs: PATIENCE_MS })
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error
  }
}

/** After a statement was stopped: if the engine is still at it a moment later, ends its worker and opens anew. */
export async function reopenIfStuck(): Promise<void> {
  const current = session.value
  if (current.phase !== 'open') return
  try {
    await current.db.value('SELECT 1', [], { timeoutMs: PATIENCE_MS })
  } catch (error) {
    if (!(error instanceof TimeoutError)) return
    await openDatabase(current.wish)
    notice.value = 'The statement would not end, so its worker was ended and the database reopened.'
  }
}

function welcomeBack(db: Database): string | undefined {
  if (db.info.created) return undefined
  const tables = catalog.value?.tables.filter((table) => table.kind === 'table') ?? []
  if (tables.length === 0) return `Reopened ${db.info.name}. It has no tables yet.`
  const rows = tables.reduce((sum, table) => sum + (table.rows ?? 0), 0)
  const count = tables.length === 1 ? '1 table' : `${tables.length} tables`
  return `Reopened ${db.info.name}: ${count}, ${formatNumber(rows)} rows, as you left them.`
}

/** Reads the catalogue and the used space again, after anything that may have changed them; never rejects. */
export async function refresh(): Promise<void> {
  const current = session.value
  if (current.phase !== 'open') return
  try {
    const read = await readCatalog(current.db)
    if (session.value === current) catalog.value = read
    await refreshSpace()
  } catch (error) {
    if (session.value === current) notice.value = `The tables could not be listed. ${describeError(error).message}`
  }
}

async function refreshSpace(): Promise<void> {
  // WebKitGTK and pages without a secure context have no storage manager.
  const manager: StorageManager | undefined = navigator.storage
  const estimate = await manager?.estimate?.()
  space.value = estimate?.quota === undefined ? undefined : { usage: estimate.usage ?? 0, quota: estimate.quota }
  persisted.value = await manager?.persisted?.()
}

/** Asks the browser not to evict this site's data; gives its answer. */
export async function askToPersist(): Promise<boolean> {
  const granted = await navigator.storage.persist()
  await refreshSpace()
  return granted
}

export { listDatabases }

/** Deletes a database. If it is the open one it is closed first, and another one opened in its place. */
export async function removeDatabase(name: string): Promise<void> {
  const current = session.value
  if (current.phase !== 'open' || current.wish.name !== name) {
    await deleteDatabase(name)
    return
  }
  let next = current.wish
  try {
    await close(current.db)
    await deleteDatabase(name)
    const [other] = await listDatabases()
    next = { ...current.wish, name: other?.name ?? FIRST_NAME, storage: 'auto' }
  } finally {
    await openDatabase(next)
  }
}
