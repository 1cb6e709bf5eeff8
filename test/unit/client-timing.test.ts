// Where the time of a call went, as a caller hears it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../src/client/database.ts'
import { openWith } from '../../src/client/open.ts'
import type { CallTiming } from '../../src/client/timing.ts'
import { inProcessPlatform } from '../support/in-process-worker.ts'

const ROWS = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) SELECT i, i * i FROM n'

let db: Database
beforeAll(async () => {
  db = await openWith(inProcessPlatform(), 'app.db', { storage: 'memory' })
})
afterAll(() => db.close())

describe('onTiming', () => {
  test('is called once before the result is there, with parts that cover the whole', async () => {
    for (const call of calls()) {
      const heard: CallTiming[] = []
      await call((timing) => heard.push(timing))
      expect(heard).toHaveLength(1)
      const { queueMs, runMs, transferMs, decodeMs, totalMs } = heard[0]!
      for (const part of [queueMs, runMs, transferMs, decodeMs]) expect(part).toBeGreaterThanOrEqual(0)
      expect(queueMs + runMs + transferMs + decodeMs).toBeGreaterThanOrEqual(totalMs - 1e-6)
      expect(runMs).toBeGreaterThan(0)
    }
  })

  test('is not called for a call that fails', async () => {
    const heard: CallTiming[] = []
    await expect(db.query('SELECT nonsense', [], { onTiming: (one) => heard.push(one) })).rejects.toThrow(/nonsense/)
    expect(heard).toEqual([])
  })

  test('is refused unless it is a function', async () => {
    // @ts-expect-error: what a caller without types may pass
    await expect(db.run('SELECT 1', [], { onTiming: true })).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})

function calls(): ((onTiming: (timing: CallTiming) => void) => Promise<unknown>)[] {
  return [
    (onTiming) => db.query(ROWS, [], { onTiming }),
    (onTiming) => db.get(ROWS, [], { onTiming }),
    (onTiming) => db.value(ROWS, [], { onTiming }),
    (onTiming) => db.run('CREATE TABLE IF NOT EXISTS t (id)', [], { onTiming }),
    (onTiming) => db.batch([['SELECT 1'], ['SELECT 2']], { onTiming }),
    async (onTiming) => {
      for await (const _ of db.stream(ROWS, [], { onTiming }));
    },
    (onTiming) => db.transaction((tx) => tx.query(ROWS, [], { onTiming })),
  ]
}
