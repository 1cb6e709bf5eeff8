// Statements through the engine, from packed parameters to packed rows, on real SQLite.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { startEngine } from '../support/engine-client.ts'

describe('a statement', () => {
  it('answers changes, the last rowid and rows', async () => {
    const { client } = await startEngine()
    const db = client()
    await db.exec('CREATE TABLE t(id INTEGER PRIMARY KEY, a, b)')
    expect(await db.run('INSERT INTO t(a,b) VALUES(?,?)', ['x', 1.5])).toMatchObject({
      changes: 1,
      lastInsertRowid: 1n,
    })
    expect(await db.run('INSERT INTO t(a,b) VALUES(:a,$b)', { a: 'y', $b: null })).toMatchObject({
      lastInsertRowid: 2n,
    })
    expect(await db.run('UPDATE t SET b=0')).toMatchObject({ changes: 2 })
    expect(await db.run('UPDATE t SET b=0 WHERE id=99')).toMatchObject({ changes: 0 })
    const result = await db.statement('SELECT id, a FROM t', undefined, 'rows')
    expect([result.columns, result.rows]).toEqual([
      ['id', 'a'],
      [
        [1, 'x'],
        [2, 'y'],
      ],
    ])
    expect((await db.statement('SELECT * FROM t', undefined, 'first-row')).rows).toEqual([[1, 'x', 0]])
    expect(await db.value('SELECT count(*) FROM t')).toBe(2)
  })

  // Rows that triggers and foreign keys changed were counted too, unlike in SQLite's own changes().
  it('counts the rows that it changed itself, not those of triggers and foreign keys', async () => {
    const { client } = await startEngine()
    const db = client()
    await db.exec(`CREATE TABLE t(id INTEGER PRIMARY KEY); CREATE TABLE log(n);
      CREATE TABLE child(t REFERENCES t ON DELETE CASCADE);
      CREATE TRIGGER added AFTER INSERT ON t BEGIN INSERT INTO log VALUES(1); INSERT INTO child VALUES(new.id); END;
      CREATE VIEW v AS SELECT id FROM t; CREATE TRIGGER through INSTEAD OF INSERT ON v BEGIN INSERT INTO t VALUES(new.id); END`)
    expect(await db.run('INSERT INTO t VALUES(1),(2)')).toMatchObject({ changes: 2 })
    expect(await db.bulk('INSERT INTO t VALUES(?)', [[[3], [4]], [[5]]])).toMatchObject({ changes: 3 })
    expect(await db.run('INSERT INTO v VALUES(6)')).toMatchObject({ changes: 0 })
    expect(await db.run('DELETE FROM t WHERE id<4')).toMatchObject({ changes: 3 })
    expect(await db.run('CREATE TABLE other(a)')).toMatchObject({ changes: 0 })
    expect(await db.value('SELECT count(*) FROM child')).toBe(3)
  })

  it('answers the rows of RETURNING with the changes', async () => {
    const { client } = await startEngine()
    const db = client()
    await db.exec('CREATE TABLE t(a)')
    const result = await db.statement('INSERT INTO t VALUES(1),(2) RETURNING a*10 AS x', undefined, 'rows')
    expect(result).toMatchObject({ changes: 2, rows: [[10], [20]], columns: ['x'] })
    await db.statement('INSERT INTO t VALUES(3),(4) RETURNING a', undefined, 'first-row')
    expect(await db.value('SELECT count(*) FROM t')).toBe(4)
  })

  it('gives every value back as it was given', async () => {
    const { client } = await startEngine()
    const db = client()
    await db.exec('CREATE TABLE t(v)')
    const value = fc.oneof(
      fc.constant(null),
      fc.integer(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.double({ noNaN: true }),
      fc.string({ unit: 'grapheme', maxLength: 100 }),
      fc.uint8Array({ maxLength: 100 }),
      fc.constantFrom(2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 31 - 1, 2 ** 53, -0, '', new Uint8Array(0)),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 20 }), async (values) => {
        const rows = await db.query(`SELECT ${values.map(() => '?').join()}`, values)
        const expected = values.map((v) =>
          typeof v === 'bigint' && BigInt(Number(v)) === v && Number.isSafeInteger(Number(v)) ? Number(v) : v,
        )
        expect(rows).toEqual([expected])
      }),
      { numRuns: 300 },
    )
  })

  it('sees its columns anew after the schema changed', async () => {
    const { client } = await startEngine()
    const db = client()
    await db.exec('CREATE TABLE t(a); INSERT INTO t VALUES(1)')
    expect((await db.statement('SELECT * FROM t', undefined, 'rows')).columns).toEqual(['a'])
    await db.exec("ALTER TABLE t ADD COLUMN b DEFAULT 'x'")
    expect(await db.statement('SELECT * FROM t', undefined, 'rows')).toMatchObject({
      columns: ['a', 'b'],
      rows: [[1, 'x']],
    })
  })

  // ALTER TABLE ... RENAME was taken for a change of temporary objects, since it looks into their schema too, and refused.
  it('renames tables and columns outside of a transaction', async () => {
    const { client } = await startEngine()
    const db = client()
    await db.exec('CREATE TABLE t(a); INSERT INTO t VALUES(1)')
    await db.run('ALTER TABLE t RENAME TO u')
    await db.exec('ALTER TABLE u RENAME COLUMN a TO b')
    expect(await db.query('SELECT b FROM u')).toEqual([[1]])
    await expect(db.run('CREATE TEMP TABLE t(a)')).rejects.toMatchObject({ code: 'connection-state' })
  })

  it('is refused when a second one follows, but not when a comment does', async () => {
    const { client } = await startEngine()
    const db = client()
    await expect(db.run('SELECT 1; SELECT 2')).rejects.toMatchObject({ code: 'multiple-statements' })
    await expect(db.run(' -- nothing')).rejects.toMatchObject({ code: 'no-statement' })
    expect(await db.query('SELECT 1; -- done ;')).toEqual([[1]])
  })

  it('reports a syntax error with its code and its place in UTF-16 units', async () => {
    const { client } = await startEngine()
    const db = client()
    const sql = "SELECT '𝄞é', nope FROM sqlite_schema"
    await expect(db.run(sql)).rejects.toMatchObject({
      name: 'SqliteError',
      code: 'SQLITE_ERROR',
      errno: 1,
      sql,
      offset: sql.indexOf('nope'),
    })
  })

  it('reports a violated constraint by its extended name, and leaves nothing behind', async () => {
    const { client, blocks } = await startEngine()
    const db = client()
    await db.exec('CREATE TABLE t(a UNIQUE)')
    await db.run('INSERT INTO t VALUES(1)')
    const before = blocks.sequence
    await expect(db.run('INSERT INTO t VALUES(2),(1)')).rejects.toMatchObject({
      code: 'SQLITE_CONSTRAINT_UNIQUE',
      errno: 2067,
    })
    expect(blocks.sequence).toBe(before)
    expect(await db.query('SELECT * FROM t')).toEqual([[1]])
  })
})

describe('parameters', () => {
  it.each([
    ['SELECT ?, ?', [1], 2, 'no value is given for 2'],
    ['SELECT ?', [1, 2], 2, '2 values were given'],
    ['SELECT :a, :b', { a: 1 }, ':b', 'No value is given for parameter :b'],
    ['SELECT :a', { a: 1, c: 2 }, 'c', 'no parameter named c; it has :a'],
    ['SELECT :a', { $a: 1 }, '$a', 'no parameter named $a'],
    ['SELECT :a', [], ':a', 'no value is given for :a'],
    ['SELECT ?', undefined, 1, 'no value'],
  ])('that do not fit name the one that is wrong: %s with %j', async (sql, parameters, parameter, message) => {
    const { client } = await startEngine()
    await expect(client().query(sql, parameters)).rejects.toMatchObject({
      code: 'bind',
      parameter,
      message: expect.stringContaining(message),
    })
  })

  it('may be far larger than their usual buffer, and none of it stays in the heap', async () => {
    const { client } = await startEngine()
    const db = client()
    await db.exec('CREATE TABLE t(a)')
    const blob = new Uint8Array(3_000_000).map((_, i) => i * 7)
    await db.run('INSERT INTO t VALUES(?)', [blob])
    const [row] = await db.query('SELECT a FROM t')
    expect(Buffer.compare(row![0] as Uint8Array, blob)).toBe(0)
    expect(await db.value('SELECT length(a) FROM t WHERE a=?', [blob])).toBe(3_000_000)
  })
})

describe('a script', () => {
  it('is one atomic transaction and one commit', async () => {
    const { client, blocks } = await startEngine()
    const db = client()
    const before = blocks.sequence
    await db.exec("CREATE TABLE a(x); CREATE TABLE b(x); INSERT INTO a VALUES(';'); /* ; */ INSERT INTO b SELECT 1;")
    expect(blocks.sequence).toBe(before + 1)
    const failing = 'INSERT INTO a VALUES(2);\nINSERT INTO a VALUES(nope)'
    await expect(db.exec(failing)).rejects.toMatchObject({
      code: 'SQLITE_ERROR',
      sql: failing,
      offset: failing.indexOf('nope'),
    })
    expect(await db.value('SELECT count(*) FROM a')).toBe(1)
  })

  it('with its own transactions runs statement by statement', async () => {
    const { client, blocks } = await startEngine()
    const db = client()
    const before = blocks.sequence
    await db.exec(
      'CREATE TABLE t(a); BEGIN; INSERT INTO t VALUES(1); INSERT INTO t VALUES(2); COMMIT; DELETE FROM t WHERE a=1',
    )
    expect(blocks.sequence).toBe(before + 3)
    expect(await db.query('SELECT a FROM t')).toEqual([[2]])
    await db.exec('VACUUM')
    await expect(db.exec('BEGIN; INSERT INTO t VALUES(9); oops')).rejects.toThrow('near "oops"')
    expect(await db.query('SELECT a FROM t')).toEqual([[2]])
    await db.exec("BEGIN; CREATE TEMP TABLE x(a); ATTACH ':memory:' AS m; COMMIT")
    await expect(db.query('SELECT * FROM x')).rejects.toMatchObject({ code: 'SQLITE_ERROR' })
  })

  // Inside the script's own transaction it was too late: SQLite had made the database without it.
  it.each([
    ['alone', ['PRAGMA auto_vacuum = 1', 'CREATE TABLE t(a)']],
    ['with the first table', ['PRAGMA auto_vacuum = FULL; CREATE TABLE t(a)']],
    ['as a call', ['pragma main.auto_vacuum(1); CREATE TABLE t(a)']],
  ])('sets auto_vacuum of an empty database, %s', async (_how, scripts) => {
    const { client } = await startEngine()
    const db = client()
    for (const script of scripts) await db.exec(script)
    expect(await db.value('PRAGMA auto_vacuum')).toBe(1)
    await db.exec('PRAGMA auto_vacuum = 0')
    expect(await db.value('PRAGMA auto_vacuum')).toBe(1)
    const full = await db.value('PRAGMA page_count')
    await db.run('INSERT INTO t VALUES(zeroblob(100000))')
    await db.run('DELETE FROM t')
    expect(await db.value('PRAGMA page_count')).toBe(full)
  })

  it('creates triggers whose bodies hold semicolons and CASE ... END', async () => {
    const { client } = await startEngine()
    const db = client()
    await db.exec(`CREATE TABLE t(a); CREATE TABLE log(x);
      CREATE TRIGGER r AFTER INSERT ON t BEGIN
        INSERT INTO log VALUES(CASE WHEN new.a>1 THEN 'big;' ELSE 'small' END);
        INSERT INTO log SELECT CASE new.a WHEN 1 THEN 'one' END;
      END;
      INSERT INTO t VALUES(1);`)
    expect(await db.query('SELECT x FROM log')).toEqual([['small'], ['one']])
    expect(await db.run('INSERT INTO t VALUES(2)')).toMatchObject({ changes: 1 })
    expect(await db.value('SELECT count(*) FROM log')).toBe(4)
  })

  it('puts foreign_keys in force before its transaction', async () => {
    const { client } = await startEngine()
    const db = client()
    await db.exec('CREATE TABLE p(a PRIMARY KEY); CREATE TABLE c(a REFERENCES p)')
    await expect(db.run('INSERT INTO c VALUES(1)')).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_FOREIGNKEY' })
    await db.exec('PRAGMA foreign_keys=OFF; INSERT INTO c VALUES(1)')
    expect(await db.value('PRAGMA foreign_keys')).toBe(0)
    expect(await client().value('PRAGMA foreign_keys')).toBe(1)
  })
})

describe('a batch', () => {
  it('is one commit with all results, or nothing', async () => {
    const { client, blocks } = await startEngine()
    const db = client()
    await db.exec('CREATE TABLE t(a UNIQUE)')
    const before = blocks.sequence
    const results = await db.batch([
      ['INSERT INTO t VALUES(?)', [1]],
      ['INSERT INTO t VALUES(?)', [2]],
      ['SELECT a FROM t ORDER BY a', undefined, 'rows'],
    ])
    expect(results.map(({ changes, rows }) => [changes, rows])).toEqual([
      [1, []],
      [1, []],
      [0, [[1], [2]]],
    ])
    expect(blocks.sequence).toBe(before + 1)
    await expect(db.batch([['INSERT INTO t VALUES(3)'], ['INSERT INTO t VALUES(1)']])).rejects.toThrow('UNIQUE')
    expect(await db.value('SELECT count(*) FROM t')).toBe(2)
  })
})

describe('a bulk', () => {
  it('of several messages is one commit', async () => {
    const { client, blocks } = await startEngine()
    const db = client()
    await db.exec('CREATE TABLE t(a,b)')
    const before = blocks.sequence
    const part = (from: number) => Array.from({ length: 100 }, (_, i) => [from + i, `row ${from + i}`] as const)
    expect(await db.bulk('INSERT INTO t VALUES(?,?)', [part(0), part(100), part(200)])).toMatchObject({
      changes: 300,
      lastInsertRowid: 300n,
    })
    expect(blocks.sequence).toBe(before + 1)
    expect(await db.query("SELECT count(*), sum(a), sum(b = 'row ' || a) FROM t")).toEqual([[300, 44850, 300]])
  })

  it('that fails in a later message leaves nothing, and the writer is free again', async () => {
    const { client } = await startEngine()
    const db = client()
    await db.exec('CREATE TABLE t(a UNIQUE)')
    await expect(db.bulk('INSERT INTO t VALUES(?)', [[[1], [2]], [[3], [1]], [[4]]])).rejects.toThrow('UNIQUE')
    expect(await db.value('SELECT count(*) FROM t')).toBe(0)
    await db.run('INSERT INTO t VALUES(1)')
  })
})

describe('PRAGMAs', () => {
  it('that are ours answer the value in force and warn once', async () => {
    const { client } = await startEngine()
    const db = client()
    expect(await db.query('PRAGMA journal_mode=WAL')).toEqual([['persist']])
    expect(await db.query('PRAGMA page_size=512')).toEqual([[4096]])
    expect(await db.query('PRAGMA synchronous(2)')).toEqual([[0]])
    expect(await db.query('PRAGMA main.journal_mode=OFF')).toEqual([['persist']])
    expect(db.events.map(({ name }) => name)).toEqual(['warning', 'warning', 'warning'])
  })

  it.each(['writable_schema=1', 'temp_store_directory', 'hard_heap_limit=5', 'no_such_pragma', 'schema_version=9'])(
    'that would harm are refused: %s',
    async (text) => {
      const { client } = await startEngine()
      await expect(client().query(`PRAGMA ${text}`)).rejects.toMatchObject({ code: 'pragma-not-allowed' })
    },
  )

  it('that are free work, as a read and as a write', async () => {
    const { client, blocks } = await startEngine()
    const db = client()
    await db.exec('CREATE TABLE t(a, b)')
    const before = blocks.sequence
    await db.run('PRAGMA user_version=7')
    expect(await db.value('PRAGMA user_version')).toBe(7)
    expect(blocks.sequence).toBe(before + 1)
    expect((await db.query('PRAGMA table_info(t)')).length).toBe(2)
    expect(await db.query('PRAGMA integrity_check')).toEqual([['ok']])
    await db.run('PRAGMA optimize')
  })

  it('all of the list are answered or refused, and the engine stays sound', async () => {
    const { client } = await startEngine()
    const db = client()
    await db.exec('CREATE TABLE t(a)')
    const names = (await db.query('PRAGMA pragma_list')).map(([name]) => String(name))
    expect(names.length).toBeGreaterThan(60)
    for (const name of names)
      for (const form of [`PRAGMA ${name}`, `PRAGMA ${name}=1`, `PRAGMA ${name}(t)`])
        await db.query(form).catch((error: { code: string }) => expect(error.code).toMatch(/^(SQLITE_|pragma-not)/))
    await db.run('INSERT INTO t VALUES(1)')
    expect(await db.query('PRAGMA integrity_check')).toEqual([['ok']])
    expect(await db.query('PRAGMA journal_mode')).toEqual([['persist']])
    expect(await db.value('PRAGMA trusted_schema')).toBe(0)
  })
})

describe('what belongs into a transaction', () => {
  it.each(['CREATE TEMP TABLE x(a)', "ATTACH ':memory:' AS m", 'DETACH m'])(
    'is refused as a statement of its own: %s',
    async (sql) => {
      const { client } = await startEngine()
      const db = client()
      await expect(db.run(sql)).rejects.toMatchObject({ code: 'connection-state' })
      expect(await db.value('SELECT 1')).toBe(1)
    },
  )
})
