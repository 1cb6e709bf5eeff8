// What travels between a client and its engine, and how every call settles while the engine lives.

import { expect, test } from 'vitest'
import { openWith } from '../../src/client/open.ts'
import { AbortError, BindError, SqliteError, TimeoutError } from '../../src/errors/errors.ts'
import { answerPlainly, FakePlatform, failure, type NumberedRequest, result } from '../support/fake-engine.ts'
import { settle } from '../support/manual-clock.ts'

const silent = () => undefined

test('requests made in one task travel in one envelope with one payload', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  const seen: unknown[] = []
  platform.script = (request, engine) => {
    if (request.type === 'statement') seen.push(engine.values(request.parameters))
    return answerPlainly(request)
  }
  await Promise.all([db.run('INSERT', [1, 'a']), db.query('SELECT', ['b']), db.run('DELETE')])
  expect(platform.engine.envelopes).toHaveLength(1)
  expect(platform.engine.requests.map((request) => 'seq' in request && request.seq)).toEqual([1, 2, 3])
  expect(seen).toEqual([[1n, 'a'], ['b'], []])
})

test('a task that makes more than a megabyte of requests sends it in several envelopes', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  await Promise.all(Array.from({ length: 5 }, () => db.run('INSERT', [new Uint8Array(600_000)])))
  expect(platform.engine.envelopes.length).toBe(3)
})

test('rows come out as objects, as arrays, as the first row and as the first value', async () => {
  const platform = new FakePlatform(
    (request, engine) =>
      void engine.answerRows(
        request.seq,
        ['a', 'b'],
        [
          [1n, 'x'],
          [2n, 'y'],
        ],
      ),
  )
  const db = await openWith(platform, 'app.db')
  expect(await db.query('SELECT')).toEqual([
    { a: 1, b: 'x' },
    { a: 2, b: 'y' },
  ])
  expect(await db.query('SELECT', [], { rowMode: 'array' })).toEqual([
    [1, 'x'],
    [2, 'y'],
  ])
  expect(await db.query('SELECT', [], { integers: 'bigint' })).toEqual([
    { a: 1n, b: 'x' },
    { a: 2n, b: 'y' },
  ])
  expect(await db.get('SELECT')).toEqual({ a: 1, b: 'x' })
  expect(await db.value('SELECT')).toBe(1)
  const wants = platform.engine.requests.map((request) => request.type === 'statement' && request.want)
  expect(wants).toEqual(['rows', 'rows', 'rows', 'first-row', 'first-value'])
})

test('rows in chunks are put together and each chunk is credited', async () => {
  const platform = new FakePlatform((request, engine) => {
    engine.answerRows(request.seq, ['a'], [[1n], [2n]], false)
    engine.answerRows(request.seq, ['a'], [[3n]], false)
    engine.answerRows(request.seq, ['a'], [[4n]])
    return undefined
  })
  const db = await openWith(platform, 'app.db')
  expect(await db.query('SELECT', [], { rowMode: 'array' })).toEqual([[1], [2], [3], [4]])
  await settle()
  expect(platform.engine.requests.filter(({ type }) => type === 'credit')).toEqual([
    { type: 'credit', target: 1, chunks: 1 },
    { type: 'credit', target: 1, chunks: 1 },
  ])
})

test('an error of the engine is rebuilt with its class and code', async () => {
  const platform = new FakePlatform(({ seq }) => failure(seq, 'SQLITE_CONSTRAINT_UNIQUE'))
  const db = await openWith(platform, 'app.db')
  const error = await db.run('INSERT').catch((e: unknown) => e)
  expect(error).toBeInstanceOf(SqliteError)
  expect(error).toMatchObject({ code: 'SQLITE_CONSTRAINT_UNIQUE' })
})

test('a refused parameter rejects its own call only and sends nothing of it', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  const calls = await Promise.allSettled([
    db.run('A', ['a']),
    db.run('B', ['b', undefined as never]),
    db.run('C', ['c']),
  ])
  expect(calls.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(calls[1]).toMatchObject({ reason: expect.any(BindError) })
  expect(platform.engine.requests).toHaveLength(2)
})

test('a call that the engine does not answer ends with TimeoutError and is cancelled', async () => {
  const platform = new FakePlatform(silent)
  const db = await openWith(platform, 'app.db')
  const call = db.run('INSERT', [], { timeoutMs: 2000 }).catch((e: unknown) => e)
  await platform.clock.advance(1999)
  expect(platform.engine.requests).toMatchObject([{ seq: 1, timeoutMs: 2000 }])
  await platform.clock.advance(1000)
  expect(await call).toBeInstanceOf(TimeoutError)
  await settle()
  expect(platform.engine.requests.at(-1)).toEqual({ type: 'cancel', target: 1 })
})

test('a page that slept through a deadline takes the answer that waited meanwhile', async () => {
  const platform = new FakePlatform(silent)
  const db = await openWith(platform, 'app.db')
  const call = db.run('INSERT', [], { timeoutMs: 2000 })
  await settle()
  await platform.clock.sleep(60_000)
  platform.engine.answer(result(1, 7))
  expect(await call).toMatchObject({ changes: 7 })
})

test('timeoutMs 0 has no limit', async () => {
  const platform = new FakePlatform(silent)
  const db = await openWith(platform, 'app.db', { timeoutMs: 0 })
  const call = db.run('INSERT')
  await platform.clock.advance(1e9)
  platform.engine.answer(result(1))
  await call
  expect(platform.engine.requests).toMatchObject([{ timeoutMs: 0 }])
})

test('an abort settles the call at once, cancels it in the engine, and its late answer is ignored', async () => {
  const platform = new FakePlatform(silent)
  const db = await openWith(platform, 'app.db')
  const controller = new AbortController()
  const call = db.run('INSERT', [], { signal: controller.signal }).catch((e: unknown) => e)
  await settle()
  controller.abort(new Error('why'))
  const error = await call
  expect(error).toBeInstanceOf(AbortError)
  expect(error).toMatchObject({ code: 'aborted', cause: new Error('why') })
  await settle()
  expect(platform.engine.requests.at(-1)).toEqual({ type: 'cancel', target: 1 })
  platform.engine.answer(result(1))
  platform.script = answerPlainly
  await db.run('INSERT')
})

test('a signal that was aborted before sends nothing', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  await expect(db.run('INSERT', [], { signal: AbortSignal.abort() })).rejects.toThrow(AbortError)
  const controller = new AbortController()
  const call = db.run('INSERT', [], { signal: controller.signal })
  controller.abort()
  await expect(call).rejects.toThrow(/not sent/)
  await settle()
  expect(platform.engine.requests).toEqual([])
})

test('numbers are dense and ackedThrough never passes a call that has not settled', async () => {
  const open: NumberedRequest[] = []
  const platform = new FakePlatform((request) => {
    open.push(request)
    return undefined
  })
  const db = await openWith(platform, 'app.db')
  const calls = [db.run('A'), db.run('B'), db.run('C')]
  await settle()
  platform.engine.answer(result(1), result(3))
  await Promise.all([calls[0], calls[2]])
  calls.push(db.run('D'))
  await settle()
  expect(platform.engine.envelopes.at(-1)).toMatchObject({ ackedThrough: 1, requests: [{ seq: 4 }] })
  platform.engine.answer(result(2), result(4))
  await Promise.all(calls)
  await platform.clock.advance(1000)
  expect(platform.engine.envelopes.at(-1)).toMatchObject({ ackedThrough: 4, requests: [] })
})

// A read that took long, such as a stream, held back the acknowledgement of every write made meanwhile, until the outcomes
// kept for them filled their space in the engine's store.
test('ackedThrough passes calls that change nothing, and a thousand settled writes are acknowledged at once', async () => {
  const platform = new FakePlatform((request) =>
    request.type === 'statement' && request.sql.startsWith('SELECT') ? undefined : answerPlainly(request),
  )
  const db = await openWith(platform, 'app.db')
  const reading = db.query('SELECT slow')
  const first = db.stream('SELECT rows')[Symbol.asyncIterator]().next()
  await settle()
  await Promise.all(Array.from({ length: 1024 }, () => db.run('INSERT')))
  await settle()
  expect(platform.engine.envelopes.at(-1)).toMatchObject({ ackedThrough: 1026, requests: [] })
  for (const call of [reading, first]) call.catch(silent)
})

test('columns with one name are warned about once, and only in object mode', async () => {
  const platform = new FakePlatform((request, engine) => void engine.answerRows(request.seq, ['id', 'id'], [[1n, 2n]]))
  const db = await openWith(platform, 'app.db')
  const warnings: string[] = []
  db.on('warning', ({ message }) => warnings.push(message))
  await db.query('SELECT', [], { rowMode: 'array' })
  expect(warnings).toEqual([])
  expect(await db.query('SELECT')).toEqual([{ id: 2 }])
  await db.query('SELECT')
  expect(warnings).toEqual([expect.stringContaining('id')])
})

test("an integer that does not fit in mode 'number' rejects its call and leaves the others alone", async () => {
  const platform = new FakePlatform((request, engine) => void engine.answerRows(request.seq, ['a'], [[2n ** 60n]]))
  const db = await openWith(platform, 'app.db', { integers: 'number' })
  await expect(db.query('SELECT')).rejects.toMatchObject({ code: 'integer-range' })
  expect(await db.value('SELECT', [], { integers: 'auto' })).toBe(2n ** 60n)
})

test('a batch gives one result per item and refuses what is no item', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  expect(await db.batch([])).toEqual([])
  expect(await db.batch([['A', [1]], ['B']])).toEqual([
    { changes: 0, lastInsertRowid: 0, rows: [] },
    { changes: 0, lastInsertRowid: 0, rows: [] },
  ])
  for (const items of ['A', ['A'], [[1]], [['A', [], {}]]]) {
    await expect(db.batch(items as never)).rejects.toMatchObject({ code: 'invalid-argument' })
  }
})

test('a prepared statement tells its shape and repeats its text until it is closed', async () => {
  const platform = new FakePlatform((request) =>
    request.type === 'prepare'
      ? { type: 'prepared', seq: request.seq, columns: ['a'], parameterNames: [':id', undefined], readonly: true }
      : answerPlainly(request),
  )
  const db = await openWith(platform, 'app.db')
  const statement = await db.prepare('SELECT a')
  expect(statement).toMatchObject({
    sql: 'SELECT a',
    columns: ['a'],
    parameterNames: [':id', undefined],
    readonly: true,
  })
  await Promise.all([
    statement.query([1]),
    statement.get(),
    statement.value(),
    statement.run(),
    statement.runMany([[1]]),
  ])
  expect(new Set(platform.engine.requests.map((request) => 'sql' in request && request.sql))).toEqual(
    new Set(['SELECT a']),
  )
  statement.close()
  await expect(statement.query()).rejects.toMatchObject({ code: 'closed' })
})

test('SQL that is no text and options that are none are refused before anything is sent', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  await expect(db.query(1 as never)).rejects.toMatchObject({ code: 'invalid-argument' })
  await expect(db.query('SELECT', [], { rowmode: 'array' } as never)).rejects.toMatchObject({
    code: 'unknown-option',
    message: expect.stringMatching(/rowmode.*signal, timeoutMs, .*rowMode, integers/),
  })
  await expect(db.query('SELECT', [], { rowMode: 'arrays' as never })).rejects.toMatchObject({
    code: 'invalid-argument',
  })
  await expect(db.run('SELECT', [], { timeoutMs: '1' as never })).rejects.toMatchObject({ code: 'invalid-argument' })
  expect(platform.engine.requests).toEqual([])
})
