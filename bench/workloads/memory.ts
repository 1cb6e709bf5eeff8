// What a page holds after it has written and read as an application does: W2m and W4c on one connection.
import { bulk } from './bulk.ts'
import { keys } from './people.ts'
import { SELECT_ONE } from './statements.ts'
import { check, single } from './workload.ts'

const SELECTS_SHARE = 0.05

export const memory = single(
  {
    name: 'memory',
    id: 'W10',
    title: 'memory after W2m and W4b, over an empty page',
    figure: 'MB',
    unit: 'rows',
    writes: false,
    kind: 'memory',
    cold: true,
    count: bulk.count,
    fill: async () => {},
    ...(bulk.before && { before: bulk.before }),
  },
  async (db, count) => {
    await bulk.run(db, count, (_, work) => work())
    for (const key of keys(count * SELECTS_SHARE, count))
      check((await db.query(SELECT_ONE, [key])).length === 1, 'a row per key')
  },
)
