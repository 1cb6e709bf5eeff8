// Single rows by their key, in the three ways that a page can ask: all in one message, one after another, in groups.
import { fillPeople, keys } from './people.ts'
import { SELECT_ONE } from './statements.ts'
import { check, type Workload } from './workload.ts'

const ROWS_PER_SELECT = 20
const GROUP = 100

const common = {
  writes: false,
  count: { full: 5000, small: 1000, quick: 500 },
  fill: (db, count) => fillPeople(db, count * ROWS_PER_SELECT),
} satisfies Partial<Workload>

export const selectsInWorker: Workload = {
  ...common,
  name: 'selects-worker',
  id: 'W4a',
  title: 'point selects, in one message',
  async run(db, count) {
    const results = await db.queryAll(
      SELECT_ONE,
      keys(count, count * ROWS_PER_SELECT).map((key) => [key]),
    )
    check(results.length === count && results.every((rows) => rows.length === 1), 'a row per key')
  },
}

export const selectsAwaited: Workload = {
  ...common,
  name: 'selects-awaited',
  id: 'W4b',
  title: 'point selects, each awaited',
  async run(db, count) {
    for (const key of keys(count, count * ROWS_PER_SELECT)) {
      const [row] = await db.query(SELECT_ONE, [key])
      check(row?.name === `name number ${key}`, 'the row of its key')
    }
  },
}

export const selectsGrouped: Workload = {
  ...common,
  name: 'selects-grouped',
  id: 'W4c',
  title: `point selects, ${GROUP} at a time`,
  async run(db, count) {
    const all = keys(count, count * ROWS_PER_SELECT)
    for (let at = 0; at < all.length; at += GROUP) {
      const results = await Promise.all(all.slice(at, at + GROUP).map((key) => db.query(SELECT_ONE, [key])))
      check(
        results.every((rows) => rows.length === 1),
        'a row per key',
      )
    }
  },
}
