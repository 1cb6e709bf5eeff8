// Many rows in one transaction.
import { CREATE_PEOPLE, INSERT_PERSON, people } from './people.ts'
import type { Workload } from './workload.ts'

export const bulk: Workload = {
  name: 'bulk',
  id: 'W2m',
  unit: 'rows',
  title: 'runMany, one transaction',
  writes: true,
  count: { full: 100_000, small: 20_000, quick: 5000 },
  fill: async () => {},
  before: (db) => db.exec(`DROP TABLE IF EXISTS people; ${CREATE_PEOPLE}`),
  run: (db, count) => db.runMany(INSERT_PERSON, people(count)),
}
