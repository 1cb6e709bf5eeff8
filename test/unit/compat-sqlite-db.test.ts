// `SQLiteDB` of datasync/compat on the real engine, in one thread: what was published about it, sentence by sentence.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openWith } from '../../src/client/open.ts'
import init, { IsolationLevel, type OpenFunction, SQLiteDB } from '../../src/compat/index.ts'
import { ClosedError, SqliteError, TimeoutError, UsageError } from '../../src/errors/errors.ts'
import { FakePlatform } from '../support/fake-platform.ts'
import { inProcessPlatform } from '../support/in-process-worker.ts'

const CONFIG = { name: 'test_db', version: 1, cache_size: 5000, page_size: 8192, auto_vacuum: true }

let open: OpenFunction
const opened: SQLiteDB[] = []
const newDb = (config = CONFIG) => {
  const db = new SQLiteDB(config, { open })
  opened.push(db)
  return db
}

beforeEach(() => {
  const storages = new FakePlatform()
  open = (name, options) => openWith(inProcessPlatform(storages), name, options)
})
afterEach(async () => {
  for (const db of opened.splice(0)) await db.close()
})

const SERIALIZABLE = { isolation_level: IsolationLevel.Serializable }

describe('the published integration tests', () => {
  test('test_database_creation', async () => {
    await init()
    const db = newDb()
    const result = await db.execute(
      'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE)',
    )
    expect(result.affected_rows).toBe(0)
    expect(result.execution_time_ms).toBeGreaterThan(0)
  })

  test('test_crud_operations', async () => {
    const db = await new SQLiteDB(undefined, { open })
    opened.push(db)
    await db.execute('CREATE TABLE test_table (id INTEGER PRIMARY KEY, value TEXT)')
    const inserted = await db.execute("INSERT INTO test_table (value) VALUES ('Hello, Rust 2024!')")
    expect(inserted.affected_rows).toBe(1)
    expect(inserted.last_insert_id).toBe(1)
    const selected = await db.execute('SELECT * FROM test_table')
    expect(selected.rows).toHaveLength(1)
    expect(selected.columns).toEqual(['id', 'value'])
  })
})

test('each value comes with the name of its type, a real without a fraction as a real', async () => {
  const { columns, rows } = await newDb().execute("SELECT NULL a, 1 b, 1.0 c, 'x' a, x'0102' e, -9007199254740991 f")
  expect(columns).toEqual(['a', 'b', 'c', 'a', 'e', 'f'])
  expect(rows).toEqual([
    {
      values: [
        { type: 'Null' },
        { type: 'Integer', value: 1 },
        { type: 'Real', value: 1 },
        { type: 'Text', value: 'x' },
        { type: 'Blob', value: Uint8Array.of(1, 2) },
        { type: 'Integer', value: -9007199254740991 },
      ],
    },
  ])
})

test('an integer that no number holds is refused, not rounded', async () => {
  const error = newDb().execute('SELECT 9007199254740993')
  await expect(error).rejects.toMatchObject({ code: 'integer-range', message: expect.stringContaining('CAST') })
})

test('affected_rows counts changed rows only, last_insert_id is there after an INSERT only', async () => {
  const db = newDb()
  await db.execute('CREATE TABLE t (id INTEGER PRIMARY KEY, a UNIQUE)')
  expect(await db.execute("INSERT INTO t (a) VALUES ('x'), ('y')")).toMatchObject({
    affected_rows: 2,
    last_insert_id: 2,
  })
  const seen = []
  for (const sql of [
    "UPDATE t SET a = 'z' WHERE id = 1",
    'SELECT * FROM t',
    'CREATE TABLE u (a)',
    "INSERT OR IGNORE INTO t (a) VALUES ('z')",
    'DELETE FROM t WHERE id = 1',
  ]) {
    const { affected_rows, last_insert_id } = await db.execute(sql)
    seen.push([affected_rows, last_insert_id])
  }
  expect(seen).toEqual([
    [1, undefined],
    [0, undefined],
    [0, undefined],
    [0, undefined],
    [1, undefined],
  ])
  const returned = await db.execute("WITH v AS (SELECT 'w' AS a) INSERT INTO t (a) SELECT a FROM v RETURNING id, a")
  expect(returned).toMatchObject({ columns: ['id', 'a'], affected_rows: 1, last_insert_id: 3 })
  expect(returned.rows).toEqual([
    {
      values: [
        { type: 'Integer', value: 3 },
        { type: 'Text', value: 'w' },
      ],
    },
  ])
})

test('a result without rows has its columns all the same', async () => {
  const db = newDb()
  expect(await db.execute('SELECT 1 AS one WHERE 0')).toMatchObject({ columns: ['one'], rows: [] })
})

test('the configuration is in force: pages of the cache, bytes of a page, version and kind of vacuum of a new database', async () => {
  const db = newDb()
  const values = []
  for (const name of ['cache_size', 'page_size', 'user_version', 'auto_vacuum'])
    values.push((await db.execute(`PRAGMA ${name}`)).rows[0]?.values[0])
  expect(values.map((value) => value && 'value' in value && value.value)).toEqual([5000, 8192, 1, 2])
})

test('what is committed is there after close and reopen, and an existing database keeps its version', async () => {
  const first = newDb()
  await first.execute('CREATE TABLE t (a)')
  await first.execute('INSERT INTO t VALUES (1)')
  await first.execute('PRAGMA user_version = 7')
  await first.close()
  const second = newDb({ ...CONFIG, version: 2 })
  expect((await second.execute('SELECT count(*) FROM t')).rows[0]?.values).toEqual([{ type: 'Integer', value: 1 }])
  expect((await second.execute('PRAGMA user_version')).rows[0]?.values).toEqual([{ type: 'Integer', value: 7 }])
})

describe('transactions', () => {
  test('are committed or rolled back as a whole', async () => {
    const db = newDb()
    await db.execute('CREATE TABLE t (a)')
    await db.begin_transaction({ ...SERIALIZABLE, timeout_ms: 5000 })
    await db.execute('INSERT INTO t VALUES (1)')
    await db.rollback()
    await db.begin_transaction(SERIALIZABLE)
    await db.execute('INSERT INTO t VALUES (2)')
    await db.execute('INSERT INTO t VALUES (3)')
    await db.commit()
    const { rows } = await db.execute('SELECT a FROM t')
    expect(rows.map(({ values }) => values[0])).toEqual([
      { type: 'Integer', value: 2 },
      { type: 'Integer', value: 3 },
    ])
  })

  test('take what is called between begin and end though nothing is awaited', async () => {
    const db = newDb()
    const calls = [
      db.execute('CREATE TABLE t (a)'),
      db.begin_transaction(SERIALIZABLE),
      db.execute('INSERT INTO t VALUES (1)'),
      db.rollback(),
      db.execute('INSERT INTO t VALUES (2)'),
      db.begin_transaction(SERIALIZABLE),
      db.execute('INSERT INTO t VALUES (3)'),
      db.commit(),
    ]
    const last = db.execute('SELECT group_concat(a) FROM t')
    await Promise.all(calls)
    expect((await last).rows[0]?.values).toEqual([{ type: 'Text', value: '2,3' }])
  })

  test.each(Object.values(IsolationLevel))('begin at the level %s', async (isolation_level) => {
    const [one, two] = [newDb(), newDb({ ...CONFIG, name: 'other' })]
    await two.execute('SELECT 1')
    await one.execute('CREATE TABLE t (a)')
    await one.begin_transaction({ isolation_level })
    await one.execute('INSERT INTO t VALUES (1)')
    await one.commit()
    expect((await one.execute('SELECT a FROM t')).rows).toHaveLength(1)
  })

  test('refuse an unknown level and a second one', async () => {
    const db = newDb()
    await expect(db.begin_transaction({ isolation_level: 'Chaos' as never })).rejects.toMatchObject({
      code: 'invalid-argument',
    })
    await db.begin_transaction(SERIALIZABLE)
    await expect(db.begin_transaction(SERIALIZABLE)).rejects.toBeInstanceOf(UsageError)
    await db.rollback()
  })

  test('are rolled back after timeout_ms; then everything but rollback is refused', async () => {
    const db = newDb()
    await db.execute('CREATE TABLE t (a)')
    await db.begin_transaction({ ...SERIALIZABLE, timeout_ms: 30 })
    await db.execute('INSERT INTO t VALUES (1)')
    await new Promise((resolve) => setTimeout(resolve, 100))
    await expect(db.execute('INSERT INTO t VALUES (2)')).rejects.toBeInstanceOf(TimeoutError)
    await db.rollback()
    expect((await db.execute('SELECT a FROM t')).rows).toEqual([])
    await db.begin_transaction({ ...SERIALIZABLE, timeout_ms: 30 })
    await new Promise((resolve) => setTimeout(resolve, 100))
    await expect(db.commit()).rejects.toBeInstanceOf(TimeoutError)
    expect((await db.execute('INSERT INTO t VALUES (3)')).affected_rows).toBe(1)
  })

  test('end in SQLite words where none is open', async () => {
    const db = newDb()
    await expect(db.commit()).rejects.toBeInstanceOf(SqliteError)
    await expect(db.rollback()).rejects.toThrow(/no transaction is active/)
  })

  test('begun by SQL text are ended by the calls too', async () => {
    const db = newDb()
    await db.execute('CREATE TABLE t (a)')
    await db.execute('BEGIN')
    await db.execute('INSERT INTO t VALUES (1)')
    await db.rollback()
    expect((await db.execute('SELECT a FROM t')).rows).toEqual([])
  })
})

describe('prepare', () => {
  test('names a statement at once, which then runs with parameters', async () => {
    const db = newDb()
    void db.execute('CREATE TABLE t (a)')
    const id = db.prepare('INSERT INTO t VALUES (?)')
    expect(typeof id).toBe('number')
    expect(await db.execute_prepared(id, ['x'])).toMatchObject({ affected_rows: 1, last_insert_id: 1 })
    db.finalize(id)
    await expect(db.execute_prepared(id)).rejects.toMatchObject({ code: 'invalid-argument' })
  })

  test('tells of wrong SQL when it is used', async () => {
    const db = newDb()
    const id = db.prepare('SELEC 1')
    await expect(db.execute_prepared(id)).rejects.toMatchObject({ code: 'SQLITE_ERROR' })
  })
})

describe('the end', () => {
  test('close rolls an open transaction back, and later calls are refused', async () => {
    const db = newDb()
    await db.execute('CREATE TABLE t (a)')
    await db.begin_transaction(SERIALIZABLE)
    await db.execute('INSERT INTO t VALUES (1)')
    await db.close()
    await expect(db.execute('SELECT 1')).rejects.toBeInstanceOf(ClosedError)
    expect((await newDb().execute('SELECT a FROM t')).rows).toEqual([])
  })

  test('free closes without being waited for', async () => {
    const db = newDb()
    await db.execute('CREATE TABLE t (a)')
    db.free()
    await expect(db.execute('SELECT 1')).rejects.toBeInstanceOf(ClosedError)
  })

  test('an opening that failed is told to the call, and tried again by the next', async () => {
    const really = open
    let times = 0
    open = (name, options) => (++times === 1 ? Promise.reject(new Error('not now')) : really(name, options))
    const db = newDb()
    await expect(db.execute('SELECT 1')).rejects.toThrow('not now')
    expect((await db.execute('SELECT 1')).rows).toHaveLength(1)
  })
})
