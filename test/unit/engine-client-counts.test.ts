// `changes()`, `total_changes()` and `last_insert_rowid()` in SQL text: each client's own, whatever runs between its
// requests on the connections that all share.
import { describe, expect, it } from 'vitest'
import { startEngine, TestClient } from '../support/engine-client.ts'

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

  // Answers that left earlier told of a write that was still being stored. If the engine died then, the write was made
  // again, and total_changes() had it twice.
  it('a client is told of what a write changed with the answer to that write, not before', async () => {
    const { client, blocks } = await startEngine()
    const one = client({ durability: 'strict' })
    await one.exec("CREATE TABLE t(a); INSERT INTO t SELECT zeroblob(100000) FROM json_each('[1,2,3,4,5,6,7,8,9,10]')")
    const before = one.counts
    one.autoCredit = false
    const stream = one.request({
      type: 'statement',
      sql: "SELECT a FROM t, json_each('[1,2,3,4,5,6,7,8,9,10]')",
      parameters: undefined,
      want: 'rows',
      stream: true,
    })
    one.flush()
    await expect.poll(() => stream.waiting.chunks).toBe(4)
    let goOn = () => {}
    blocks.delay = () => new Promise((resolve) => (goOn = resolve))
    const write = one.run('INSERT INTO t VALUES(1), (2)')
    one.flush()
    one.credit(stream.seq, 1)
    await expect.poll(() => stream.waiting.chunks).toBe(5)
    expect(one.counts).toEqual(before)
    goOn()
    await write
    expect(one.counts).toEqual({ changes: 2, totalChanges: 12, lastInsertRowid: 12n })
    one.cancel(stream.seq)
    await expect(stream.answer).rejects.toMatchObject({ code: 'aborted' })
  })

  it.each(['statement', 'script', 'batch', 'rows'])(
    'a %s that is answered from its record counts once',
    async (kind) => {
      const make = (db: TestClient) => {
        if (kind === 'script') return db.exec('INSERT INTO t(a) VALUES(1), (2); UPDATE t SET a = 3')
        if (kind === 'batch') return db.batch([['INSERT INTO t(a) VALUES(1), (2)'], ['SELECT 1']])
        if (kind === 'rows') return db.query('INSERT INTO t(a) VALUES(1) RETURNING a')
        return db.run('INSERT INTO t(a) VALUES(1), (2)')
      }
      const first = await startEngine()
      const one = first.client()
      await one.exec(`CREATE TABLE t(id INTEGER PRIMARY KEY, a); CREATE TABLE log(a);
      CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log VALUES(1); END`)
      await one.run('INSERT INTO t VALUES(7, 1)')
      const before = one.counts
      await make(one)
      const { seq } = one
      const after = await counts(one)
      const { engine } = await startEngine({ blocks: first.blocks })
      const again = new TestClient(engine, one.id, before && { counts: before })
      again.seq = seq - 1
      await make(again)
      expect(await counts(again)).toEqual(after)
    },
  )
})
