// Transactions that are begun and ended by SQL text, as the engine's clients send it, on the real block store.
import { describe, expect, it } from 'vitest'
import { type Clock, realEnvironment } from '../../src/environment.ts'
import { startEngine } from '../support/engine-client.ts'

async function started() {
  const { engine, client, blocks } = await startEngine()
  const db = client()
  const other = client()
  await db.exec('CREATE TABLE t(a UNIQUE)')
  return { engine, blocks, db, other, client }
}
const rows = (of: { query(sql: string): Promise<unknown> }) => of.query('SELECT a FROM t ORDER BY a')

describe('a transaction begun by SQL text', () => {
  it.each([
    ['BEGIN', 'COMMIT'],
    ['BEGIN TRANSACTION', 'END TRANSACTION'],
    ['  /* now */ begin immediate', 'commit'],
    ['SAVEPOINT outer', 'RELEASE outer'],
  ])('%s holds the writer until %s, and is one commit', async (begin, end) => {
    const { db, other, client, blocks } = await started()
    const reader = client()
    const before = blocks.sequence
    await db.run(begin)
    await db.run('INSERT INTO t VALUES(1)')
    const waiting = other.run('INSERT INTO t VALUES(9)')
    await db.batch([['INSERT INTO t VALUES(2)'], ['INSERT INTO t VALUES(3)']])
    await db.bulk('INSERT INTO t VALUES(?)', [[[4], [5]]])
    await db.exec('INSERT INTO t VALUES(6); INSERT INTO t VALUES(7)')
    expect(await rows(db)).toEqual([[1], [2], [3], [4], [5], [6], [7]])
    expect(await rows(reader)).toEqual([])
    expect(blocks.sequence).toBe(before)
    expect([db.textOpen, reader.textOpen]).toEqual([true, false])
    await db.run(end)
    expect(db.textOpen).toBe(false)
    expect(blocks.sequence).toBeGreaterThan(before)
    await waiting
    expect(await rows(other)).toEqual([[1], [2], [3], [4], [5], [6], [7], [9]])
  })

  it('is undone by ROLLBACK, and in part by ROLLBACK TO', async () => {
    const { db, other } = await started()
    await db.run('BEGIN')
    await db.run('INSERT INTO t VALUES(1)')
    await db.run('ROLLBACK')
    await db.run('BEGIN')
    await db.run('INSERT INTO t VALUES(2)')
    await db.run('SAVEPOINT inner')
    await db.run('INSERT INTO t VALUES(3)')
    await db.run('ROLLBACK TO inner')
    await db.run('RELEASE inner')
    expect(await rows(other)).toEqual([])
    await db.run('COMMIT')
    expect(await rows(other)).toEqual([[2]])
  })

  it('is open for its own client only', async () => {
    const { db, other } = await started()
    await db.run('BEGIN')
    await db.run('INSERT INTO t VALUES(1)')
    const refused = expect(other.run('COMMIT')).rejects.toThrow('no transaction is active')
    await db.run('COMMIT')
    await refused
    await expect(other.run('COMMIT')).rejects.toThrow('no transaction is active')
    await expect(other.run('ROLLBACK TO x')).rejects.toThrow('no such savepoint')
    await db.run('BEGIN')
    await expect(db.run('BEGIN')).rejects.toThrow('within a transaction')
    await db.run('ROLLBACK')
    expect(await rows(other)).toEqual([[1]])
  })

  it('waits for the writer like a transaction, in order', async () => {
    const { db, other } = await started()
    const tx = await other.begin()
    let begun = false
    const begin = db.run('BEGIN').then(() => {
      begun = true
    })
    await other.run('INSERT INTO t VALUES(1)', [], tx)
    expect(begun).toBe(false)
    await other.end(tx)
    await begin
    expect(await rows(db)).toEqual([[1]])
    await db.run('COMMIT')
  })

  it('stays open when its COMMIT is refused by a deferred key', async () => {
    const { db } = await started()
    await db.exec(
      'CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p DEFERRABLE INITIALLY DEFERRED)',
    )
    await db.run('BEGIN')
    await db.run('INSERT INTO c VALUES(1)')
    await expect(db.run('COMMIT')).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_FOREIGNKEY' })
    await db.run('INSERT INTO p VALUES(1)')
    await db.run('COMMIT')
    expect(await db.value('SELECT count(*) FROM c')).toBe(1)
  })

  it('that SQLite rolled back refuses everything until ROLLBACK', async () => {
    const { db } = await started()
    await db.run('INSERT INTO t VALUES(1)')
    await db.run('BEGIN')
    await db.run('INSERT INTO t VALUES(2)')
    await expect(db.run('INSERT OR ROLLBACK INTO t VALUES(1)')).rejects.toThrow('UNIQUE')
    await expect(db.run('INSERT INTO t VALUES(3)')).rejects.toMatchObject({ code: 'transaction-rolled-back' })
    await expect(db.run('COMMIT')).rejects.toMatchObject({ code: 'transaction-rolled-back' })
    await db.run('ROLLBACK')
    await db.run('INSERT INTO t VALUES(4)')
    expect(await rows(db)).toEqual([[1], [4]])
  })

  it('may hold temporary tables and attached memory, which are gone afterwards', async () => {
    const { db } = await started()
    await db.run('BEGIN')
    await db.run('CREATE TEMP TABLE x(a)')
    await db.run('INSERT INTO x VALUES(1)')
    await db.run('INSERT INTO t SELECT a FROM x')
    await db.run('COMMIT')
    await expect(db.query('SELECT * FROM x')).rejects.toThrow('no such table')
    expect(await rows(db)).toEqual([[1]])
  })

  it('is rolled back with its client', async () => {
    const { engine, db, other } = await started()
    await db.run('BEGIN')
    await db.run('INSERT INTO t VALUES(1)')
    await engine.detach(db.id)
    await other.run('INSERT INTO t VALUES(2)')
    expect(await rows(other)).toEqual([[2]])
  })

  it('leaves streams and other kinds of transactions of the same client alone', async () => {
    const { db } = await started()
    await db.run('BEGIN')
    await db.run('INSERT INTO t VALUES(1)')
    const reading = await db.begin('readonly')
    expect(await db.query('SELECT a FROM t', [], reading)).toEqual([])
    await db.end(reading)
    await db.run('COMMIT')
    expect(await rows(db)).toEqual([[1]])
  })

  it('whose COMMIT is sent again is answered from its commit record', async () => {
    const { db, blocks } = await started()
    await db.run('BEGIN')
    await db.run('INSERT INTO t VALUES(1)')
    await db.run('COMMIT')
    const { sequence } = blocks
    db.seq -= 1
    expect(await db.run('COMMIT')).toMatchObject({ changes: 0 })
    expect(blocks.sequence).toBe(sequence)
  })
})

describe('a transaction that a script leaves open', () => {
  it.each([
    ['BEGIN', 'COMMIT'],
    ['-- first\nBEGIN;', 'COMMIT;'],
    ['CREATE TABLE u(a); BEGIN; INSERT INTO u VALUES(0)', 'INSERT INTO u VALUES(1); COMMIT; DROP TABLE u'],
    ['SAVEPOINT s', 'RELEASE s'],
  ])('%j is the client’s until %j', async (begin, end) => {
    const { db, other } = await started()
    await db.exec(begin)
    await db.exec('INSERT INTO t VALUES(1)')
    const waiting = other.run('INSERT INTO t VALUES(9)')
    await db.run('INSERT INTO t VALUES(2)')
    await db.exec('INSERT INTO t VALUES(3); INSERT INTO t VALUES(4)')
    expect(await rows(db)).toEqual([[1], [2], [3], [4]])
    await db.exec(end)
    await waiting
    expect(await rows(other)).toEqual([[1], [2], [3], [4], [9]])
    await db.run('INSERT INTO t VALUES(10)')
  })

  it('is undone by ROLLBACK in another script, which may begin the next', async () => {
    const { db, other } = await started()
    await db.exec('BEGIN; INSERT INTO t VALUES(1)')
    await db.exec('ROLLBACK; INSERT INTO t VALUES(2); BEGIN; INSERT INTO t VALUES(3)')
    expect(await rows(other)).toEqual([[2]])
    expect(await rows(db)).toEqual([[2], [3]])
    await db.exec('ROLLBACK')
    expect(await rows(db)).toEqual([[2]])
  })

  it('goes on after a script with an error; what a failed script itself had begun is rolled back', async () => {
    const { db, other } = await started()
    await db.exec('BEGIN; INSERT INTO t VALUES(1)')
    await expect(db.exec('INSERT INTO t VALUES(2); INSERT INTO t VALUES(1)')).rejects.toThrow('UNIQUE')
    await expect(db.exec('SAVEPOINT s; INSERT INTO t VALUES(3); INSERT INTO t VALUES(1)')).rejects.toThrow('UNIQUE')
    expect(await rows(db)).toEqual([[1], [3]])
    await db.exec('ROLLBACK TO s; COMMIT')
    await expect(db.exec('BEGIN; INSERT INTO t VALUES(4); oops')).rejects.toThrow('syntax')
    await other.run('INSERT INTO t VALUES(5)')
    expect(await rows(db)).toEqual([[1], [5]])
  })

  it('keeps temporary tables and attached memory until its end', async () => {
    const { db, client } = await started()
    await db.exec("BEGIN; CREATE TEMP TABLE x(a); ATTACH ':memory:' AS m")
    await db.exec('CREATE TABLE m.y(a); INSERT INTO m.y VALUES(1); INSERT INTO x SELECT a FROM m.y')
    await db.exec('INSERT INTO t SELECT a FROM x')
    expect(await db.query('SELECT * FROM x')).toEqual([[1]])
    await expect(db.exec("ATTACH 'file.db' AS f")).rejects.toMatchObject({ code: 'connection-state' })
    await db.exec('COMMIT')
    for (const name of ['x', 'm.y']) await expect(db.query(`SELECT * FROM ${name}`)).rejects.toThrow('no such table')
    expect(await rows(client())).toEqual([[1]])
  })

  it('is gone with SQLite’s own rollback, which has to be acknowledged', async () => {
    const { db } = await started()
    await db.exec('BEGIN; INSERT INTO t VALUES(1)')
    await expect(db.exec('INSERT OR ROLLBACK INTO t VALUES(1)')).rejects.toThrow('UNIQUE')
    await expect(db.exec('INSERT INTO t VALUES(2)')).rejects.toMatchObject({ code: 'transaction-rolled-back' })
    await db.exec('ROLLBACK')
    expect(await rows(db)).toEqual([])
  })
})

describe('BEGIN DEFERRED by text', () => {
  it('starts on a snapshot, beside whoever writes, and commits nothing', async () => {
    const { db, other } = await started()
    await other.run('INSERT INTO t VALUES(1)')
    const tx = await other.begin()
    await db.run('begin /* a */ deferred transaction')
    await other.run('INSERT INTO t VALUES(2)', [], tx)
    await other.end(tx)
    expect(await rows(db)).toEqual([[1]])
    expect(await db.run('COMMIT')).toMatchObject({ changes: 0 })
    expect(await rows(db)).toEqual([[1], [2]])
  })

  it('takes the writer at its first write, and then holds it', async () => {
    const { db, other } = await started()
    await db.exec('BEGIN DEFERRED')
    await other.run('CREATE TABLE IF NOT EXISTS t(a)')
    await db.run('INSERT INTO t VALUES(1)')
    const waiting = other.run('INSERT INTO t VALUES(2)')
    await db.run('INSERT INTO t VALUES(3)')
    expect(await rows(db)).toEqual([[1], [3]])
    await db.exec('END')
    await waiting
    expect(await rows(db)).toEqual([[1], [2], [3]])
  })

  it.each(['INSERT INTO t VALUES(5)', 'SAVEPOINT s', 'CREATE TEMP TABLE x(a)', "ATTACH ':memory:' AS m"])(
    'ends with SnapshotConflictError where %j comes after another commit; ROLLBACK acknowledges it',
    async (sql) => {
      const { db, other } = await started()
      await db.run('BEGIN DEFERRED')
      await other.run('INSERT INTO t VALUES(1)')
      await expect(db.run(sql)).rejects.toMatchObject({ code: 'snapshot-conflict', retryable: true })
      await expect(db.query('SELECT 1')).rejects.toMatchObject({ code: 'snapshot-conflict' })
      await db.run('ROLLBACK')
      expect(await rows(db)).toEqual([[1]])
    },
  )

  it('knows SAVEPOINT, and in SQLite’s words what is not open', async () => {
    const { db } = await started()
    await db.run('BEGIN DEFERRED')
    await expect(db.run('BEGIN')).rejects.toThrow('within a transaction')
    await expect(db.run('RELEASE s')).rejects.toThrow('no such savepoint')
    await db.run('SAVEPOINT s')
    await db.run('INSERT INTO t VALUES(1)')
    await db.run('ROLLBACK TO s')
    await db.run('INSERT INTO t VALUES(2)')
    await db.run('COMMIT')
    expect(await rows(db)).toEqual([[2]])
  })
})

describe('a text transaction whose time is over', () => {
  it.each(['BEGIN', 'BEGIN DEFERRED'])(
    '%s is rolled back, frees the writer, and says so until ROLLBACK',
    async (begin) => {
      const environment = realEnvironment()
      const alarms: { readonly afterMs: number; readonly ring: () => void }[] = []
      const clock: Clock = {
        ...environment.clock,
        after: (afterMs, ring) => {
          alarms.push({ afterMs, ring })
          return afterMs === 10_000 ? () => {} : environment.clock.after(afterMs, ring)
        },
      }
      const { client } = await startEngine({ environment: { ...environment, clock } })
      const [db, other] = [client(), client()]
      await db.exec('CREATE TABLE t(a UNIQUE)')
      alarms.length = 0
      await db.run(begin)
      await db.run('INSERT INTO t VALUES(1)')
      const waiting = other.run('INSERT INTO t VALUES(9)')
      alarms.find(({ afterMs }) => afterMs === 10_000)?.ring()
      await waiting
      await expect(db.run('INSERT INTO t VALUES(2)')).rejects.toMatchObject({ code: 'timeout' })
      await expect(db.run('COMMIT')).rejects.toMatchObject({ code: 'timeout' })
      await db.run('ROLLBACK')
      await db.run('INSERT INTO t VALUES(3)')
      expect(await rows(db)).toEqual([[3], [9]])
    },
  )
})
