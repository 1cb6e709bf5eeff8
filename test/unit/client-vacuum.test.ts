// The time that VACUUM may take. It rewrites the whole database, and was ended after 30 s like any statement.
import { expect, it } from 'vitest'
import { openWith } from '../../src/client/open.ts'
import { FakePlatform } from '../support/fake-engine.ts'

it('is not limited unless a limit is asked for', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db', { timeoutMs: 5000 })
  await db.run('VACUUM')
  await db.run('-- smaller\nvacuum')
  await db.run('VACUUM', [], { timeoutMs: 700 })
  await db.run('DELETE FROM vacuum')
  const [bare, commented, limited, other] = platform.engine.requests.map((request) =>
    request.type === 'statement' ? request.timeoutMs : undefined,
  )
  expect([bare, commented]).toEqual([0, 0])
  expect(limited).toBeGreaterThan(0)
  expect(limited).toBeLessThanOrEqual(700)
  expect(other).toBeGreaterThan(700)
  expect(other).toBeLessThanOrEqual(5000)
})

it('a script with VACUUM in it has no limit either', async () => {
  const platform = new FakePlatform()
  platform.script = ({ seq }) => ({ type: 'done', seq })
  const db = await openWith(platform, 'app.db', { timeoutMs: 5000 })
  await db.exec('DELETE FROM t; VACUUM')
  await db.exec('DELETE FROM t')
  const times = platform.engine.requests.map((request) => (request.type === 'script' ? request.timeoutMs : undefined))
  expect(times[0]).toBe(0)
  expect(times[1]).toBeGreaterThan(0)
})
