// The bulk path: what is sent, how much of it is under way, and that it is all or nothing.

import { expect, test } from 'vitest'
import { openWith } from '../../src/client/open.ts'
import type { BulkRequest } from '../../src/protocol/messages.ts'
import { answerPlainly, FakePlatform, failure, type NumberedRequest, result } from '../support/fake-engine.ts'
import { settle } from '../support/manual-clock.ts'

const BIG = new Uint8Array(400_000)

function parts(platform: FakePlatform): BulkRequest[] {
  return platform.engine.requests.filter((request): request is BulkRequest => request.type === 'bulk')
}

function cancels(platform: FakePlatform): number[] {
  return platform.engine.requests.flatMap((request) => (request.type === 'cancel' ? [request.target] : []))
}

test('sets arrive in order, in parts of about a megabyte that name the first, the last one marked', async () => {
  const seen: unknown[] = []
  const platform = new FakePlatform((request, engine) => {
    if (request.type === 'bulk') seen.push(...engine.values(request.sets).filter((value) => typeof value === 'bigint'))
    return request.type === 'bulk' && request.last ? result(request.seq, 10) : answerPlainly(request)
  })
  const db = await openWith(platform, 'app.db')
  const rows = Array.from({ length: 10 }, (_, i) => [i, BIG])
  expect(await db.runMany('INSERT', rows)).toEqual({ changes: 10 })
  expect(seen).toEqual(rows.map(([i]) => BigInt(i as number)))
  expect(
    parts(platform).map(({ setCount, last, bulk, valuesPerSet, sets }) => [
      setCount,
      last,
      bulk,
      valuesPerSet,
      sets.count,
    ]),
  ).toEqual([
    [3, false, 1, 2, 6],
    [3, false, 1, 2, 6],
    [3, false, 1, 2, 6],
    [1, true, 1, 2, 2],
  ])
  expect(cancels(platform)).toEqual([])
})

test('no more than four parts are under way, and the source is not read ahead of them', async () => {
  const waiting: NumberedRequest[] = []
  const platform = new FakePlatform((request) => {
    waiting.push(request)
    return undefined
  })
  const db = await openWith(platform, 'app.db')
  let read = 0
  function* rows() {
    for (; read < 40; read++) yield [BIG]
  }
  const call = db.runMany('INSERT', rows())
  await settle()
  expect(waiting).toHaveLength(4)
  expect(read).toBeLessThan(13)
  for (let answered = 0; answered < 100 && waiting.length > 0; answered++) {
    platform.engine.answer(answerPlainly(waiting.shift()!))
    await settle()
    expect(waiting.length).toBeLessThanOrEqual(4)
  }
  await call
  expect(read).toBe(40)
})

test('a source without sets still sends the statement, so that its errors are told', async () => {
  const platform = new FakePlatform(({ seq }) => failure(seq, 'SQLITE_ERROR'))
  const db = await openWith(platform, 'app.db')
  await expect(db.runMany('INSRT', [])).rejects.toMatchObject({ code: 'SQLITE_ERROR' })
  expect(parts(platform)).toMatchObject([{ setCount: 0, last: true }])
})

test('asynchronous sources and sets by name are taken, in any order of the names', async () => {
  const seen: unknown[] = []
  const platform = new FakePlatform((request, engine) => {
    if (request.type === 'bulk') seen.push(request.sets.names, engine.values(request.sets))
    return answerPlainly(request)
  })
  const db = await openWith(platform, 'app.db')
  async function* rows() {
    yield { a: 1, b: 2 }
    await settle()
    yield { b: 4, a: 3 }
  }
  await db.runMany('INSERT', rows())
  expect(seen).toEqual([
    ['a', 'b'],
    [1n, 2n, 3n, 4n],
  ])
})

test('a source that throws cancels the bulk, and the call rejects with its error', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  const mine = new Error('mine')
  function* rows() {
    for (let i = 0; i < 5; i++) yield [BIG]
    throw mine
  }
  await expect(db.runMany('INSERT', rows())).rejects.toBe(mine)
  await settle()
  expect(parts(platform).some(({ last }) => last)).toBe(false)
  expect(cancels(platform)).toEqual([1])
})

test('a set that does not fit the first or cannot be packed is named by its row, and cancels the bulk', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  const cases: [unknown[], RegExp][] = [
    [[[1], [1, 2]], /Row 2 .* 2 values, but the first had 1/],
    [[[1], [undefined]], /Row 2 .*Parameter 1 is undefined/],
    [[{ a: 1 }, { b: 1 }], /Row 2 .*'a'/],
    [[{ a: 1 }, { a: 1, b: 1 }], /Row 2 .*'b'/],
    [[{ a: 1 }, [1]], /Row 2 .*by name/],
    [[[1], { a: 1 }], /Row 2 .*not an array/],
    [[1], /Row 1 .*array/],
  ]
  for (const [rows, message] of cases) {
    await expect(db.runMany('INSERT', rows as never)).rejects.toMatchObject({
      code: 'bind',
      message: expect.stringMatching(message),
    })
  }
  expect(platform.engine.requests).toEqual([])
})

test('a part that fails ends the bulk with its error and stops reading the source', async () => {
  const platform = new FakePlatform(({ seq }) =>
    seq === 2 ? failure(seq, 'SQLITE_CONSTRAINT') : { type: 'done', seq },
  )
  const db = await openWith(platform, 'app.db')
  let read = 0
  let returned = false
  function* rows() {
    try {
      for (; read < 1000; read++) yield [BIG]
    } finally {
      returned = true
    }
  }
  await expect(db.runMany('INSERT', rows())).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT' })
  expect(read).toBeLessThan(20)
  expect(returned).toBe(true)
})

test('an aborted signal ends it, also while it waits for credit', async () => {
  const platform = new FakePlatform(() => undefined)
  const db = await openWith(platform, 'app.db')
  const controller = new AbortController()
  const rows = Array.from({ length: 100 }, () => [BIG])
  const call = db.runMany('INSERT', rows, { signal: controller.signal }).catch((e: unknown) => e)
  await settle()
  controller.abort()
  expect(await call).toMatchObject({ code: 'aborted' })
  await settle()
  expect(cancels(platform)).toContain(1)
})

test('it has no time limit of its own, but one if asked for', async () => {
  const platform = new FakePlatform(() => undefined)
  const db = await openWith(platform, 'app.db', { timeoutMs: 1000 })
  const unlimited = db.runMany('INSERT', [[1]])
  const limited = db.runMany('INSERT', [[1]], { timeoutMs: 5000 }).catch((e: unknown) => e)
  await platform.clock.advance(60_000)
  expect(await limited).toMatchObject({ code: 'timeout' })
  platform.engine.answer(result(1, 1))
  expect(await unlimited).toEqual({ changes: 1 })
})

test('inside a transaction each part belongs to it', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  await db.transaction((tx) =>
    tx.runMany(
      'INSERT',
      Array.from({ length: 4 }, () => [BIG]),
    ),
  )
  expect(parts(platform).map(({ transaction }) => transaction)).toEqual([1, 1])
})

test('what is no iterable of sets is refused', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  for (const rows of [undefined, 5, 'text', {}, new Uint8Array(3)]) {
    await expect(db.runMany('INSERT', rows as never)).rejects.toMatchObject({ code: 'invalid-argument' })
  }
})
