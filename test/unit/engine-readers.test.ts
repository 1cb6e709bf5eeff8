// Readers: transactions on snapshots wait neither for the writer nor for reads, and reads not for them, up to the numbers that
// bound the memory; beyond these they wait and get their turn. Readers are closed when they are not needed.
import { expect, it } from 'vitest'
import { READS_MAX, SNAPSHOTS_MAX } from '../../src/engine/reader-pool.ts'
import { startEngine, type TestClient } from '../support/engine-client.ts'

const ENDLESS = 'WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s) SELECT i FROM s'

async function started() {
  const fixture = await startEngine()
  const db = fixture.client()
  await db.exec('CREATE TABLE t(a); INSERT INTO t VALUES(1)')
  return { ...fixture, db }
}

async function metric(db: TestClient, name: string): Promise<number | undefined> {
  const answer = await db.request({ type: 'maintenance', action: 'metrics' }).answer
  return answer.type === 'report' && answer.report.kind === 'metrics' ? answer.report.metrics[name] : undefined
}

it('32 transactions keep snapshots beside a writing one, and other clients read meanwhile', async () => {
  const { client, db } = await started()
  const writing = await db.begin()
  await db.run('INSERT INTO t VALUES(2)', [], writing)
  const clients: { readonly one: TestClient; readonly snapshot: number }[] = []
  for (let i = 0; i < SNAPSHOTS_MAX; i++) {
    const one = client()
    clients.push({ one, snapshot: await one.begin(i % 2 === 0 ? 'readonly' : 'deferred') })
  }
  expect(await metric(db, 'readersInUse')).toBe(SNAPSHOTS_MAX)
  const reads = Array.from({ length: READS_MAX }, () => client().query('SELECT a FROM t'))
  expect(await Promise.all(reads)).toEqual(reads.map(() => [[1]]))
  await db.end(writing)
  for (const { one, snapshot } of clients) {
    expect(await one.query('SELECT a FROM t', [], snapshot)).toEqual([[1]])
    await one.end(snapshot)
  }
  expect(await metric(db, 'readersInUse')).toBe(0)
  expect(await db.query('SELECT a FROM t')).toEqual([[1], [2]])
})

it('one more snapshot waits until another one ends, one begun by text too', async () => {
  const { client, db } = await started()
  const others = [client(), client()] as const
  const snapshots: number[] = []
  for (let i = 0; i < SNAPSHOTS_MAX; i++) snapshots.push(await db.begin('readonly'))
  const answered: string[] = []
  const waiting = [
    others[0].begin('readonly').then(() => answered.push('readonly')),
    others[1].run('BEGIN DEFERRED').then(() => answered.push('text')),
  ]
  expect(await client().query('SELECT a FROM t')).toEqual([[1]])
  expect(answered).toEqual([])
  await db.end(snapshots[0]!)
  await Promise.race(waiting)
  expect(answered).toHaveLength(1)
  await db.end(snapshots[1]!)
  await Promise.all(waiting)
  expect(answered).toHaveLength(2)
})

it('reads that take long keep no transaction from its snapshot', async () => {
  const { client, db } = await started()
  const reading = Array.from({ length: READS_MAX }, () => {
    const one = client()
    one.autoCredit = false
    const sent = one.request({ type: 'statement', sql: ENDLESS, parameters: undefined, want: 'rows' })
    return { one, seq: sent.seq, ended: expect(sent.answer).rejects.toMatchObject({ code: 'aborted' }) }
  })
  await expect.poll(() => metric(db, 'readersInUse')).toBe(READS_MAX)
  const snapshot = await client().begin('readonly')
  expect(snapshot).toBe(1)
  for (const { one, seq, ended } of reading) {
    one.cancel(seq)
    await ended
  }
})
