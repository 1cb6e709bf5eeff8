// A tab of the measurements with several tabs: opens the database, and can measure how long it is left without answers.
import { type Database, open } from '../../src/index.ts'

if (location.search === '?no-broker') Reflect.deleteProperty(globalThis, 'SharedWorker')

export type Burst = { readonly startedMs: number; readonly endedMs: number; readonly failed: number }

const workers: Worker[] = []
globalThis.Worker = class extends Worker {
  constructor(url: string | URL, options?: WorkerOptions) {
    super(url, options)
    workers.push(this)
  }
}

let database: Database
let gap: Promise<number> | undefined

export const steps = {
  async open(): Promise<string> {
    database = await open('tabs.db')
    await database.exec('CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, a TEXT)')
    await database.run("INSERT OR IGNORE INTO t VALUES (1, 'one')")
    return database.info.role
  },
  close: () => database.close(),
  terminateWorker: () => workers.at(-1)?.terminate(),
  /** Begins to write one row after the other for so long. */
  watch(durationMs: number): void {
    gap = longestGap(durationMs)
  },
  /** The longest time between two answered writes, in milliseconds. */
  longestGap: () => gap ?? 0,
  burst,
  count: () => database.value<number>('SELECT count(*) FROM t'),
  /** The mean round trip of a read of one row, in milliseconds; the clock of a page is too coarse for one. */
  async readMs(count: number): Promise<number> {
    const startedMs = performance.now()
    for (let index = 0; index < count; index += 1) await database.get('SELECT a FROM t WHERE id = 1')
    return (performance.now() - startedMs) / count
  },
}

/** 200 reads and 50 writes, all at once, begun at a moment that all tabs share. */
async function burst(atMs: number): Promise<Burst> {
  await new Promise((resolve) => setTimeout(resolve, atMs - Date.now()))
  const calls: Promise<unknown>[] = []
  const startedMs = performance.timeOrigin + performance.now()
  for (let index = 0; index < 250; index += 1) {
    if (index % 5 === 4) calls.push(database.run('INSERT INTO t (a) VALUES (?)', [`row ${index}`]))
    else calls.push(database.get('SELECT a FROM t WHERE id = 1'))
  }
  const settled = await Promise.allSettled(calls)
  const failed = settled.filter(({ status }) => status === 'rejected').length
  return { startedMs, endedMs: performance.timeOrigin + performance.now(), failed }
}

async function longestGap(durationMs: number): Promise<number> {
  const endMs = performance.now() + durationMs
  let longest = 0
  let lastMs = performance.now()
  while (performance.now() < endMs) {
    await database.run("INSERT INTO t (a) VALUES ('next')")
    longest = Math.max(longest, performance.now() - lastMs)
    lastMs = performance.now()
  }
  return longest
}

export type TabsSteps = typeof steps
Object.assign(globalThis, { steps })
