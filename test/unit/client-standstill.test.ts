// Time limits do not count what a call waits for through no fault of its own: another leader. (An import's wait is in
// client-import-death.test.ts.) The next engine does not get ready until the test says so, and the clock is moved by hand.

import { beforeEach, expect, test } from 'vitest'
import type { Database } from '../../src/client/database.ts'
import { openWith } from '../../src/client/open.ts'
import { answerPlainly, type FakeEngine, FakePlatform } from '../support/fake-engine.ts'
import { settle } from '../support/manual-clock.ts'

const silent = () => undefined

let platform: FakePlatform
let db: Database
/** Lets the engine that was started last get ready. */
let ready: () => void

beforeEach(async () => {
  platform = new FakePlatform(silent)
  db = await openWith(platform, 'app.db', { timeoutMs: 0 })
  const { onHello } = platform
  platform.onHello = (engine: FakeEngine) => {
    ready = () => onHello.call(platform, engine)
  }
})

/** The code of the error with which a call ends, once it has. */
function watched(call: Promise<unknown>): { ended: unknown } {
  const state: { ended: unknown } = { ended: undefined }
  call.then(
    () => (state.ended = 'well'),
    (error: { code: string }) => (state.ended = error.code),
  )
  return state
}

test('the time of a call stands still until another engine is there, then what was left goes on', async () => {
  const call = watched(db.run('INSERT', [], { timeoutMs: 1000 }))
  await settle()
  await platform.clock.advance(900)
  platform.engine.vanish()
  await platform.clock.advance(20_000)
  expect(call.ended).toBeUndefined()
  ready()
  await settle()
  expect(platform.engine.requests).toMatchObject([{ type: 'statement', timeoutMs: 100 }])
  await platform.clock.advance(550)
  expect(call.ended).toBeUndefined()
  await platform.clock.advance(100)
  expect(call.ended).toBe('timeout')
})

test('a call made meanwhile has its whole time from then on', async () => {
  watched(db.run('INSERT', [], { timeoutMs: 0 }))
  await settle()
  platform.engine.vanish()
  await platform.clock.advance(5000)
  const call = watched(db.run('UPDATE', [], { timeoutMs: 1000 }))
  await platform.clock.advance(5000)
  platform.script = answerPlainly
  ready()
  await settle()
  expect(call.ended).toBe('well')
  expect(platform.engine.requests).toMatchObject([{ timeoutMs: 0 }, { timeoutMs: 1000 }])
})

test('the limit of a demand for rows, and that of a bulk as a whole, stand still too', async () => {
  const stream = watched(db.stream('SELECT', [], { timeoutMs: 1000 }).next())
  const bulk = watched(db.runMany('INSERT', [[1]], { timeoutMs: 1000 }))
  await settle()
  platform.engine.vanish()
  await platform.clock.advance(20_000)
  expect([stream.ended, bulk.ended]).toEqual([undefined, undefined])
  ready()
  await settle()
  await platform.clock.advance(1400)
  expect([stream.ended, bulk.ended]).toEqual([undefined, undefined])
  await platform.clock.advance(1000)
  expect([stream.ended, bulk.ended]).toEqual(['timeout', 'timeout'])
})

test('without another engine a call ends in the end: time stands still for 30 s at most', async () => {
  const call = watched(db.run('INSERT', [], { timeoutMs: 1000 }))
  await settle()
  platform.engine.vanish()
  await platform.clock.advance(30_000)
  expect(call.ended).toBeUndefined()
  await platform.clock.advance(3000)
  expect(call.ended).toBe('timeout')
})

test('a failover during an import counts once, and the import is over with its engine', async () => {
  const call = watched(db.run('INSERT', [], { timeoutMs: 1000 }))
  await settle()
  platform.engine.post({ type: 'event', event: { name: 'held', held: true } })
  await platform.clock.advance(5000)
  platform.engine.vanish()
  await platform.clock.advance(5000)
  ready()
  await settle()
  expect(platform.engine.requests).toMatchObject([{ timeoutMs: 1000 }])
  await platform.clock.advance(3000)
  expect(call.ended).toBe('timeout')
})
