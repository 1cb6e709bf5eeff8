// Reading a whole database far larger than any cache: with new caches, and again. The count is megabytes.
import type { Connection, Value } from '../adapters/adapter.ts'
import { check, type Workload } from './workload.ts'

/** So that four rows fill a page of 4096 bytes, without overflow pages that a scan would skip. */
const BODY_BYTES = 980
const ROWS_PER_MEGABYTE = 1000
const PORTION_ROWS = 10_000

async function fill(db: Connection, megabytes: number): Promise<void> {
  await db.exec('CREATE TABLE big (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, body BLOB NOT NULL)')
  const rows = megabytes * ROWS_PER_MEGABYTE
  for (let from = 1; from <= rows; from += PORTION_ROWS) {
    await db.runMany('INSERT INTO big VALUES (?, ?, ?)', portion(from, Math.min(rows, from + PORTION_ROWS - 1)))
  }
}

function* portion(from: number, to: number): Generator<Value[]> {
  const body = new Uint8Array(BODY_BYTES)
  let state = from
  for (let id = from; id <= to; id++) {
    for (let at = 0; at < body.length; at += 4) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      body[at] = state >>> 24
    }
    yield [id, id % 1000, body]
  }
}

async function run(db: Connection, megabytes: number): Promise<void> {
  const rows = megabytes * ROWS_PER_MEGABYTE
  const [row] = await db.query('SELECT count(n) AS rows, sum(n) AS sum FROM big')
  check(row?.rows === rows && row.sum === (rows / 1000) * 499_500, 'the sum over every row')
}

const common = {
  writes: false,
  unit: 'MB',
  needs: ['sql'],
  cacheBytes: 2 << 20,
  count: { full: 200, small: 40, quick: 10 },
  fill,
  run,
} satisfies Partial<Workload>

export const scanCold: Workload = {
  ...common,
  name: 'scan-cold',
  id: 'W6c',
  title: 'scan, new worker and caches, MB',
  cold: true,
}
export const scanWarm: Workload = {
  ...common,
  name: 'scan-warm',
  id: 'W6w',
  title: 'scan again, MB',
  async before(db) {
    await db.query('SELECT count(n) FROM big')
  },
}
