// A large result, as objects: all at once, and row by row.
import { fillPeople } from './people.ts'
import { check, type Workload } from './workload.ts'

const SELECT = 'SELECT * FROM people'

const common = {
  writes: false,
  count: { full: 100_000, quick: 5000 },
  fill: fillPeople,
} satisfies Partial<Workload>

export const queryRows: Workload = {
  ...common,
  name: 'query',
  title: 'query, rows of 5 columns',
  async run(db, count) {
    const rows = await db.query(SELECT)
    check(rows.length === count && rows[count - 1]?.id === count, 'every row')
  },
}

export const streamRows: Workload = {
  ...common,
  name: 'stream',
  title: 'stream, rows of 5 columns',
  async run(db, count) {
    let taken = 0
    for await (const row of db.stream(SELECT)) {
      taken++
      check(row.id === taken, 'the rows in order')
    }
    check(taken === count, 'every row')
  },
}
