// Rows changed one by one under an index, half of the table deleted, and the file made small again. The count is updates.
import { CREATE_PEOPLE, INSERT_PERSON, keys, people } from './people.ts'
import { CREATE_INDEX, DELETE_HALF, UPDATE_PERSON } from './statements.ts'
import type { Workload } from './workload.ts'

const ROWS_PER_UPDATE = 10

export const changes: Workload = {
  name: 'changes',
  parts: [
    {
      name: 'update',
      id: 'W8u',
      title: 'updates of random rows with an index, one transaction',
      figure: 'ms',
      unit: 'rows',
    },
    {
      name: 'delete',
      id: 'W8d',
      title: 'half of the rows deleted',
      figure: 'ms',
      unit: 'rows',
      share: ROWS_PER_UPDATE / 2,
    },
    {
      name: 'vacuum',
      id: 'W8v',
      title: 'vacuum',
      figure: 'ms',
      unit: 'rows',
      share: ROWS_PER_UPDATE / 2,
      needs: ['sql'],
    },
  ],
  writes: true,
  cold: true,
  count: { full: 10_000, small: 2000, toy: 200 },
  fill: async () => {},
  async before(db, count) {
    await db.exec(`DROP TABLE IF EXISTS people; ${CREATE_PEOPLE}`)
    await db.runMany(INSERT_PERSON, people(count * ROWS_PER_UPDATE))
    await db.exec(CREATE_INDEX)
  },
  async run(db, count, timed) {
    const all = keys(count, count * ROWS_PER_UPDATE)
    await timed('update', () =>
      db.runMany(
        UPDATE_PERSON,
        all.map((id) => [`changed.${id}@example.org`, id]),
      ),
    )
    await timed('delete', () => db.run(DELETE_HALF, []))
    await timed('vacuum', () => db.exec('VACUUM'))
  },
}
