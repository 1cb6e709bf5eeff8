// The engine dies, in each way in which it can, and every call settles. Plan of each test:
//  1. calls are under way, sent or queued
//  2. the engine dies
//  3. what may be sent again is, to the next engine, under the same number; the rest rejects with what is known of it

import { describe, expect, test } from 'vitest'
import { openWith } from '../../src/client/open.ts'
import { LeaderLostError, StorageError } from '../../src/errors/errors.ts'
import { toWireError } from '../../src/errors/wire.ts'
import type { Answer } from '../../src/protocol/messages.ts'
import {
  ALIVE,
  answerPlainly,
  type FakeEngine,
  FakePlatform,
  failure,
  type NumberedRequest,
  result,
} from '../support/fake-engine.ts'
import { settle } from '../support/manual-clock.ts'

const silent = () => undefined

const deaths: [string, (engine: FakeEngine) => void][] = [
  ['vanishes without a word', (engine) => engine.vanish()],
  ['throws an error that nobody catches', (engine) => engine.transport.onfailure?.({ kind: 'crash', message: 'boom' })],
  [
    'says that it ends',
    (engine) =>
      engine.post({ type: 'event', event: { name: 'terminated', error: toWireError(new StorageError('io', 'gone')) } }),
  ],
  ['posts nonsense', (engine) => engine.transport.onmessage?.({ type: 'nonsense' })],
]

describe.each(deaths)('when the worker %s', (_, die) => {
  test('a write under way is sent again under its number and answered once', async () => {
    const platform = new FakePlatform(silent)
    const db = await openWith(platform, 'app.db')
    const calls = [db.run('INSERT', ['a', 1]), db.run('UPDATE', ['b'])]
    await settle()
    const seen: unknown[] = []
    platform.script = (request, engine) => {
      if (request.type === 'statement') seen.push([request.seq, request.sql, engine.values(request.parameters)])
      return result(request.seq, request.seq)
    }
    die(platform.engine)
    expect(await Promise.all(calls)).toMatchObject([{ changes: 1 }, { changes: 2 }])
    expect(seen).toEqual([
      [1, 'INSERT', ['a', 1n]],
      [2, 'UPDATE', ['b']],
    ])
    expect(platform.engines).toHaveLength(2)
    expect(platform.engines[0]?.terminated).toBe(true)
    expect(platform.engine.hello.client).toBe(platform.engines[0]?.hello.client)
  })

  test('the next worker goes on with what the client had counted', async () => {
    const platform = new FakePlatform()
    const db = await openWith(platform, 'app.db')
    const counts = { changes: 1, totalChanges: 3, lastInsertRowid: 9n }
    platform.script = ({ seq }, engine) => {
      engine.post({ type: 'answers', answers: [], counts })
      return result(seq, 1)
    }
    await db.run('INSERT')
    expect(platform.engine.hello.settings.counts).toBeUndefined()
    die(platform.engine)
    await db.run('INSERT')
    expect(platform.engine.hello.settings.counts).toEqual(counts)
  })

  test('an idle database starts another worker at its next call', async () => {
    const platform = new FakePlatform()
    const db = await openWith(platform, 'app.db')
    const events: string[] = []
    db.on('leader-change', ({ term, role }) => events.push(`${role} ${term}`))
    die(platform.engine)
    await settle()
    expect(platform.engines).toHaveLength(1)
    await db.run('INSERT')
    expect(platform.engines).toHaveLength(2)
    expect(events).toEqual(['leader 2'])
    expect(db.info.term).toBe(2)
  })
})

test('the page waits for the lock of its own client only', async () => {
  const platform = new FakePlatform()
  await openWith(platform, 'app.db')
  expect(platform.locks.names).toEqual([ALIVE])
})

test("values sent again are the call's own, though those of answered calls are not sent with them", async () => {
  const platform = new FakePlatform(silent)
  const db = await openWith(platform, 'app.db')
  const answered = db.run('A', ['answered'])
  const single = db.run('B', ['b', 2])
  const batch = db.batch([
    ['C', ['c']],
    ['D', { d: 4 }],
  ])
  const bulk = db.runMany('E', [['e']])
  await settle()
  platform.engine.answer(result(1))
  await answered
  const seen: unknown[] = []
  platform.script = (request, engine) => {
    if (request.type === 'statement') seen.push(engine.values(request.parameters))
    if (request.type === 'batch') seen.push(...request.items.map(({ parameters }) => engine.values(parameters)))
    if (request.type === 'bulk') seen.push(engine.values(request.sets))
    return answerPlainly(request)
  }
  platform.engine.vanish()
  await Promise.all([single, batch, bulk])
  expect(seen).toEqual([['b', 2n], ['c'], [4n], ['e']])
})

test('rows that had come in part are read again from the beginning', async () => {
  const platform = new FakePlatform((request, engine) => void engine.answerRows(request.seq, ['a'], [[1n]], false))
  const db = await openWith(platform, 'app.db')
  const call = db.query('SELECT', [], { rowMode: 'array' })
  await settle()
  platform.script = (request, engine) => {
    engine.answerRows(request.seq, ['a'], [[1n]], false)
    engine.answerRows(request.seq, ['a'], [[2n]])
    return undefined
  }
  platform.engine.vanish()
  expect(await call).toEqual([[1], [2]])
})

test('calls made while the next worker starts follow behind those sent again', async () => {
  const platform = new FakePlatform(silent)
  const db = await openWith(platform, 'app.db')
  const first = db.run('A', ['sent'])
  await settle()
  const ready = platform.onHello
  platform.onHello = () => {}
  platform.engine.vanish()
  await settle()
  const later = [db.run('B', ['later']), db.run('C', [new Uint8Array(3)])]
  const seen: unknown[] = []
  platform.script = (request, engine) => {
    if (request.type === 'statement') seen.push([request.seq, engine.values(request.parameters)])
    return answerPlainly(request)
  }
  ready(platform.engine)
  await Promise.all([first, ...later])
  expect(seen).toEqual([
    [1, ['sent']],
    [2, ['later']],
    [3, [new Uint8Array(3)]],
  ])
})

test('a request that was under way at three deaths is not sent a fourth time', async () => {
  const platform = new FakePlatform((_, engine) => void queueMicrotask(() => engine.vanish()))
  const db = await openWith(platform, 'app.db')
  await expect(db.run('INSERT')).rejects.toMatchObject({ code: 'leader-lost', applied: 'unknown', retryable: false })
  expect(platform.engines).toHaveLength(3)
  platform.script = answerPlainly
  await db.run('INSERT')
})

test('a script with its own transactions is asked for, not sent to be run again', async () => {
  const platform = new FakePlatform(silent)
  const db = await openWith(platform, 'app.db')
  const sql = 'BEGIN; DELETE FROM t; COMMIT; INSERT INTO t VALUES (1)'
  const script = db.exec(sql).catch((e: unknown) => e)
  await settle()
  const partly = new LeaderLostError('partly', 'cut short', { statements: 3 })
  platform.script = ({ seq }) => ({ type: 'error', seq, error: toWireError(partly) })
  platform.engine.vanish()
  expect(await script).toMatchObject({ code: 'leader-lost', applied: 'partly', statements: 3, retryable: false })
  expect(platform.engines[0]?.requests).not.toMatchObject([{ asks: true }])
  expect(platform.engine.requests).toMatchObject([{ type: 'script', sql, seq: 1, asks: true }])
})

test('COMMIT as text that was recorded ends well, and nothing is said to be lost', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  await db.run('BEGIN')
  platform.script = silent
  const commit = db.run('COMMIT')
  await settle()
  platform.script = ({ seq }) => result(seq)
  platform.engine.vanish()
  await commit
  await db.run('INSERT')
})

test('a bulk of which the last part had not been sent was not applied', async () => {
  const platform = new FakePlatform(silent)
  const db = await openWith(platform, 'app.db')
  const rows = Array.from({ length: 10 }, () => [new Uint8Array(600_000)])
  const bulk = db.runMany('INSERT', rows).catch((e: unknown) => e)
  await settle()
  platform.engine.vanish()
  expect(await bulk).toMatchObject({ code: 'leader-lost', applied: 'no', retryable: true })
})

test('of a bulk under way only the last part is sent again, and decides', async () => {
  const parts: NumberedRequest[] = []
  for (const recorded of [true, false]) {
    const platform = new FakePlatform((request) => void parts.push(request))
    const db = await openWith(platform, 'app.db')
    const rows = Array.from({ length: 7 }, () => [new Uint8Array(400_000)])
    const bulk = db.runMany('INSERT', rows).catch((e: unknown) => e)
    await settle()
    expect(platform.engine.requests).toHaveLength(3)
    platform.script = ({ seq }) => (recorded ? result(seq, 7) : failure(seq, 'protocol', 'UsageError'))
    platform.engine.vanish()
    const outcome = await bulk
    if (recorded) expect(outcome).toEqual({ changes: 7 })
    else expect(outcome).toMatchObject({ code: 'leader-lost', applied: 'no' })
    expect(platform.engine.requests).toMatchObject([{ type: 'bulk', seq: 3, bulk: 1, last: true, setCount: 1 }])
  }
})

test('an open transaction rejects as not applied, and retries runs it again on the next worker', async () => {
  const platform = new FakePlatform((request) =>
    request.type === 'statement' && died === 0 ? undefined : answerPlainly(request),
  )
  let died = 0
  let runs = 0
  const db = await openWith(platform, 'app.db')
  const work = (retries: number) =>
    db.transaction(
      async (tx) => {
        runs++
        return tx.run('INSERT')
      },
      { retries },
    )
  const lost = work(0).catch((e: unknown) => e)
  await settle()
  platform.engine.vanish()
  expect(await lost).toBeInstanceOf(LeaderLostError)
  expect(await lost).toMatchObject({ applied: 'no', retryable: true })
  const again = work(1)
  await settle()
  died = 1
  platform.engine.vanish()
  expect(await again).toMatchObject({ changes: 0 })
  expect(runs).toBe(3)
})

test('a commit under way at the death is asked for again: it was recorded, or it was not applied', async () => {
  for (const recorded of [true, false]) {
    const platform = new FakePlatform((request) => (request.type === 'end' ? undefined : answerPlainly(request)))
    const db = await openWith(platform, 'app.db')
    const call = db.transaction(() => 'given').catch((e: unknown) => e)
    await settle()
    platform.script = ({ seq }) =>
      recorded ? { type: 'done', seq } : failure(seq, 'transaction-unknown', 'UsageError')
    platform.engine.vanish()
    if (recorded) expect(await call).toBe('given')
    else expect(await call).toMatchObject({ code: 'leader-lost', applied: 'no', retryable: true })
    expect(platform.engine.requests).toMatchObject([{ type: 'end', seq: 2, action: 'commit' }])
  }
})

test('a transaction that noticed nothing of the death does not commit', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  let goOn = () => {}
  const call = db.transaction(async (tx) => {
    await tx.run('INSERT')
    await new Promise<void>((resolve) => {
      goOn = resolve
    })
  })
  await settle()
  platform.engine.vanish()
  await settle()
  goOn()
  await expect(call).rejects.toMatchObject({ code: 'leader-lost', applied: 'no' })
  expect(platform.engines).toHaveLength(1)
})

test('writes between BEGIN and COMMIT as text are not sent again, and the loss is told once', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  await db.run('BEGIN')
  platform.script = silent
  const write = db.run('INSERT').catch((e: unknown) => e)
  await settle()
  platform.script = answerPlainly
  platform.engine.vanish()
  expect(await write).toMatchObject({ code: 'leader-lost' })
  await expect(db.run('INSERT')).rejects.toMatchObject({ code: 'leader-lost', applied: 'no' })
  await db.run('INSERT')
  await db.run('BEGIN')
  await db.run('COMMIT')
  platform.engine.vanish()
  await settle()
  await db.run('INSERT')
})

// Whether a transaction begun by text was open was told by the texts alone. After RELEASE, a BEGIN that failed, or a script
// with a comment, every later leader change rejected a call as rolled back that had been committed: who obeyed wrote twice.
test.each([
  ['SAVEPOINT and RELEASE', ['SAVEPOINT a', 'RELEASE a']],
  ['a BEGIN that failed', ['BEGIN EXCLUSIVELY']],
  ['a script with a comment', ['-- v2\nBEGIN; INSERT; COMMIT;']],
] as const)('after %s nothing is said to be lost with the engine', async (_, texts) => {
  const platform = new FakePlatform((request) =>
    request.type === 'statement' && /EXCLUSIVELY/.test(request.sql)
      ? [{ type: 'error', seq: request.seq, error: toWireError(new StorageError('io', 'no')) }]
      : answerPlainly(request),
  )
  const db = await openWith(platform, 'app.db')
  for (const text of texts) await (text.includes(';') ? db.exec(text) : db.run(text).catch(() => {}))
  platform.script = silent
  const read = db.query('SELECT 1')
  await settle()
  platform.script = answerPlainly
  platform.engine.vanish()
  await read
  expect(platform.engine.requests).not.toMatchObject([{ asks: true }])
  await db.run('INSERT')
})

test('if no other worker can be had every call rejects with the reason, and the next call tries again', async () => {
  const platform = new FakePlatform(silent)
  const db = await openWith(platform, 'app.db')
  const sent = db.run('INSERT').catch((e: unknown) => e)
  const read = db.query('SELECT').catch((e: unknown) => e)
  await settle()
  const ready = platform.onHello
  const busy = new StorageError('busy', 'held elsewhere')
  platform.onHello = (engine) => engine.post({ type: 'failed', error: toWireError(busy) })
  platform.engine.vanish()
  expect(await sent).toMatchObject({ code: 'leader-lost', applied: 'unknown', cause: { code: 'busy' } })
  expect(await read).toMatchObject({ code: 'leader-lost', applied: 'no', retryable: true, cause: { code: 'busy' } })
  await expect(db.run('INSERT')).rejects.toMatchObject({ code: 'leader-lost', applied: 'no' })
  platform.onHello = ready
  platform.script = answerPlainly
  await db.run('INSERT')
})

test('a next worker that had to make a new database is refused: every call tells that the data is gone', async () => {
  const platform = new FakePlatform(silent)
  const db = await openWith(platform, 'app.db')
  const call = db.run('INSERT').catch((e: unknown) => e)
  await settle()
  platform.created = true
  platform.engine.vanish()
  expect(await call).toMatchObject({ code: 'evicted' })
  await expect(db.query('SELECT')).rejects.toMatchObject({ code: 'evicted' })
  expect(platform.engines).toHaveLength(2)
  expect(platform.engine.requests).toEqual([])
  await db.close()
})

// It used to start another worker, which made a new, empty database under the name before the client refused it.
test('after a worker ended because the data is gone no other is started: every call tells so', async () => {
  const platform = new FakePlatform(silent)
  const db = await openWith(platform, 'app.db')
  const call = db.run('INSERT').catch((e: unknown) => e)
  await settle()
  const error = toWireError(new StorageError('evicted', 'cleared'))
  platform.engine.post({ type: 'event', event: { name: 'terminated', error } })
  expect(await call).toMatchObject({ code: 'evicted' })
  await expect(db.query('SELECT')).rejects.toMatchObject({ code: 'evicted' })
  expect(platform.engines).toHaveLength(1)
  await db.close()
})

test('messages of a dead engine are not looked at', async () => {
  const platform = new FakePlatform(silent)
  const db = await openWith(platform, 'app.db')
  const call = db.run('INSERT')
  await settle()
  const dead = platform.engine
  const late = dead.transport.onmessage
  dead.vanish()
  await settle()
  late?.({ type: 'answers', answers: [result(1, 99)] })
  platform.engine.answer(result(1, 1))
  expect(await call).toMatchObject({ changes: 1 })
})

test('whatever dies when, each write is applied exactly once or its error says that this is not known', async () => {
  // The engines share one database, in which an outcome is recorded with the write, as in a commit record.
  for (let round = 0; round < 200; round++) {
    const random = sequence(round)
    const applied = new Map<number, number>()
    const script = (request: NumberedRequest, engine: FakeEngine): Answer | undefined => {
      const before = random() < 0.1
      const after = random() < 0.1
      if (before) {
        engine.vanish()
        return undefined
      }
      if (request.type !== 'statement') return answerPlainly(request)
      const [key] = engine.values(request.parameters)
      if (!recorded.has(request.seq)) {
        recorded.add(request.seq)
        applied.set(Number(key), (applied.get(Number(key)) ?? 0) + 1)
      }
      if (after) engine.vanish()
      return result(request.seq, 1)
    }
    const recorded = new Set<number>()
    const platform = new FakePlatform()
    const db = await openWith(platform, 'app.db')
    platform.script = script
    const calls = Array.from({ length: 20 }, async (_, key) => {
      if (random() < 0.5) await settle()
      return db.run('INSERT', [key])
    })
    for (const [key, outcome] of (await Promise.allSettled(calls)).entries()) {
      const times = applied.get(key) ?? 0
      const where = `round ${round}, write ${key}`
      if (outcome.status === 'fulfilled') expect(times, where).toBe(1)
      else {
        expect(outcome.reason, where).toBeInstanceOf(LeaderLostError)
        expect(times, where).toBeLessThanOrEqual((outcome.reason as LeaderLostError).applied === 'no' ? 0 : 1)
      }
    }
  }
})

function sequence(seed: number): () => number {
  let state = seed * 2_654_435_761 + 1
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9) >>> 0
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32
  }
}
