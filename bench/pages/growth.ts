// The page of the measurements of growth.
import { type Database, deleteDatabase, open } from '../../src/index.ts'

const ROWS_PER_MEGABYTE = 1000
const PORTION = 20_000
const CACHE_BYTES = 8 << 20
const COMMITS = 50
const SELECTS = 500

const nameOf = (megabytes: number) => `growth-${megabytes}.db`
const openAt = (megabytes: number) =>
  open(nameOf(megabytes), { storage: 'opfs', cacheBytes: CACHE_BYTES, timeoutMs: 0 })

let db: Database | undefined

function* rows(from: number, to: number): Generator<[number, Uint8Array]> {
  for (let id = from; id < to; id++) yield [id, new Uint8Array(980).fill(id)]
}

const steps = {
  async fill(megabytes: number): Promise<void> {
    await deleteDatabase(nameOf(megabytes))
    const filled = await openAt(megabytes)
    await filled.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB NOT NULL)')
    const end = megabytes * ROWS_PER_MEGABYTE
    for (let from = 0; from < end; from += PORTION)
      await filled.runMany('INSERT INTO t VALUES (?, ?)', rows(from, Math.min(end, from + PORTION)))
    await filled.close()
  },
  /** Milliseconds to the first row, of a commit and of a select all over the database, and MB of SQLite's heap. */
  async measure(megabytes: number): Promise<Record<string, number>> {
    const end = megabytes * ROWS_PER_MEGABYTE
    const openedMs = performance.now()
    const opened = await openAt(megabytes)
    await opened.get('SELECT id FROM t WHERE id = ?', [end >> 1])
    const startMs = performance.now() - openedMs
    const selectMs = performance.now()
    for (let index = 0; index < SELECTS; index += 1)
      await opened.get('SELECT length(body) AS n FROM t WHERE id = ?', [(index * 48_271) % end])
    const commitMs = performance.now()
    for (let index = 0; index < COMMITS; index += 1)
      await opened.run('UPDATE t SET body = zeroblob(980) WHERE id = ?', [(index * 7919) % end])
    const doneMs = performance.now()
    const { wasmHeapBytes = 0 } = await opened.metrics()
    await opened.close()
    return {
      'start to first row': startMs,
      'point select': (commitMs - selectMs) / SELECTS,
      'durable commit': (doneMs - commitMs) / COMMITS,
      "SQLite's heap": wasmHeapBytes / 1e6,
    }
  },
  async open(megabytes: number): Promise<void> {
    db = await openAt(megabytes)
  },
  /** One transaction that changes so many pages: four rows fill one. */
  async commit({ megabytes, count }: { megabytes: number; count: number }): Promise<number> {
    db ??= await openAt(megabytes)
    const startedMs = performance.now()
    await db.run('UPDATE t SET body = randomblob(980) WHERE id < ?', [count * 4])
    return performance.now() - startedMs
  },
  /** Milliseconds of so many calls given at once, every fifth a write. */
  async calls(count: number): Promise<number> {
    const opened = db
    if (!opened) throw new Error('Nothing is open.')
    const startedMs = performance.now()
    await Promise.all(
      Array.from({ length: count }, (_, index) =>
        index % 5 === 4
          ? opened.run('UPDATE t SET body = zeroblob(980) WHERE id = ?', [index])
          : opened.get('SELECT length(body) AS n FROM t WHERE id = ?', [index]),
      ),
    )
    return performance.now() - startedMs
  },
}

export type GrowthSteps = typeof steps
Object.assign(globalThis, { steps })
