// A large result, as objects: all at once, and row by row.
import { fillPeople } from './people.ts'
import { SELECT_ALL } from './statements.ts'
import { check, single, type Workload } from './workload.ts'

const common = {
  writes: false,
  unit: 'rows',
  count: { full: 100_000, small: 20_000, toy: 2000 },
  fill: fillPeople,
} satisfies Partial<Workload> & { readonly unit: string }

export const queryRows = single(
  { ...common, name: 'query', id: 'W5', title: 'query, rows of 5 columns' },
  async (db, count) => {
    const rows = await db.query(SELECT_ALL)
    check(rows.length === count && Number(rows[count - 1]?.id) === count, 'every row')
  },
)

export const streamRows = single(
  { ...common, name: 'stream', id: 'W5s', title: 'stream, rows of 5 columns' },
  async (db, count) => {
    let taken = 0
    for await (const row of db.stream(SELECT_ALL)) {
      taken++
      check(row.id === taken, 'the rows in order')
    }
    check(taken === count, 'every row')
  },
)
