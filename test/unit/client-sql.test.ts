// Fragments and templates: what they become, and that they run. Titles say what must not happen: a value as text.

import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, expectTypeOf, test } from 'vitest'
import type { Database } from '../../src/client/database.ts'
import { openWith } from '../../src/client/open.ts'
import { SqlFragment, type SqlPart, sql } from '../../src/client/sql.ts'
import type { ObjectRow, SqlValue } from '../../src/protocol/row-reader.ts'
import { inProcessPlatform } from '../support/in-process-worker.ts'

describe('sql', () => {
  test('makes values parameters and puts fragments into each other', () => {
    const where = sql`a = ${1} AND b = ${'x'}`
    const whole = sql`SELECT * FROM ${sql.id('my "t"')} WHERE ${where} OR c = ${null} ${sql.empty}`
    expect(whole.text).toBe('SELECT * FROM "my ""t""" WHERE a = ? AND b = ? OR c = ? ')
    expect(whole.values).toEqual([1, 'x', null])
  })

  test('never lets a value into the text', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (values) => {
        const parts = [sql.join(values), sql.in(values), sql.values([values]), sql.json(values)]
        for (const { text } of parts) expect(text).toMatch(/^[?, ()]+$/)
      }),
    )
  })

  test('has the same text for lists of similar length, and keeps what is in them', () => {
    expect(sql.in([1, 2, 3]).text).toBe(sql.in([4, 5, 6, 7]).text)
    expect(sql.in([1, 2, 3]).values).toEqual([1, 2, 3, 3])
    expect(sql.in([5])).toEqual(new SqlFragment('(?)', [5]))
    expect(sql.in(Array(20_000).keys()).values).toHaveLength(32_766)
  })

  test('joins with a comma or with another fragment', () => {
    expect(sql.join([sql`a = ${1}`, 2], sql` OR `)).toEqual(new SqlFragment('a = ? OR ?', [1, 2]))
    expect(sql.join([sql.id('a'), sql.id('b', 'c')]).text).toBe('"a", "b"."c"')
    expect(sql.join([])).toEqual(sql.empty)
  })

  test.each<[string, () => unknown, string]>([
    ['called as a function', () => Reflect.apply(sql, undefined, ['SELECT 1']), 'template tag'],
    ['called with a plain object', () => Reflect.apply(sql, undefined, [{ a: 1 }]), 'template tag'],
    ['given an array as a value', () => sql`SELECT ${[1, 2] as never}`, 'sql.in()'],
    ['given a plain object as a value', () => sql`SELECT ${{ a: 1 } as never}`, 'sql.json()'],
    ['given an empty list', () => sql.in([]), 'empty list'],
    ['given too long a list', () => sql.in(Array(32_767).keys()), '32766'],
    ['given no rows', () => sql.values([]), 'at least one row'],
    ['given rows of two widths', () => sql.values([[1], [1, 2]]), 'Row 2'],
    ['given a separator as text', () => sql.join([1], ' OR ' as never), 'sql` AND `'],
    ['given an empty name', () => sql.id(''), 'empty'],
    ['given no JSON', () => sql.json(undefined), 'undefined'],
  ])('says what is wrong when it is %s', (_, call, words) => {
    expect(call).toThrow(expect.objectContaining({ message: expect.stringContaining(words) }))
    expect(call).toThrow(expect.objectContaining({ code: expect.stringMatching(/^(invalid-argument|bind)$/) }))
  })
})

describe('the calls of a database', () => {
  let db: Database
  beforeAll(async () => {
    db = await openWith(inProcessPlatform(), 'app.db', { storage: 'memory' })
  })
  afterAll(() => db.close())
  beforeEach(() => db.exec('DROP TABLE IF EXISTS t; CREATE TABLE t (id INTEGER PRIMARY KEY, a)'))

  test('run as templates, with values that would end any quoted text', async () => {
    const nasty = `'); DROP TABLE t; --"\`$?`
    expect(await db.run`INSERT INTO t (id, a) VALUES (${7}, ${nasty})`).toEqual({ changes: 1, lastInsertRowid: 7 })
    expect(await db.query`SELECT id FROM t WHERE a = ${nasty}`).toEqual([{ id: 7 }])
    expect(await db.get`SELECT a FROM ${sql.id('t')} WHERE id IN ${sql.in([1, 7, 9])}`).toEqual({ a: nasty })
    expect(await db.value`SELECT a FROM t WHERE id = ${7}`).toBe(nasty)
    expect(await db.value`SELECT ${sql.json({ a: [1] })} ->> '$.a[0]'`).toBe(1)
  })

  test('run fragments with options, also in batches and transactions', async () => {
    const insert = sql`INSERT INTO t VALUES ${sql.values([
      [1, 'a'],
      [2, 'b'],
    ])}`
    await db.transaction(async (tx) => {
      await tx.run(insert)
      expect(await tx.value`SELECT count(*) FROM t`).toBe(2)
    })
    expect(await db.query(sql`SELECT id, a FROM t`, { rowMode: 'array' })).toEqual([
      [1, 'a'],
      [2, 'b'],
    ])
    const results = await db.batch([sql`DELETE FROM t WHERE id = ${1}`, ['SELECT id FROM t']])
    expect(results.map(({ changes, rows }) => [changes, rows])).toEqual([
      [1, []],
      [0, [{ id: 2 }]],
    ])
    await expect(db.query(sql`SELECT 1`, { timeoutMs: -1 })).rejects.toMatchObject({ code: 'invalid-argument' })
  })

  test('say what is wrong when a fragment comes with parameters, or an object as statement', async () => {
    const wrong: never[] = [sql`SELECT ${1}` as never, [1] as never]
    await expect(Reflect.apply(db.query, db, wrong)).rejects.toThrow('brings its own values')
    await expect(db.run({ a: 1 } as never)).rejects.toThrow('must be a string')
    await expect(db.get(['SELECT 1'] as never)).rejects.toThrow('must be a string')
  })

  test('are typed: rows by their type argument, values that no parameter can hold are refused', () => {
    const calls = () => {
      expectTypeOf(db.query`SELECT 1`).resolves.toEqualTypeOf<ObjectRow[]>()
      expectTypeOf(db.query<{ id: number }>`SELECT 1 AS id`).resolves.toEqualTypeOf<{ id: number }[]>()
      expectTypeOf(db.get<{ id: number }>(sql`SELECT 1 AS id`)).resolves.toEqualTypeOf<{ id: number } | undefined>()
      expectTypeOf(db.value`SELECT 1`).resolves.toEqualTypeOf<SqlValue | undefined>()
      expectTypeOf(db.query<[number]>(sql`SELECT 1`, { rowMode: 'array' })).resolves.toEqualTypeOf<[number][]>()
      // @ts-expect-error a plain object is no value
      db.run`INSERT INTO t VALUES (${{ a: 1 }})`
      // @ts-expect-error undefined is no value
      db.query`SELECT ${undefined}`
      // @ts-expect-error a fragment takes no parameters
      db.query(sql`SELECT 1`, [1])
    }
    expect(calls).toBeTypeOf('function')
    expectTypeOf(sql.empty).toExtend<SqlPart>()
  })
})
