// Bulks inside a transaction that ends before they do. Parts of them that came later ran on the writer all the same: outside
// of any transaction, or in somebody else's.
import { expect, it } from 'vitest'
import { startEngine, type TestClient } from '../support/engine-client.ts'

const INSERT = 'INSERT INTO t VALUES(?)'

async function started() {
  const { client, blocks } = await startEngine()
  const [db, other] = [client(), client()]
  await db.exec('CREATE TABLE t(a UNIQUE)')
  return { db, other, blocks }
}

const rows = (client: TestClient) => client.query('SELECT a FROM t ORDER BY a')

/** Sends one part; `bulk` is the first part's number. */
function part(db: TestClient, value: number, place: { bulk?: number; last?: boolean; transaction?: number }) {
  const { bulk = db.seq + 1, last = false, transaction } = place
  const sets = db.packed([value])
  const inside = transaction === undefined ? {} : { transaction }
  return db.request({ type: 'bulk', sql: INSERT, sets, setCount: 1, valuesPerSet: 1, bulk, last, ...inside })
}

it.each(['commit', 'rollback'] as const)('after %s later parts of a bulk write nothing', async (action) => {
  const { db, other } = await started()
  const transaction = await db.begin()
  const first = part(db, 1, { transaction })
  await first.answer
  await db.end(transaction, action)
  const theirs = await other.begin()
  await expect(part(db, 2, { bulk: first.seq, transaction }).answer).rejects.toMatchObject({
    code: 'transaction-unknown',
  })
  await expect(part(db, 3, { bulk: first.seq, last: true, transaction }).answer).rejects.toMatchObject({
    code: 'transaction-unknown',
  })
  await other.end(theirs)
  expect(await rows(other)).toEqual(action === 'commit' ? [[1]] : [])
})

it('a bulk that is given up after its transaction has ended takes nothing back from anybody', async () => {
  const { db, other } = await started()
  const transaction = await db.begin()
  const first = part(db, 1, { transaction })
  await first.answer
  await db.end(transaction)
  const theirs = await other.begin()
  await other.run(INSERT, [5], theirs)
  db.cancel(first.seq)
  await other.run(INSERT, [6], theirs)
  await other.end(theirs)
  expect(await rows(other)).toEqual([[1], [5], [6]])
})

it('a bulk of a deferred text transaction waits for the statement that reads there', async () => {
  const { db } = await started()
  await db.exec(
    'INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<40000) SELECT i FROM n',
  )
  await db.run('BEGIN DEFERRED')
  const reading = db.query('SELECT a FROM t, (SELECT 1 UNION SELECT 2)')
  const bulk = part(db, 0, { last: true })
  expect((await reading).length).toBe(80_000)
  await bulk.answer
  await db.run('COMMIT')
  expect(await db.value('SELECT min(a) FROM t')).toBe(0)
})

it('a transaction that SQLite rolled back in a later part of a bulk refuses what follows', async () => {
  const { db, other } = await started()
  await db.run(INSERT, [1])
  const transaction = await db.begin()
  const bulk = db.seq + 1
  const send = (value: number, last: boolean) => {
    const sql = 'INSERT OR ROLLBACK INTO t VALUES(?)'
    const sets = db.packed([value])
    return db.request({ type: 'bulk', sql, sets, setCount: 1, valuesPerSet: 1, bulk, last, transaction }).answer
  }
  await send(2, false)
  await expect(send(1, true)).rejects.toThrow('UNIQUE')
  await expect(db.run(INSERT, [3], transaction)).rejects.toMatchObject({ code: 'transaction-rolled-back' })
  expect(await rows(other)).toEqual([[1]])
})
