// The page of the bench of large databases: fills one, and measures from `open` to the first row.
import { open } from '../../src/index.ts'

const PORTION_ROWS = 20_000
const ROW_BYTES = 1000

const REWRITES = [
  ['update every row', 'UPDATE big SET body = randomblob(length(body))'],
  ['delete every third row', 'DELETE FROM big WHERE id % 3 = 0'],
  ['create an index', 'CREATE INDEX big_body ON big (body)'],
  ['vacuum', 'VACUUM'],
] as const

const steps = {
  /** Fills a new database in portions and rewrites all of it. */
  async fill({ name, megabytes }: { name: string; megabytes: number }) {
    const db = await open(name, { storage: 'opfs', timeoutMs: 0 })
    await db.exec('CREATE TABLE big (id INTEGER PRIMARY KEY, body BLOB)')
    const rows = Math.round((megabytes * 1e6) / ROW_BYTES)
    for (let from = 1; from <= rows; from += PORTION_ROWS) {
      const to = Math.min(rows, from + PORTION_ROWS - 1)
      await db.exec(`WITH RECURSIVE n (i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to})
        INSERT INTO big SELECT i, randomblob(${ROW_BYTES - 20}) FROM n`)
    }
    await db.exec('UPDATE big SET body = randomblob(length(body)) WHERE id % 2 = 0')
    await db.close()
  },
  /** Rewrites everything in each way that touches all of it; the heap never shrinks, so its size after each is its peak. */
  async rewrite(name: string): Promise<{ what: string; ms: number; heapBytes: number }[]> {
    const db = await open(name, { storage: 'opfs', timeoutMs: 0 })
    const all: { what: string; ms: number; heapBytes: number }[] = []
    for (const [what, sql] of REWRITES) {
      const startedMs = performance.now()
      await db.exec(sql)
      const ms = performance.now() - startedMs
      const { wasmHeapBytes = Number.NaN } = await db.metrics()
      all.push({ what, ms, heapBytes: wasmHeapBytes })
    }
    const integrity = await db.value('PRAGMA integrity_check')
    if (integrity !== 'ok') throw new Error(`integrity_check: ${integrity}`)
    await db.close()
    return all
  },
  async firstRowMs(name: string) {
    const startedMs = performance.now()
    const db = await open(name)
    await db.get('SELECT length(body) FROM big WHERE id = 1')
    const ms = performance.now() - startedMs
    await db.close()
    return ms
  },
}

export type BigSteps = typeof steps
Object.assign(globalThis, { steps })
