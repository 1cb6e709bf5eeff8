// Three pages on one database, each with 200 reads and 50 writes at once. The count is calls of one page.

import type { Connection } from '../adapters/adapter.ts'
import { fillPeople, INSERT_PERSON, person } from './people.ts'
import { SELECT_ONE } from './statements.ts'
import { check, single } from './workload.ts'

export const TABS = 3
const ROWS = 1000
/** Every fifth call writes. */
const WRITE_EVERY = 5
/** New rows of all pages and rounds have keys of their own. */
const ROUND_KEYS = 10_000

export const writesOf = (count: number) => Math.floor(count / WRITE_EVERY)

/** Issues all calls of one page; counts those that fail. */
export async function burst(db: Connection, count: number, tab: number, round: number): Promise<number> {
  const firstKey = (round * TABS + tab + 1) * ROUND_KEYS
  const calls = Array.from({ length: count }, async (_, index) => {
    if (index % WRITE_EVERY === WRITE_EVERY - 1) return db.run(INSERT_PERSON, person(firstKey + index))
    const rows = await db.query(SELECT_ONE, [1 + ((index * 7) % ROWS)])
    check(rows.length === 1, 'the row of its key')
  })
  const settled = await Promise.allSettled(calls)
  return settled.filter(({ status }) => status === 'rejected').length
}

export const tabs = single(
  {
    name: 'three-tabs',
    id: 'W11',
    title: `${TABS} pages at once, 200 reads and 50 writes each`,
    figure: 'ms',
    unit: 'calls',
    kind: 'tabs',
    writes: true,
    count: { full: 250, small: 250, toy: 25 },
    fill: (db) => fillPeople(db, ROWS),
  },
  async () => {
    throw new Error('It is run by several pages.')
  },
)
