// Interactive transactions on the client's side: what is sent, in which order, and how the callback's end decides.

import { expect, test } from 'vitest'
import { openWith } from '../../src/client/open.ts'
import type { Transaction } from '../../src/client/transaction.ts'
import * as errors from '../../src/errors/errors.ts'
import { TransactionDeadlockError } from '../../src/errors/errors.ts'
import { toWireError } from '../../src/errors/wire.ts'
import type { Request } from '../../src/protocol/messages.ts'
import { answerPlainly, FakePlatform, failure, type NumberedRequest, result } from '../support/fake-engine.ts'
import { settle } from '../support/manual-clock.ts'

/** What was sent, in short. */
function story(platform: FakePlatform): string[] {
  return platform.engines.flatMap((engine) => engine.requests).map(told)
}

function told(request: Request): string {
  switch (request.type) {
    case 'begin':
      return `begin ${request.mode}`
    case 'end':
      return request.action
    case 'savepoint':
      return `savepoint ${request.action} ${request.depth}`
    case 'statement':
      return request.transaction === undefined ? request.sql : `${request.transaction}: ${request.sql}`
    default:
      return request.type
  }
}

test('a callback that returns commits and gives its result', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  const given = await db.transaction(async (tx) => {
    await tx.run('INSERT')
    return 'given'
  })
  expect(given).toBe('given')
  expect(story(platform)).toEqual(['begin immediate', '1: INSERT', 'commit'])
})

test('a callback that throws, at once or later, rolls back and its error is rethrown', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  const mine = new Error('mine')
  await expect(
    db.transaction(() => {
      throw mine
    }),
  ).rejects.toBe(mine)
  await expect(
    db.transaction(async (tx) => {
      await tx.run('INSERT')
      throw mine
    }),
  ).rejects.toBe(mine)
  expect(story(platform)).toEqual(['begin immediate', 'rollback', 'begin immediate', '2: INSERT', 'rollback'])
})

test('mode and readonly become the mode of the transaction, and exclude each other', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  await db.transaction(() => 1, { mode: 'deferred' })
  await db.transaction(() => 1, { readonly: true, timeoutMs: 0 })
  await expect(db.transaction(() => 1, { readonly: true, mode: 'immediate' })).rejects.toMatchObject({
    code: 'invalid-argument',
  })
  expect(platform.engine.requests.filter(({ type }) => type === 'begin')).toMatchObject([
    { mode: 'deferred', lifetimeMs: 10_000 },
    { mode: 'readonly', lifetimeMs: 0 },
  ])
  await expect(db.transaction(() => 1, { isolation: 'none' } as never)).rejects.toMatchObject({
    code: 'unknown-option',
  })
  await expect(db.transaction('BEGIN' as never)).rejects.toMatchObject({ code: 'invalid-argument' })
})

test('a commit that fails is rolled back and its error is thrown', async () => {
  const platform = new FakePlatform((request) =>
    request.type === 'end' && request.action === 'commit'
      ? failure(request.seq, 'SQLITE_CONSTRAINT_FOREIGNKEY')
      : answerPlainly(request),
  )
  const db = await openWith(platform, 'app.db')
  await expect(db.transaction((tx) => tx.run('INSERT'))).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_FOREIGNKEY' })
  expect(story(platform)).toEqual(['begin immediate', '1: INSERT', 'commit', 'rollback'])
})

test('a rollback that fails does not hide the error that led to it', async () => {
  const platform = new FakePlatform((request) =>
    request.type === 'begin' ? answerPlainly(request) : failure(request.seq, 'SQLITE_FULL'),
  )
  const db = await openWith(platform, 'app.db')
  const mine = new Error('mine')
  await expect(db.transaction(() => Promise.reject(mine))).rejects.toBe(mine)
})

test('nested transactions are savepoints, undone alone when their callback throws', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  await db.transaction(async (tx) => {
    await tx.transaction(async (inner) => {
      await inner.run('A')
      await inner.transaction((innermost) => innermost.run('B'))
    })
    await tx.transaction(() => Promise.reject(new Error('undone'))).catch(() => {})
    await tx.run('C')
  })
  expect(story(platform)).toEqual([
    'begin immediate',
    'savepoint open 1',
    '1: A',
    'savepoint open 2',
    '1: B',
    'savepoint release 2',
    'savepoint release 1',
    'savepoint open 1',
    'savepoint rollback 1',
    '1: C',
    'commit',
  ])
})

test('while a nested transaction is open the outer one refuses to be used, at once', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  await db.transaction(async (tx) => {
    await tx.transaction(async () => {
      await expect(tx.run('A')).rejects.toMatchObject({ code: 'transaction-overlap' })
      await expect(tx.transaction(() => 1)).rejects.toMatchObject({ code: 'transaction-overlap' })
    })
    await tx.run('B')
  })
  expect(story(platform)).toContain('1: B')
})

test('a callback that forgets to await its nested transaction does not commit', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  let nested: Promise<unknown> | undefined
  await expect(
    db.transaction((tx) => {
      nested = tx.transaction((inner) => inner.run('A')).catch((e: unknown) => e)
    }),
  ).rejects.toMatchObject({ code: 'transaction-overlap' })
  expect(await nested).toBeInstanceOf(Error)
  expect(story(platform)).not.toContain('commit')
})

test('a transaction and a nested one are of no use after their end', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  const kept: Transaction[] = []
  await db.transaction(async (tx) => {
    kept.push(tx)
    await tx.transaction((inner) => void kept.push(inner))
    await expect(kept[1]?.run('A')).rejects.toMatchObject({ code: 'closed' })
  })
  await expect(kept[0]?.run('A')).rejects.toMatchObject({ code: 'closed' })
  await expect(kept[0]?.transaction(() => 1)).rejects.toMatchObject({ code: 'closed' })
})

test('retries runs the callback again after retryable errors only', async () => {
  let begun = 0
  const conflict = toWireError(new errors.SnapshotConflictError('old'))
  const platform = new FakePlatform((request) => {
    if (request.type === 'begin') begun++
    return request.type === 'statement' && begun < 3
      ? { type: 'error', seq: request.seq, error: conflict }
      : answerPlainly(request)
  })
  const db = await openWith(platform, 'app.db')
  await expect(db.transaction((tx) => tx.run('A'), { retries: 1 })).rejects.toMatchObject({ code: 'snapshot-conflict' })
  expect(begun).toBe(2)
  await db.transaction((tx) => tx.run('A'), { retries: 1 })
  expect(begun).toBe(3)
  await expect(db.transaction(() => Promise.reject(new Error('mine')), { retries: 5 })).rejects.toThrow('mine')
  expect(begun).toBe(4)
})

// Query builders wrap what a statement threw.
test('retries looks into errors that wrap one of this package, whose nearest one decides', async () => {
  const db = await openWith(new FakePlatform(), 'app.db')
  const runs = async (error: Error) => {
    let count = 0
    const callback = () => {
      count++
      throw error
    }
    const call = db.transaction(callback, { retries: 2 })
    await expect(call).rejects.toBe(error)
    return count
  }
  const conflict = new errors.SnapshotConflictError('old')
  const unknown = new errors.LeaderLostError('unknown', 'perhaps applied', { cause: conflict })
  expect(await runs(new Error('query failed', { cause: new Error('driver', { cause: conflict }) }))).toBe(3)
  expect(await runs(new Error('query failed', { cause: unknown }))).toBe(1)
  expect(await runs(new Error('query failed', { cause: 'no error' }))).toBe(1)
})

// The rollback waited behind the statement that ran.
test('its signal gives up what runs in it, so that the rollback need not wait', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  platform.script = (request) => (request.type === 'statement' ? undefined : answerPlainly(request))
  const controller = new AbortController()
  let inner: Promise<unknown> | undefined
  const call = db.transaction((tx) => (inner = tx.run('INSERT')), { signal: controller.signal })
  await settle()
  controller.abort()
  await expect(call).rejects.toMatchObject({ code: 'aborted' })
  await expect(inner).rejects.toMatchObject({ code: 'aborted' })
  await settle()
  const sent = platform.engine.requests
  const { seq } = sent.find(({ type }) => type === 'statement') as NumberedRequest
  expect(sent).toContainEqual({ type: 'cancel', target: seq })
  expect(story(platform)).toContain('rollback')
})

test('its signal settles it at once and rolls it back, whatever the callback does', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  const controller = new AbortController()
  const call = db.transaction(() => new Promise(() => {}), { signal: controller.signal }).catch((e: unknown) => e)
  await settle()
  controller.abort()
  expect(await call).toMatchObject({ code: 'aborted' })
  await settle()
  expect(story(platform)).toEqual(['begin immediate', 'rollback'])
})

test('a begin that its caller gave up is rolled back, should it begin after all', async () => {
  const platform = new FakePlatform(() => undefined)
  const db = await openWith(platform, 'app.db')
  const controller = new AbortController()
  const call = db.transaction(() => 1, { signal: controller.signal }).catch((e: unknown) => e)
  await settle()
  controller.abort()
  expect(await call).toMatchObject({ code: 'aborted' })
  await settle()
  expect(story(platform)).toEqual(['begin immediate', 'cancel', 'rollback'])
})

// ---- waiting on itself ----

/** Runs writes outside transactions only while no transaction is open, as the engine does. */
function oneWriter(platform: FakePlatform): void {
  const waiting: NumberedRequest[] = []
  let open = 0
  platform.script = (request, engine) => {
    if (request.type === 'begin') open++
    if (request.type === 'end') {
      open--
      const cancelled = new Set(engine.requests.map((each) => (each.type === 'cancel' ? each.target : 0)))
      queueMicrotask(() =>
        engine.answer(
          ...waiting
            .splice(0)
            .filter(({ seq }) => !cancelled.has(seq))
            .map(answerPlainly),
        ),
      )
    }
    if (request.type === 'statement' && request.transaction === undefined && open > 0 && request.sql !== 'SELECT') {
      waiting.push(request)
      return undefined
    }
    return answerPlainly(request)
  }
}

test('a write on the database awaited inside its own transaction ends in TransactionDeadlockError and is given up', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  oneWriter(platform)
  const call = db.transaction(async (tx) => {
    await tx.run('INSERT')
    await db.run('INSERT')
  })
  const error = call.catch((e: unknown) => e)
  await platform.clock.advance(999)
  expect(story(platform)).not.toContain('cancel')
  await platform.clock.advance(1)
  expect(await error).toBeInstanceOf(TransactionDeadlockError)
  expect(story(platform)).toEqual(['begin immediate', '1: INSERT', 'INSERT', 'cancel', 'rollback'])
})

test('a transaction begun on the database inside another one of its own is a deadlock as well', async () => {
  const platform = new FakePlatform((request) =>
    request.type === 'begin' && request.transaction === 2 ? undefined : answerPlainly(request),
  )
  const db = await openWith(platform, 'app.db')
  const error = db.transaction(() => db.transaction(() => 1)).catch((e: unknown) => e)
  await platform.clock.advance(1000)
  expect(await error).toBeInstanceOf(TransactionDeadlockError)
})

test('reads on the database inside a transaction are no deadlock, however long they take', async () => {
  const platform = new FakePlatform((request) => (request.type === 'statement' ? undefined : answerPlainly(request)))
  const db = await openWith(platform, 'app.db')
  const call = db.transaction(() => db.query('SELECT'))
  await platform.clock.advance(9000)
  platform.engine.answer({ ...result(2), columns: ['a'], rows: { at: 0, bytes: 0, count: 0 } })
  expect(await call).toEqual([])
})

test('a write from elsewhere waits for a slow transaction and is then applied', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  oneWriter(platform)
  let finish = () => {}
  const transaction = db.transaction(async (tx) => {
    await tx.run('INSERT')
    await new Promise<void>((resolve) => {
      finish = resolve
    })
  })
  await platform.clock.advance(10)
  const elsewhere = db.run('UPDATE')
  await platform.clock.advance(8000)
  finish()
  await transaction
  expect(await elsewhere).toMatchObject({ changes: 0 })
})

test('a busy transaction is no deadlock, though a write made inside waits for it', async () => {
  const platform = new FakePlatform((request) => (request.type === 'statement' ? undefined : answerPlainly(request)))
  const db = await openWith(platform, 'app.db')
  let write: Promise<unknown> | undefined
  const call = db.transaction(async (tx) => {
    write = db.run('INSERT')
    await tx.run('a long one')
  })
  await platform.clock.advance(5000)
  const long = platform.engine.requests.find((request) => told(request) === '1: a long one')
  platform.engine.answer(result(long && 'seq' in long ? long.seq : 0))
  await call
  platform.engine.answer(result(2, 1))
  expect(await write).toMatchObject({ changes: 1 })
})

test('a transaction that starved its own late write until its time was over says that it waited on itself', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  oneWriter(platform)
  let wake = () => {}
  const call = db
    .transaction(async () => {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
      await db.run('INSERT')
    })
    .catch((e: unknown) => e)
  await platform.clock.advance(50)
  wake()
  await platform.clock.advance(10_000)
  // The engine rolls back what has exceeded its time, and the write goes on.
  platform.script = ({ seq }) => ({ type: 'error', seq, error: toWireError(new errors.TimeoutError('time is over')) })
  platform.engine.answer(result(2, 1))
  expect(await call).toBeInstanceOf(TransactionDeadlockError)
})
