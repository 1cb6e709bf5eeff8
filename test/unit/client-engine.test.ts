// The public calls against the real engine, in one thread: what an application sees of SQLite through all layers.

import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../src/client/database.ts'
import { openWith } from '../../src/client/open.ts'
import { BindError, SqliteError, TransactionDeadlockError } from '../../src/errors/errors.ts'
import { inProcessPlatform } from '../support/in-process-worker.ts'

let db: Database

beforeAll(async () => {
  db = await openWith(inProcessPlatform(), 'app.db', { storage: 'memory' })
})
afterAll(() => db.close())
beforeEach(() => db.exec('DROP TABLE IF EXISTS t; CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)'))

test('every value that is bound comes back as it was, with the type SQLite should give it', async () => {
  const value = fc.oneof(
    fc.constant(null),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.double({ noNaN: true }),
    fc.maxSafeInteger(),
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => bytes.slice()),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 30 }), async (values) => {
      const marks = values.map(() => '?').join(', ')
      const [row] = await db.query(`SELECT ${marks}`, values, { rowMode: 'array' })
      expect(row).toEqual(
        values.map((each) => (typeof each === 'bigint' && Number.isSafeInteger(Number(each)) ? Number(each) : each)),
      )
    }),
    { numRuns: 300 },
  )
  expect(await db.get('SELECT typeof(?) a, typeof(?) b, typeof(?) c, typeof(?) d', [1, 1.5, -0, 2 ** 60])).toEqual({
    a: 'integer',
    b: 'real',
    c: 'real',
    d: 'real',
  })
})

test('run tells changes and rowid, get and value give the first, undefined without one', async () => {
  expect(await db.run('INSERT INTO t (a) VALUES (?), (?)', ['x', 'y'])).toEqual({ changes: 2, lastInsertRowid: 2 })
  expect(await db.run('UPDATE t SET b = :b WHERE a = :a', { a: 'x', ':b': 1 })).toMatchObject({ changes: 1 })
  expect(await db.query('SELECT a, b FROM t ORDER BY id')).toEqual([
    { a: 'x', b: 1 },
    { a: 'y', b: null },
  ])
  expect(await db.get('SELECT a FROM t WHERE id = ?', [2])).toEqual({ a: 'y' })
  expect(await db.get('SELECT a FROM t WHERE id = 3')).toBeUndefined()
  expect(await db.value('SELECT count(*) FROM t')).toBe(2)
  expect(await db.value('SELECT 1 WHERE 0')).toBeUndefined()
  expect(await db.query('INSERT INTO t (a) VALUES (1) RETURNING id')).toEqual([{ id: 3 }])
})

test('a result of many megabytes comes whole and in order', async () => {
  const sql =
    'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) SELECT i, hex(zeroblob(60)) h FROM n'
  const rows = await db.query<{ i: number; h: string }>(sql)
  expect(rows).toHaveLength(60_000)
  expect(rows.every(({ i, h }, index) => i === index + 1 && h.length === 120)).toBe(true)
})

test('errors carry code, errno, statement and the offset of the token', async () => {
  const sql = 'SELECT a FROM t WHERE nix = 1'
  const error = await db.query(sql).catch((e: unknown) => e)
  expect(error).toBeInstanceOf(SqliteError)
  expect(error).toMatchObject({ code: 'SQLITE_ERROR', errno: 1, sql, offset: sql.indexOf('nix') })
  await db.run('INSERT INTO t (id) VALUES (1)')
  await expect(db.run('INSERT INTO t (id) VALUES (1)')).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_PRIMARYKEY' })
})

test('a second statement, a missing parameter and one too many are refused by name', async () => {
  await expect(db.run('DELETE FROM t; DELETE FROM t')).rejects.toMatchObject({ code: 'multiple-statements' })
  await expect(db.query('SELECT ?, ?', [1])).rejects.toBeInstanceOf(BindError)
  await expect(db.query('SELECT :a', { a: 1, b: 2 })).rejects.toMatchObject({ code: 'bind', parameter: 'b' })
})

test('runMany writes all sets in one transaction, or none', async () => {
  const rows = Array.from({ length: 50_000 }, (_, i) => [i, `text ${i} ${'x'.repeat(40)}`])
  expect(await db.runMany('INSERT INTO t (a, b) VALUES (?, ?)', rows)).toEqual({ changes: 50_000 })
  expect(await db.get('SELECT count(*) n, sum(a) s FROM t')).toEqual({ n: 50_000, s: (50_000 * 49_999) / 2 })
  const clash = [...rows.slice(0, 30_000), [1, undefined as never]]
  await expect(db.runMany('INSERT INTO t (a, b) VALUES (?, ?)', clash)).rejects.toBeInstanceOf(BindError)
  expect(await db.value('SELECT count(*) FROM t')).toBe(50_000)
})

test('after a bulk whose source threw, nothing of it is there and the next write does not wait', async () => {
  function* rows() {
    for (let i = 0; i < 40_000; i++) yield [i, 'x'.repeat(100)]
    throw new Error('mine')
  }
  await expect(db.runMany('INSERT INTO t (a, b) VALUES (?, ?)', rows())).rejects.toThrow('mine')
  await db.run('INSERT INTO t (a) VALUES (1)', [], { timeoutMs: 3000 })
  expect(await db.value('SELECT count(*) FROM t')).toBe(1)
})

test('after a bulk that was aborted between its parts, the next write does not wait', async () => {
  const controller = new AbortController()
  async function* rows() {
    for (let i = 0; i < 12_000; i++) yield [i, 'x'.repeat(100)]
    await new Promise((resolve) => setTimeout(resolve, 50))
    controller.abort()
    yield [0, '']
  }
  const call = db.runMany('INSERT INTO t (a, b) VALUES (?, ?)', rows(), { signal: controller.signal })
  await expect(call).rejects.toMatchObject({ code: 'aborted' })
  await db.run('INSERT INTO t (a) VALUES (1)', [], { timeoutMs: 3000 })
  expect(await db.value('SELECT count(*) FROM t')).toBe(1)
})

test('a batch is all or nothing and gives each item its rows', async () => {
  const results = await db.batch([
    ['INSERT INTO t (a) VALUES (?)', [1]],
    ['INSERT INTO t (a) VALUES (:a) RETURNING id', { a: 2 }],
    ['SELECT a FROM t ORDER BY id'],
  ])
  expect(results).toMatchObject([
    { changes: 1, rows: [] },
    { changes: 1, rows: [{ id: 2 }] },
    { changes: 0, rows: [{ a: 1 }, { a: 2 }] },
  ])
  await expect(db.batch([['DELETE FROM t'], ['INSERT INTO nix VALUES (1)']])).rejects.toBeInstanceOf(SqliteError)
  expect(await db.value('SELECT count(*) FROM t')).toBe(2)
})

test('a prepared statement tells columns and parameters', async () => {
  const statement = await db.prepare('SELECT a, b AS c FROM t WHERE id = :id AND a = ?')
  expect(statement).toMatchObject({ columns: ['a', 'c'], readonly: true })
  expect(statement.parameterNames[0]).toBe(':id')
  await expect(db.prepare('SELEC')).rejects.toBeInstanceOf(SqliteError)
})

describe('a transaction', () => {
  test('commits what its callback did, and nested ones undo alone', async () => {
    await db.transaction(async (tx) => {
      await tx.run('INSERT INTO t (a) VALUES (1)')
      await tx
        .transaction(async (inner) => {
          await inner.run('INSERT INTO t (a) VALUES (2)')
          await inner.transaction((innermost) => innermost.run('INSERT INTO t (a) VALUES (3)'))
          throw new Error('undone')
        })
        .catch(() => {})
      await tx.transaction((inner) => inner.runMany('INSERT INTO t (a) VALUES (?)', [[4], [5]]))
    })
    expect(await db.query('SELECT a FROM t', [], { rowMode: 'array' })).toEqual([[1], [4], [5]])
  })

  test('is not seen from outside before its commit, and not at all after a rollback', async () => {
    const failed = db.transaction(async (tx) => {
      await tx.run('INSERT INTO t (a) VALUES (1)')
      expect(await tx.value('SELECT count(*) FROM t')).toBe(1)
      expect(await db.value('SELECT count(*) FROM t')).toBe(0)
      throw new Error('mine')
    })
    await expect(failed).rejects.toThrow('mine')
    expect(await db.value('SELECT count(*) FROM t')).toBe(0)
  })

  test('whose commit breaks a deferred key fails with it and leaves nothing open', async () => {
    await db.exec('DROP TABLE IF EXISTS c; CREATE TABLE c (t REFERENCES t DEFERRABLE INITIALLY DEFERRED)')
    await expect(db.transaction((tx) => tx.run('INSERT INTO c VALUES (9)'))).rejects.toMatchObject({
      code: 'SQLITE_CONSTRAINT_FOREIGNKEY',
    })
    await db.run('INSERT INTO t (a) VALUES (1)')
  })

  test('that is read-only cannot write', async () => {
    await expect(
      db.transaction((tx) => tx.run('INSERT INTO t (a) VALUES (1)'), { readonly: true }),
    ).rejects.toMatchObject({
      code: 'SQLITE_READONLY',
    })
  })

  test('that is deferred and was overtaken conflicts, and retries runs it again', async () => {
    let runs = 0
    await db.transaction(
      async (tx) => {
        const count = await tx.value<number>('SELECT count(*) FROM t')
        if (runs++ === 0) await db.run('INSERT INTO t (a) VALUES (1)')
        await tx.run('INSERT INTO t (a) VALUES (?)', [count ?? 0])
      },
      { mode: 'deferred', retries: 3 },
    )
    expect(runs).toBe(2)
    expect(await db.query('SELECT a FROM t', [], { rowMode: 'array' })).toEqual([[1], [1]])
  })

  test('that awaits a write on the database says so, and the write is not applied', async () => {
    const call = db.transaction(async (tx) => {
      await tx.run('INSERT INTO t (a) VALUES (1)')
      await db.run('INSERT INTO t (a) VALUES (2)')
    })
    await expect(call).rejects.toBeInstanceOf(TransactionDeadlockError)
    expect(await db.value('SELECT count(*) FROM t')).toBe(0)
  })

  test('that exceeds its time is rolled back and its next call says so', async () => {
    const call = db.transaction(
      async (tx) => {
        await tx.run('INSERT INTO t (a) VALUES (1)')
        await new Promise((resolve) => setTimeout(resolve, 120))
        await tx.run('INSERT INTO t (a) VALUES (2)')
      },
      { timeoutMs: 50 },
    )
    await expect(call).rejects.toMatchObject({ code: 'timeout' })
    expect(await db.value('SELECT count(*) FROM t')).toBe(0)
  })
})

test('an aborted call ends at once and the next one is answered', async () => {
  const controller = new AbortController()
  const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n'
  const call = db.value(endless, [], { signal: controller.signal, timeoutMs: 1000 })
  setTimeout(() => controller.abort(), 20)
  await expect(call).rejects.toMatchObject({ code: 'aborted' })
  expect(await db.value('SELECT 1')).toBe(1)
})

test('a statement beyond its time ends inside SQLite', async () => {
  const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n'
  await expect(db.value(endless, [], { timeoutMs: 100 })).rejects.toMatchObject({ code: 'timeout' })
  expect(await db.value('SELECT 1')).toBe(1)
})

test('sync resolves, also for a database in memory', async () => {
  await db.sync()
})
