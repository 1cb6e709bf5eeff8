// What a report asks for: ranges of an index, a join, groups. The count is rows of the larger table.
import type { Value } from '../adapters/adapter.ts'
import { fillPeople } from './people.ts'
import { check, type Workload } from './workload.ts'

const DAYS = 1000
const RANGES = 100
const VISITS_PER_PERSON = 2

function* visits(count: number, persons: number): Generator<Value[]> {
  for (let id = 1; id <= count; id++)
    yield [id, 1 + ((id * 7919) % persons), (id * 48_271) % DAYS, ((id * 31) % 1000) / 4]
}

export const analysis: Workload = {
  name: 'analysis',
  parts: [
    { name: 'range', id: 'W7r', title: `${RANGES} ranges of an index`, figure: 'ms', unit: 'rows' },
    { name: 'join', id: 'W7j', title: 'join of two tables, grouped', figure: 'ms', unit: 'rows' },
    { name: 'group', id: 'W7g', title: 'groups without an index', figure: 'ms', unit: 'rows' },
  ],
  writes: false,
  needs: ['sql'],
  count: { full: 200_000, small: 40_000, toy: 2000 },
  async fill(db, count) {
    const persons = count / VISITS_PER_PERSON
    await fillPeople(db, persons)
    await db.exec('CREATE TABLE visit (id INTEGER PRIMARY KEY, person INTEGER, day INTEGER, amount REAL)')
    await db.runMany('INSERT INTO visit (id, person, day, amount) VALUES (?, ?, ?, ?)', visits(count, persons))
    await db.exec('CREATE INDEX visit_day ON visit (day)')
  },
  async run(db, count, timed) {
    await timed('range', async () => {
      for (let index = 0; index < RANGES; index += 1) {
        const from = (index * 97) % (DAYS - 10)
        const [row] = await db.query(
          'SELECT count(*) AS n, sum(amount) AS total FROM visit WHERE day BETWEEN ? AND ?',
          [from, from + 9],
        )
        check(Math.abs(Number(row?.n) - count / 100) <= 10, 'a hundredth of the rows')
      }
    })
    await timed('join', async () => {
      const rows = await db.query(
        'SELECT p.country, count(*) AS n, sum(v.amount) AS total FROM visit v JOIN people p ON p.id = v.person GROUP BY p.country ORDER BY p.country',
      )
      check(rows.length === 4 && rows.reduce((sum, { n }) => sum + Number(n), 0) === count, 'every visit in a country')
    })
    await timed('group', async () => {
      const rows = await db.query(
        'SELECT person % 1000 AS bucket, count(*) AS n, max(amount) AS most FROM visit GROUP BY person % 1000 ORDER BY 2 DESC, 1 LIMIT 20',
      )
      check(rows.length === 20, 'the largest groups')
    })
  },
}
