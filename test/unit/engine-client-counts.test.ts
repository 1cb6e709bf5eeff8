// `changes()`, `total_changes()` and `last_insert_rowid()` in SQL text: each client's own, whatever runs between its
// requests on the connections that all share.
import { describe, expect, it } from 'vitest'
import { startEngine, type TestClient } from '../support/engine-client.ts'

const ALL = 'SELECT changes(), total_changes(), last_insert_rowid()'

async function twoClients() {
  const { client } = await startEngine()
  const [one, other] = [client(), client()]
  await one.exec('CREATE TABLE t(id INTEGER PRIMARY KEY, a); CREATE TABLE log(id INTEGER PRIMARY KEY, changed)')
  return { one, other, client }
}

const counts = async (client: TestClient, transaction?: number) => (await client.query(ALL, [], transaction))[0]

describe('in SQL text', () => {
  it('each client is told of its own writes only', async () => {
    const { one, other } = await twoClients()
    await one.run('INSERT INTO t VALUES(7, 1), (8, 1)')
    expect(await counts(other)).toEqual([0, 0, 0])
    await other.run('INSERT INTO t VALUES(100, 1)')
    await other.run('UPDATE t SET a = 2')
    expect(await counts(one)).toEqual([2, 2, 8])
    expect(await counts(other)).toEqual([3, 4, 100])
    await one.run('DELETE FROM t WHERE id = -1')
    expect(await counts(one)).toEqual([0, 2, 8])
    expect(await counts(other)).toEqual([3, 4, 100])
  })

  it('a write may use them: they tell of the client that writes', async () => {
    const { one, other } = await twoClients()
    await one.run('INSERT INTO t VALUES(7, 1), (8, 1)')
    await other.run('INSERT INTO t VALUES(100, 1)')
    await one.run('INSERT INTO t VALUES(?, last_insert_rowid() * 10 + changes())', [50])
    expect(await one.query('SELECT a FROM t WHERE id = 50')).toEqual([[82]])
  })

  it.each(['script', 'batch', 'bulk'])('a %s is counted like single statements', async (kind) => {
    const { one, other } = await twoClients()
    if (kind === 'script') await one.exec('INSERT INTO t VALUES(3, 1); INSERT INTO t VALUES(4, 1), (5, 1)')
    if (kind === 'batch') await one.batch([['INSERT INTO t VALUES(3, 1)'], ['INSERT INTO t VALUES(4, 1), (5, 1)']])
    if (kind === 'bulk') await one.bulk('INSERT INTO t VALUES(?, 1)', [[[3], [4]], [[5]]])
    await other.run('INSERT INTO t VALUES(100, 1)')
    expect(await counts(one)).toEqual([kind === 'bulk' ? 1 : 2, 3, 5])
    expect(await counts(other)).toEqual([1, 1, 100])
  })

  it('statements of a script see what the ones before it did', async () => {
    const { one } = await twoClients()
    await one.exec(
      'INSERT INTO t VALUES(3, 1), (4, 1); INSERT INTO log(changed) VALUES(changes()); INSERT INTO log(changed) VALUES(last_insert_rowid())',
    )
    expect(await one.query('SELECT changed FROM log')).toEqual([[2], [1]])
  })

  it('a transaction and a reader beside it tell the same client the same', async () => {
    const { one, other } = await twoClients()
    const tx = await one.begin()
    await one.run('INSERT INTO t VALUES(9, 1), (10, 1)', [], tx)
    expect(await counts(one, tx)).toEqual([2, 2, 10])
    expect(await counts(one)).toEqual([2, 2, 10])
    expect(await counts(other)).toEqual([0, 0, 0])
    await one.end(tx, 'rollback')
    expect(await counts(one)).toEqual([2, 2, 10])
  })

  it('inside a trigger changes() tells of the statement before it in the trigger', async () => {
    const { one, other } = await twoClients()
    await one.exec(`
      CREATE TABLE many(a); INSERT INTO many VALUES(1), (2), (3);
      CREATE TRIGGER tr AFTER INSERT ON t BEGIN
        UPDATE many SET a = a + 1;
        INSERT INTO log(changed) VALUES(changes());
      END`)
    await other.run('INSERT INTO t VALUES(1, 1)')
    expect(await one.query('SELECT changed FROM log')).toEqual([[3]])
    expect((await counts(other))?.[0]).toBe(1)
  })

  it('what a client had counted elsewhere goes on with a new engine', async () => {
    const { client } = await startEngine()
    const one = client({ counts: { changes: 4, totalChanges: 40, lastInsertRowid: 2n ** 60n } })
    expect(await counts(one)).toEqual([4, 40, 2n ** 60n])
    await one.exec('CREATE TABLE t(id INTEGER PRIMARY KEY)')
    await one.run('INSERT INTO t VALUES(1)')
    expect(await counts(one)).toEqual([1, 41, 1])
  })
})
