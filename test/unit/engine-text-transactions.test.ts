// Transactions that are begun and ended by SQL text, as the engine's clients send it, on the real block store.
import { describe, expect, it } from 'vitest'
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
    ['BEGIN DEFERRED', 'END TRANSACTION'],
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
    await db.run(end)
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
