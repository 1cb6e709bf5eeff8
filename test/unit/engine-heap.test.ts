// The memory of SQLite's module never shrinks. Here one statement makes it grow beyond the cache and 32 MB: an engine without
// work starts SQLite anew, nothing that a client has is lost by it, and the old memory is really given back.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { compileSqlite } from '../../src/engine/sqlite-module.ts'
import { startEngine, type TestClient } from '../support/engine-client.ts'
import { sqliteWasm } from '../support/sqlite.ts'

const CACHE_BYTES = 1 << 20
const GROW = 'SELECT length(hex(zeroblob(30000000)))'

/** An engine whose memory grows too large by `GROW`, and the memories of every SQLite that it started. */
async function start(whenStarted?: () => Promise<void>) {
  const startSqlite = await compileSqlite(await sqliteWasm(), {})
  const memories: WeakRef<WebAssembly.Memory>[] = []
  const fixture = await startEngine({
    cacheBytes: CACHE_BYTES,
    startSqlite: async () => {
      const sqlite3 = await startSqlite()
      if (memories.length > 0) await whenStarted?.()
      memories.push(new WeakRef(Reflect.get(sqlite3.wasm, 'memory') as WebAssembly.Memory))
      return sqlite3
    },
  })
  return { ...fixture, memories }
}

async function metrics(db: TestClient): Promise<{ readonly heapBytes: number; readonly replaced: number }> {
  const answer = await db.request({ type: 'maintenance', action: 'metrics' }).answer
  if (answer.type !== 'report' || answer.report.kind !== 'metrics') throw new Error(`unexpected ${answer.type}`)
  const { wasmHeapBytes, heapsReplaced } = answer.report.metrics
  return { heapBytes: wasmHeapBytes!, replaced: heapsReplaced! }
}

/** Asking for the metrics is work, so there are pauses that are longer than what counts as one. */
const replaced = (db: TestClient, times: number) =>
  expect.poll(async () => (await metrics(db)).replaced, { interval: 300, timeout: 20_000 }).toBe(times)

/** Time in which an engine without work would have done it. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 600))

it('starts SQLite anew once nothing is to be done, and the old memory is given back', async () => {
  const { client, memories } = await start()
  const db = client()
  await db.exec('CREATE TABLE t(a); INSERT INTO t VALUES(1)')
  expect(await db.query(GROW)).toEqual([[60_000_000]])
  expect((await metrics(db)).heapBytes).toBeGreaterThan(CACHE_BYTES + (32 << 20))
  await replaced(db, 1)
  expect((await metrics(db)).heapBytes).toBeLessThan(16 << 20)
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  await expect
    .poll(() => {
      collect()
      return memories.map((memory) => memory.deref() !== undefined)
    })
    .toEqual([false, true])
  expect(await db.query('SELECT a FROM t')).toEqual([[1]])
  await pause()
  expect((await metrics(db)).replaced).toBe(1)
})

it("keeps a client's settings, functions, counts and what it had run before", async () => {
  const { client } = await start()
  const db = client()
  const other = client()
  await db.exec('CREATE TABLE t(a); PRAGMA recursive_triggers=1; PRAGMA reverse_unordered_selects=1')
  const module = `data:text/javascript,${encodeURIComponent('export const twice = (n) => n * 2')}`
  const definition = { name: 'twice', module, export: 'twice', deterministic: true, directOnly: false }
  await db.request({ type: 'function', definition }).answer
  await db.run('INSERT INTO t VALUES(1), (2), (3)')
  const ask = () =>
    db.query('SELECT changes(), total_changes(), last_insert_rowid(), twice(21), (SELECT group_concat(a) FROM t)')
  const before = await ask()
  expect(before).toEqual([[3, 3, 3, 42, '3,2,1']])
  await pause()
  await db.query(GROW)
  await replaced(db, 1)
  expect(await ask()).toEqual(before)
  expect(await db.query('PRAGMA recursive_triggers')).toEqual([[1]])
  expect(await other.query('PRAGMA recursive_triggers')).toEqual([[0]])
  await expect(other.query('SELECT twice(1)')).rejects.toMatchObject({ code: 'SQLITE_ERROR' })
  await db.run('INSERT INTO t VALUES(4)')
  expect(await ask()).toEqual([[1, 4, 4, 42, '4,3,2,1']])
})

it('waits for an open transaction, whose temporary objects and savepoints stay', async () => {
  const { client } = await start()
  const db = client()
  await db.exec('CREATE TABLE t(a)')
  const transaction = await db.begin()
  await db.run('CREATE TEMP TABLE kept AS SELECT 7 AS a', undefined, transaction)
  await db.savepoint(transaction, 'open', 1)
  await db.query(GROW, undefined, transaction)
  await pause()
  expect((await metrics(db)).replaced).toBe(0)
  await db.run('INSERT INTO t SELECT a FROM kept', undefined, transaction)
  await db.savepoint(transaction, 'rollback', 1)
  await db.run('INSERT INTO t SELECT a + 1 FROM kept', undefined, transaction)
  await db.end(transaction)
  expect(await db.query('SELECT a FROM t')).toEqual([[8]])
  await replaced(db, 1)
  expect(await db.query('SELECT a FROM t')).toEqual([[8]])
})

it('waits for snapshots and for streams that are not read to their end', async () => {
  const { client } = await start()
  const db = client()
  await db.exec('CREATE TABLE t(a); INSERT INTO t VALUES(1)')
  const snapshot = await db.begin('readonly')
  db.autoCredit = false
  const blobs =
    'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT zeroblob(100000) FROM n'
  const stream = db.request({ type: 'statement', sql: blobs, parameters: undefined, want: 'rows', stream: true })
  const rows = db.result(stream)
  await db.run('INSERT INTO t VALUES(2)')
  await db.query(GROW)
  await pause()
  expect((await metrics(db)).replaced).toBe(0)
  expect(await db.query('SELECT count(*) FROM t', undefined, snapshot)).toEqual([[1]])
  await db.end(snapshot)
  await pause()
  expect((await metrics(db)).replaced).toBe(0)
  db.autoCredit = true
  db.credit(stream.seq, 100)
  expect((await rows).rows).toHaveLength(100)
  await replaced(db, 1)
})

it('leaves alone what begins while the other SQLite is started', async () => {
  let begun: (() => Promise<void>) | undefined
  let starts = 0
  const { client } = await start(async () => {
    starts++
    await begun?.()
  })
  const db = client()
  let transaction = 0
  for (const mode of ['immediate', 'readonly'] as const) {
    begun = async () => {
      begun = undefined
      transaction = await db.begin(mode)
      if (mode === 'immediate') await db.run('CREATE TEMP TABLE kept AS SELECT 7 AS a', undefined, transaction)
    }
    const startsBefore = starts
    await db.query(GROW)
    await expect.poll(() => starts).toBe(startsBefore + 1)
    await pause()
    const kept = mode === 'immediate' ? 'SELECT a FROM kept' : 'SELECT 7'
    expect(await db.query(kept, undefined, transaction)).toEqual([[7]])
    await db.end(transaction)
    await replaced(db, startsBefore + 1 - (mode === 'immediate' ? 0 : 1))
  }
})
