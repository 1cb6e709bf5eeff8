// `DatabaseConnection` of datasync/compat on the real engine, in one thread: what was published about it.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { openWith } from '../../src/client/open.ts'
import { DatabaseConnection, type OpenFunction } from '../../src/compat/index.ts'
import { statementVerb } from '../../src/compat/statement-verb.ts'
import { ClosedError, TimeoutError } from '../../src/errors/errors.ts'
import { FakePlatform } from '../support/fake-platform.ts'
import { inProcessPlatform } from '../support/in-process-worker.ts'

let open: OpenFunction
let names: string[]
let db: DatabaseConnection
beforeEach(() => {
  const storages = new FakePlatform()
  names = []
  open = (name, options) => {
    names.push(`${name} ${options.timeoutMs}`)
    return openWith(inProcessPlatform(storages), name, options)
  }
  db = new DatabaseConnection({ open })
})
afterEach(() => db.close())

test('the basic set-up runs: schema, a row, and the rows as JSON of the database worker.db', async () => {
  await db.query(`
    CREATE TABLE users (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        email TEXT UNIQUE
    )
  `)
  await db.query("INSERT INTO users (name, email) VALUES ('Alice', 'alice@example.com')")
  const result = await db.query('SELECT * FROM users')
  expect(result).toBe('[\n  {\n    "id": 1,\n    "name": "Alice",\n    "email": "alice@example.com"\n  }\n]')
  expect(names).toEqual(['worker.db 5000'])
})

test('a statement without columns answers the number of rows changed, so that JSON.parse works', async () => {
  const answers = []
  for (const sql of [
    'CREATE TABLE t (a)',
    'INSERT INTO t VALUES (1), (2)',
    'UPDATE t SET a = 3 WHERE a = 2',
    'SELECT a FROM t WHERE a > 5',
    'DELETE FROM t RETURNING a',
    'DELETE FROM t RETURNING a',
    'PRAGMA foreign_keys = ON',
  ])
    answers.push(JSON.parse(await db.query(sql)))
  expect(answers).toEqual([0, 2, 1, [], [{ a: 1 }, { a: 3 }], [], 0])
})

test('values keep what JSON can hold: large integers as texts, blobs as bytes, the last of equal names', async () => {
  const text = await db.query(
    "SELECT 9007199254740991 a, 9007199254740993 b, -9223372036854775808 c, 1.5 d, 9e999 e, x'00ff' f, NULL g, 'x' h, 1 i, 2 i",
  )
  expect(JSON.parse(text)).toEqual([
    {
      a: 9007199254740991,
      b: '9007199254740993',
      c: '-9223372036854775808',
      d: 1.5,
      e: null,
      f: [0, 255],
      g: null,
      h: 'x',
      i: 2,
    },
  ])
})

test('errors keep their words and codes, and the connection goes on', async () => {
  await db.query('CREATE TABLE t (a UNIQUE, n NOT NULL)')
  await db.query('INSERT INTO t VALUES (1, 1)')
  await expect(db.query('INSERT INTO t VALUES (1, 1)')).rejects.toThrow(/UNIQUE constraint failed: t\.a/)
  await expect(db.query('INSERT INTO t VALUES (2, NULL)')).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_NOTNULL' })
  await expect(db.query('SELEC 1')).rejects.toThrow(/syntax error/)
  await expect(db.query('SELECT * FROM missing')).rejects.toThrow(/no such table/)
  await expect(db.query('SELECT 1; SELECT 2')).rejects.toMatchObject({ code: 'multiple-statements' })
  expect(JSON.parse(await db.query('SELECT count(*) AS n FROM t'))).toEqual([{ n: 1 }])
})

test('a query that does not end in its time is ended', async () => {
  const quick = new DatabaseConnection({ open, name: 'quick.db', timeoutMs: 200 })
  const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n'
  await expect(quick.query(endless)).rejects.toBeInstanceOf(TimeoutError)
  await quick.close()
})

test('after free it is closed', async () => {
  await db.query('SELECT 1')
  db.free()
  await expect(db.query('SELECT 1')).rejects.toBeInstanceOf(ClosedError)
})

test.each([
  ['INSERT INTO t VALUES (1)', 'insert'],
  [' -- a\n /* b */ replace into t values (1)', 'insert'],
  ['WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x', 'insert'],
  ["WITH x(a) AS NOT MATERIALIZED (VALUES ('insert into')), y AS (SELECT 1) UPDATE t SET a = 1", 'write'],
  ['WITH replace AS (SELECT 1 AS "delete from") SELECT * FROM replace', 'other'],
  ['WITH x AS (SELECT 1) REPLACE INTO t SELECT * FROM x', 'insert'],
  ['DELETE FROM t', 'write'],
  ['EXPLAIN INSERT INTO t VALUES (1)', 'other'],
  ['BEGIN', 'other'],
  ['', 'other'],
])('the verb of %j is %s', (sql, verb) => {
  expect(statementVerb(sql)).toBe(verb)
})
