// Many small transactions: one after another, and all at once. Each is as durable as was asked for when it is answered.
import { CREATE_PEOPLE, INSERT_PERSON, people } from './people.ts'
import { single, type Workload } from './workload.ts'

const common = {
  writes: true,
  unit: 'transactions',
  count: { full: 1000, small: 200, toy: 20 },
  fill: async () => {},
  before: (db) => db.exec(`DROP TABLE IF EXISTS people; ${CREATE_PEOPLE}`),
} satisfies Partial<Workload> & { readonly unit: string }

export const commitsAwaited = single(
  { ...common, name: 'commits-awaited', id: 'W3', title: 'commits, each awaited' },
  async (db, count) => {
    for (const row of people(count)) await db.run(INSERT_PERSON, row)
  },
)

export const commitsConcurrent = single(
  { ...common, name: 'commits-concurrent', id: 'W3b', title: 'commits, all at once' },
  async (db, count) => {
    await Promise.all(Array.from(people(count), (row) => db.run(INSERT_PERSON, row)))
  },
)
