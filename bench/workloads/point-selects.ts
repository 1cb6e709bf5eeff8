// Single rows by their key: by an application in the worker, and from the page one after another and in groups.
import { fillPeople, keys } from './people.ts'
import { SELECT_ONE } from './statements.ts'
import { ROWS_PER_SELECT } from './tasks.ts'
import { check, single, type Workload } from './workload.ts'

const ROWS_PER_SELECT_OF_THE_PAGE = 20
const GROUP = 100

const common = {
  writes: false,
  unit: 'selects',
  count: { full: 5000, small: 1000, toy: 50 },
  fill: (db, count) => fillPeople(db, count * ROWS_PER_SELECT_OF_THE_PAGE),
} satisfies Partial<Workload> & { readonly unit: string }

export const selectsInWorker = single(
  {
    ...common,
    name: 'selects-worker',
    id: 'W4a',
    title: 'point selects, in the worker',
    inWorker: true,
    needs: ['in-worker'],
    count: { full: 20_000, small: 4000, toy: 400 },
    fill: (db, count) => fillPeople(db, count * ROWS_PER_SELECT),
  },
  async (db, count) => {
    check(db.task !== undefined, 'it can work in the worker')
    await db.task('selects', count)
  },
)

export const selectsAwaited = single(
  { ...common, name: 'selects-awaited', id: 'W4b', title: 'point selects, each awaited' },
  async (db, count) => {
    for (const key of keys(count, count * ROWS_PER_SELECT_OF_THE_PAGE)) {
      const [row] = await db.query(SELECT_ONE, [key])
      check(row?.name === `name number ${key}`, 'the row of its key')
    }
  },
)

export const selectsGrouped = single(
  { ...common, name: 'selects-grouped', id: 'W4c', title: `point selects, ${GROUP} at a time` },
  async (db, count) => {
    const all = keys(count, count * ROWS_PER_SELECT_OF_THE_PAGE)
    for (let at = 0; at < all.length; at += GROUP) {
      const results = await Promise.all(all.slice(at, at + GROUP).map((key) => db.query(SELECT_ONE, [key])))
      check(
        results.every((rows) => rows.length === 1),
        'a row per key',
      )
    }
  },
)
