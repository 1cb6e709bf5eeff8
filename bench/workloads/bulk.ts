// Many rows in one transaction, from an application in the worker and from the page.
import { CREATE_PEOPLE, INSERT_PERSON, people } from './people.ts'
import { check, single, type Workload } from './workload.ts'

const common = {
  unit: 'rows',
  writes: true,
  count: { full: 100_000, small: 20_000, toy: 2000 },
  fill: async () => {},
  before: (db) => db.exec(`DROP TABLE IF EXISTS people; ${CREATE_PEOPLE}`),
} satisfies Partial<Workload> & { readonly unit: string }

export const bulkInWorker = single(
  {
    ...common,
    name: 'bulk-worker',
    id: 'W2',
    title: 'rows in one transaction, in the worker',
    inWorker: true,
    needs: ['in-worker'],
  },
  async (db, count) => {
    check(db.task !== undefined, 'it can work in the worker')
    await db.task('bulk', count)
  },
)

export const bulk = single(
  { ...common, name: 'bulk', id: 'W2m', title: 'rows in one transaction, from the page' },
  (db, count) => db.runMany(INSERT_PERSON, people(count)),
)
