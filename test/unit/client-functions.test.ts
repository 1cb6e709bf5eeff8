// Functions of the application in SQL: the client and the real engine in one thread, modules as `data:` addresses.
import { describe, expect, it } from 'vitest'
import { openWith } from '../../src/client/open.ts'
import { AssetLoadError, SqliteError, UsageError } from '../../src/errors/errors.ts'
import { FakePlatform } from '../support/fake-engine.ts'
import { inProcessPlatform } from '../support/in-process-worker.ts'
import { settle } from '../support/manual-clock.ts'

const module = (text: string) => `data:text/javascript,${encodeURIComponent(text)}`
const SCALARS = module(`
  export const shout = (text) => text.toUpperCase() + '!'
  export const same = (value) => value
  export const kinds = (...values) => values.map((v) => v === null ? 'null' : v instanceof Uint8Array ? 'blob' : typeof v).join()
  export const broken = () => { throw new RangeError('out of luck') }
  export const later = async () => 1
  export const number = 5
  export default (a, b) => a + b
`)
const AGGREGATES = module(`
  export const joined = { start: () => [], step: (list, text) => { list.push(text) }, final: (list) => list.join('-') }
  export const total = {
    start: () => 0, step: (sum, n) => sum + n, inverse: (sum, n) => sum - n, value: (sum) => sum, final: (sum) => sum,
  }
  export const failing = { step: (count = 0) => { if (count === 2) throw new Error('third row'); return count + 1 }, final: () => 1 }
  export const half = { step: () => 1 }
`)

const opened = () => openWith(inProcessPlatform(), 'app.db', { storage: 'memory' })

describe('a function of the application', () => {
  it('is used in statements, by any client call, with every kind of value', async () => {
    const db = await opened()
    await db.function('shout', { module: SCALARS, export: 'shout' })
    await db.function('same', { module: new URL(SCALARS), export: 'same' })
    await db.function('kinds', { module: SCALARS, export: 'kinds' })
    await db.function('plus', { module: SCALARS })
    expect(await db.value('SELECT shout(?)', ['hé😀\u0000x'])).toBe('HÉ😀\u0000X!')
    expect(await db.value('SELECT plus(1, 2.5)')).toBe(3.5)
    expect(await db.value("SELECT kinds(NULL, 1, 1.5, 't', x'00', 9007199254740993)")).toBe(
      'null,number,number,string,blob,bigint',
    )
    const values = [null, 1, -1, 2 ** 53 - 1, 2n ** 63n - 1n, -(2n ** 63n), 0.5, Infinity, '', 'a\u0000b', '𝄞']
    for (const value of values) expect(await db.value('SELECT same(?)', [value])).toEqual(value)
    expect(await db.value('SELECT same(?)', [Uint8Array.of(0, 255)])).toEqual(Uint8Array.of(0, 255))
    expect(await db.value('SELECT same(?)', [new Uint8Array()])).toEqual(new Uint8Array())
    await db.close()
  })

  it('is there on the writer, on readers, in transactions and in streams', async () => {
    const db = await opened()
    await db.function('shout', { module: SCALARS, export: 'shout' })
    await db.exec("CREATE TABLE t(a); INSERT INTO t VALUES(shout('a'))")
    const rows = await db.transaction(async (tx) => {
      await tx.run('INSERT INTO t SELECT shout(a) FROM t')
      // The writer is taken, so this runs on a reader.
      expect(await db.query('SELECT shout(a) FROM t', [], { rowMode: 'array' })).toEqual([['A!!']])
      return tx.query('SELECT shout(a) FROM t ORDER BY a', [], { rowMode: 'array' })
    })
    expect(rows).toEqual([['A!!'], ['A!!!']])
    const streamed: unknown[] = []
    for await (const row of db.stream('SELECT shout(a) AS a FROM t ORDER BY a')) streamed.push(row)
    expect(streamed).toEqual([{ a: 'A!!' }, { a: 'A!!!' }])
    await db.close()
  })

  it('may be an aggregate, also over no rows and in groups', async () => {
    const db = await opened()
    await db.function('joined', { module: AGGREGATES, export: 'joined' })
    expect(await db.value("SELECT joined(value) FROM json_each('[1,2,3]')")).toBe('1-2-3')
    expect(await db.value('SELECT joined(1) WHERE 0')).toBe('')
    expect(
      await db.query("SELECT joined(value) AS j FROM json_each('[1,2,3,4]') GROUP BY value % 2", [], {
        rowMode: 'array',
      }),
    ).toEqual([['2-4'], ['1-3']])
    await expect(db.query("SELECT joined(value) OVER () FROM json_each('[1]')")).rejects.toThrow('window function')
    await db.close()
  })

  it('may be a window function', async () => {
    const db = await opened()
    await db.function('sum_up', { module: AGGREGATES, export: 'total' })
    const sql = "SELECT sum_up(value) OVER (ORDER BY value ROWS 1 PRECEDING) AS t FROM json_each('[1,2,3,4]')"
    expect(await db.query(sql, [], { rowMode: 'array' })).toEqual([[1], [3], [5], [7]])
    expect(await db.value("SELECT sum_up(value) FROM json_each('[1,2,3,4]')")).toBe(10)
    await db.close()
  })

  it('that throws, or gives what SQLite cannot store, ends the statement with its message', async () => {
    const db = await opened()
    for (const name of ['broken', 'later']) await db.function(name, { module: SCALARS, export: name })
    await db.function('failing', { module: AGGREGATES, export: 'failing' })
    await db.exec('CREATE TABLE t(a)')
    const error: unknown = await db.run('INSERT INTO t VALUES(1), (broken())').catch((e: unknown) => e)
    expect(error).toBeInstanceOf(SqliteError)
    expect(error).toMatchObject({ code: 'SQLITE_ERROR', message: 'out of luck' })
    await expect(db.query('SELECT later()')).rejects.toThrow('cannot be async')
    await expect(db.query("SELECT failing(value) FROM json_each('[1,2,3,4]')")).rejects.toThrow('third row')
    expect(await db.value('SELECT count(*) FROM t')).toBe(0)
    await db.close()
  })

  it('may be used by the schema unless it is directOnly, and in an index if it is deterministic', async () => {
    const db = await opened()
    await db.function('plus', { module: SCALARS }, { deterministic: true })
    await db.function('shout', { module: SCALARS, export: 'shout' }, { directOnly: true })
    await db.exec('CREATE TABLE t(a, b); CREATE INDEX i ON t(plus(a, b)); INSERT INTO t VALUES(1, 2)')
    expect(await db.value('SELECT count(*) FROM t WHERE plus(a, b) = 3')).toBe(1)
    await db.exec("CREATE VIEW v AS SELECT shout('a') AS a")
    await expect(db.query('SELECT * FROM v')).rejects.toThrow('unsafe use of shout()')
    await db.close()
  })

  it('is replaced by another of its name, and is nobody else’s', async () => {
    const db = await opened()
    await db.function('f', { module: SCALARS, export: 'shout' })
    expect(await db.value("SELECT f('a')")).toBe('A!')
    await db.function('F', { module: SCALARS, export: 'same' })
    expect(await db.value("SELECT f('a')")).toBe('a')
    await db.close()
  })
})

describe('function() refuses', () => {
  it.each([
    [
      'a module that does not load',
      { module: 'data:text/javascript,)' },
      AssetLoadError,
      'could not be loaded from data:',
    ],
    [
      'an export that is not there',
      { module: SCALARS, export: 'nobody' },
      UsageError,
      "'nobody' of data:.*is missing.*number, same, shout",
    ],
    ['an export that is no function', { module: SCALARS, export: 'number' }, UsageError, 'is of type number'],
    ['half an aggregate', { module: AGGREGATES, export: 'half' }, UsageError, 'an object without these functions'],
  ])('%s', async (_, source, type, words) => {
    const db = await opened()
    const error: unknown = await db.function('f', source).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(type)
    expect((error as Error).message).toMatch(new RegExp(words))
    expect((error as { code: string }).code).toBe(type === AssetLoadError ? 'asset-load' : 'function-export')
    await expect(db.query('SELECT f(1)')).rejects.toThrow('no such function')
    await db.close()
  })

  it('names that are none, or SQLite’s own, and sources that are none', async () => {
    const db = await opened()
    for (const name of ['', 'a b', "a'", '1a', 'upper', 'Changes'])
      await expect(db.function(name, { module: SCALARS })).rejects.toMatchObject({ code: 'invalid-argument' })
    await expect(db.function('f', {} as never)).rejects.toMatchObject({ code: 'invalid-argument' })
    await expect(db.function('f', { module: 'functions.js' })).rejects.toMatchObject({ code: 'invalid-argument' })
    await expect(db.function('f', { module: SCALARS, exports: 'a' } as never)).rejects.toMatchObject({
      code: 'unknown-option',
    })
    await db.close()
  })

  it('nothing for ever: a module that never loads ends by time or signal, and later calls go on', async () => {
    const db = await opened()
    const never = module('await new Promise(() => {})')
    await expect(db.function('f', { module: never }, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'timeout' })
    const controller = new AbortController()
    const waiting = db.function('f', { module: never }, { signal: controller.signal })
    const later = db.value('SELECT 1')
    setTimeout(() => controller.abort(), 10)
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' })
    expect(await later).toBe(1)
    await db.close()
  })
})

it('the next worker gets the functions that were registered', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  await db.function('f', { module: SCALARS, export: 'shout' }, { directOnly: true })
  expect(platform.engine.hello.settings.functions).toBeUndefined()
  platform.engine.vanish()
  await settle()
  await db.run('INSERT')
  const definition = { name: 'f', module: SCALARS, export: 'shout', deterministic: false, directOnly: true }
  expect(platform.engine.hello.settings.functions).toEqual([definition])
})
