// From a ready page to the first row of an existing database of 10 MB: worker, wasm, opening, one point select.
import { fillPeople } from './people.ts'
import { SELECT_ONE } from './statements.ts'
import { check, single } from './workload.ts'

const ROWS_PER_MEGABYTE = 16_000
const KEY = 50

export const start = single(
  {
    name: 'first-row',
    id: 'W1',
    title: 'start: worker, opening 10 MB, first row',
    figure: 'ms',
    unit: 'MB',
    writes: false,
    opens: true,
    count: { full: 10, small: 10, toy: 1 },
    fill: (db, count) => fillPeople(db, count * ROWS_PER_MEGABYTE),
  },
  async (db) => {
    const [row] = await db.query(SELECT_ONE, [KEY])
    check(row?.name === `name number ${KEY}`, 'the row of its key')
  },
)
