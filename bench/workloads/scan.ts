// Reading a whole database far larger than its cache: with new caches, again, and after random updates have scattered its
// pages. The count is megabytes.
import type { Connection, Value } from '../adapters/adapter.ts'
import { keys } from './people.ts'
import { check, single, type Workload } from './workload.ts'

/** So that four rows fill a page of 4096 bytes, without overflow pages that a scan would skip. */
const BODY_BYTES = 980
const ROWS_PER_MEGABYTE = 1000
const PORTION_ROWS = 10_000
/** Of the aged database: 300 000 in the full size of 200 MB. */
const UPDATES_PER_MEGABYTE = 1500

async function fill(db: Connection, megabytes: number): Promise<void> {
  await db.exec('CREATE TABLE big (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, body BLOB NOT NULL)')
  const rows = megabytes * ROWS_PER_MEGABYTE
  for (let from = 1; from <= rows; from += PORTION_ROWS) {
    await db.runMany('INSERT INTO big VALUES (?, ?, ?)', portion(from, Math.min(rows, from + PORTION_ROWS - 1)))
  }
}

async function fillAndUpdate(db: Connection, megabytes: number): Promise<void> {
  await fill(db, megabytes)
  const all = keys(megabytes * UPDATES_PER_MEGABYTE, megabytes * ROWS_PER_MEGABYTE)
  for (let at = 0; at < all.length; at += PORTION_ROWS) {
    const parameters = all.slice(at, at + PORTION_ROWS).map((id) => [id])
    await db.runMany('UPDATE big SET body = randomblob(980) WHERE id = ?', parameters)
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
    yield [id, id % 1000, body.slice()]
  }
}

async function run(db: Connection, megabytes: number): Promise<void> {
  const rows = megabytes * ROWS_PER_MEGABYTE
  // In Postgres both are texts.
  const [row] = await db.query('SELECT count(n) AS n, sum(n) AS total FROM big')
  check(Number(row?.n) === rows && Number(row?.total) === (rows / 1000) * 499_500, 'the sum over every row')
}

const common = {
  writes: false,
  unit: 'MB',
  needs: ['sql', 'page-cache'],
  cacheBytes: 2 << 20,
  count: { full: 200, small: 40, toy: 4 },
  fill,
} satisfies Partial<Workload> & { readonly unit: string }

export const scanCold = single(
  { ...common, name: 'scan-cold', id: 'W6c', title: 'scan after reopening, 2 MiB cache', cold: true },
  run,
)
export const scanWarm = single(
  {
    ...common,
    name: 'scan-warm',
    id: 'W6w',
    title: 'scan again, 2 MiB cache',
    async before(db) {
      await db.query('SELECT count(n) AS n FROM big')
    },
  },
  run,
)
export const scanAged = single(
  {
    ...common,
    name: 'scan-aged',
    id: 'W6a',
    title: 'scan after reopening, after 1500 random updates per MB',
    cold: true,
    ownOnly: true,
    fill: fillAndUpdate,
  },
  run,
)
