// An import whose engine dies, or whose engine takes nothing: what is sent, what is known of it, and what becomes of its
// source and of the time of other calls.
import { expect, test } from 'vitest'
import { openWith } from '../../src/client/open.ts'
import type { ImportPart, Requests } from '../../src/protocol/messages.ts'
import { type FakeEngine, FakePlatform } from '../support/fake-engine.ts'
import { settle } from '../support/manual-clock.ts'

const silent = () => undefined
const MIB = 1 << 20

function partsOf(engine: FakeEngine): ImportPart[] {
  return engine.received
    .filter((message): message is Requests => message.type === 'requests')
    .flatMap(({ requests }) => requests)
    .filter((request): request is ImportPart => request.type === 'import-part')
}

/** A stream without end, and whether it was cancelled. */
function endless() {
  const state = { cancelled: false, pulled: 0 }
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        state.pulled++
        controller.enqueue(new Uint8Array(MIB))
      },
      cancel() {
        state.cancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, state }
}

async function settled() {
  for (let i = 0; i < 20; i++) await settle()
}

test('at most four megabytes are on their way to an engine that takes nothing', async () => {
  const platform = new FakePlatform(silent)
  const db = await openWith(platform, 'app.db')
  const { stream, state } = endless()
  const importing = db.import(stream)
  await settled()
  expect(partsOf(platform.engine).map(({ bytes }) => bytes)).toEqual([MIB, MIB, MIB, MIB])
  expect(state.pulled).toBeLessThanOrEqual(5)
  const { target } = partsOf(platform.engine)[0]!
  platform.engine.answer({ type: 'progress', seq: target, done: 2 * MIB, total: 0 })
  await settled()
  expect(partsOf(platform.engine)).toHaveLength(6)
  platform.engine.vanish()
  await expect(importing).rejects.toMatchObject({ code: 'leader-lost', applied: 'no', retryable: true })
  expect(state.cancelled).toBe(true)
})

test('an engine that dies before the last byte was sent has not applied it; afterwards that is not known', async () => {
  const platform = new FakePlatform(silent)
  const db = await openWith(platform, 'app.db')
  const importing = db.import(new Uint8Array(1000))
  await settled()
  expect(partsOf(platform.engine).at(-1)).toMatchObject({ bytes: 0, last: true })
  platform.engine.vanish()
  await expect(importing).rejects.toMatchObject({ code: 'leader-lost', applied: 'unknown', retryable: false })
})

test('the time of calls stands still while they wait for an import, and goes on after it', async () => {
  const platform = new FakePlatform(silent)
  const db = await openWith(platform, 'app.db')
  const writing = db.run('INSERT', [], { timeoutMs: 100 })
  let ended = false
  writing.catch(() => {
    ended = true
  })
  await settle()
  platform.engine.post({ type: 'event', event: { name: 'held', held: true } })
  await platform.clock.advance(5000)
  await settle()
  expect(ended).toBe(false)
  platform.engine.post({ type: 'event', event: { name: 'held', held: false } })
  await settle()
  await platform.clock.advance(50)
  await settle()
  expect(ended).toBe(false)
  await platform.clock.advance(2000)
  await settle()
  await platform.clock.advance(2000)
  await expect(writing).rejects.toMatchObject({ code: 'timeout' })
})
