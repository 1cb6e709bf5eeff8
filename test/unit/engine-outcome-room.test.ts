// Outcomes that nobody acknowledges fill their space in the store; new writes wait then. What went wrong: they did not
// wait, the oldest outcomes were forgotten but for a bit each, and in the end no checkpoint could store the side table.
import { expect, it, vi } from 'vitest'
import { MemoryDevice } from '../../src/device/memory.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import { startEngine, type TestClient } from '../support/engine-client.ts'

const HOG = 'ee'.repeat(16)
const OUTCOME = new Uint8Array(40).fill(7)

/** A store whose outcomes are all of one client, who has acknowledged none, and fill it; an engine on it. */
async function fullEngine(device = new MemoryDevice()) {
  const store = await BlockStore.open({ device, sizes: { outcomesBytesMax: 4096 } })
  const { engine, client } = await startEngine({ blocks: store, store })
  const db = client()
  await db.exec('CREATE TABLE t (a); INSERT INTO t VALUES (0)')
  engine.attach(HOG, { durability: 'relaxed', foreignKeys: true, sync: NO_SYNC }, { post: () => {} })
  let kept = 0
  while (!store.outcomesFull) {
    kept++
    const transaction = store.begin()
    transaction.truncate(store.sizeBlocks)
    transaction.reserve()
    transaction.publish([{ client: HOG, seq: kept, ackedThrough: 0, outcome: OUTCOME }])
  }
  const acknowledge = (ackedThrough: number) =>
    engine.receive({ type: 'requests', client: HOG, ackedThrough, requests: [] })
  return { store, engine, db, other: client(), kept, acknowledge }
}

const NO_SYNC = { intervalMs: 0, debounceMs: 0, maxDirtyBytes: 0, maxDirtyBlocks: 0 }
const turns = () => new Promise((resolve) => setTimeout(resolve, 20))
const outcomes = (store: BlockStore, kept: number) =>
  Array.from({ length: kept }, (_, i) => store.outcomeOf(HOG, i + 1)?.length ?? 'forgotten')

/** What would write, each in its own way. */
const WRITES: Readonly<Record<string, (db: TestClient) => Promise<unknown>>> = {
  statement: (db) => db.run('INSERT INTO t VALUES (1)'),
  batch: (db) => db.batch([['INSERT INTO t VALUES (1)']]),
  script: (db) => db.exec('INSERT INTO t VALUES (1); SELECT 1'),
  bulk: (db) => db.bulk('INSERT INTO t VALUES (?)', [[[1]]]),
  transaction: async (db) => {
    const transaction = await db.begin()
    await db.run('INSERT INTO t VALUES (1)', undefined, transaction)
    await db.end(transaction)
  },
  'transaction by text': async (db) => {
    await db.run('BEGIN')
    await db.run('INSERT INTO t VALUES (1)')
    await db.run('COMMIT')
  },
}

it.each(Object.entries(WRITES))(
  'a %s waits for room, reads do not, and the session that takes it ends',
  async (_, write) => {
    const { store, engine, db, other, kept } = await fullEngine()
    const settled = vi.fn()
    const writing = write(other).finally(settled)
    await turns()
    expect(settled).not.toHaveBeenCalled()
    expect(await db.value('SELECT count(*) FROM t')).toBe(1)
    expect(outcomes(store, kept)).toEqual(Array.from({ length: kept }, () => OUTCOME.length))
    await engine.detach(HOG)
    await writing
    expect(await db.value('SELECT count(*) FROM t')).toBe(2)
    expect(store.sessionClients()).not.toContain(HOG)
  },
)

// The record that makes room is newer than its snapshot.
it('a deferred transaction waits for room at its first write, and may be run again then', async () => {
  const { engine, other } = await fullEngine()
  const transaction = await other.begin('deferred')
  const writing = other.run('INSERT INTO t VALUES (1)', undefined, transaction)
  await turns()
  await engine.detach(HOG)
  await expect(writing).rejects.toMatchObject({ code: 'snapshot-conflict', retryable: true })
})

it('a write goes on when a client acknowledges its outcomes without asking for anything', async () => {
  const { store, db, kept, acknowledge } = await fullEngine()
  const settled = vi.fn()
  const writing = db.run('INSERT INTO t VALUES (1)').finally(settled)
  await turns()
  expect(settled).not.toHaveBeenCalled()
  acknowledge(kept - 1)
  await writing
  expect(outcomes(store, kept).filter((length) => length !== 'forgotten')).toEqual([OUTCOME.length])
})

it('a session that is only remembered makes room when it ends', async () => {
  const device = new MemoryDevice()
  const before = await fullEngine(device)
  await before.engine.close()
  await before.store.close()
  const store = await BlockStore.open({
    device: new MemoryDevice({ areas: device.areas }),
    sizes: { outcomesBytesMax: 4096 },
  })
  const { engine, client } = await startEngine({ blocks: store, store })
  const writing = client().run('INSERT INTO t VALUES (1)')
  await turns()
  expect(store.outcomesFull).toBe(true)
  await engine.detach(HOG)
  expect((await writing).changes).toBe(1)
})

it('a write for which no room is made ends by its deadline and was not applied', async () => {
  const { db, other } = await fullEngine()
  await expect(
    other.statement('INSERT INTO t VALUES (1)', undefined, 'changes', { timeoutMs: 30 }),
  ).rejects.toMatchObject({ code: 'timeout', retryable: true })
  expect(await db.value('SELECT count(*) FROM t')).toBe(1)
})

it('a transaction that was open before commits, and what others acknowledged meanwhile is stored behind it', async () => {
  const { store, db, other, kept, acknowledge, engine } = await fullEngine()
  await engine.detach(HOG)
  const transaction = await db.begin()
  await db.run('INSERT INTO t VALUES (1)', undefined, transaction)
  engine.attach(HOG, { durability: 'relaxed', foreignKeys: true, sync: NO_SYNC }, { post: () => {} })
  const writing = other.run('INSERT INTO t VALUES (2)')
  acknowledge(kept)
  await db.end(transaction)
  await writing
  expect(await db.value('SELECT count(*) FROM t')).toBe(3)
  expect(store.outcomesFull).toBe(false)
})

it('a record that carries only what was acknowledged survives a reopen and a checkpoint', async () => {
  const device = new MemoryDevice()
  const { store, engine, kept, acknowledge } = await fullEngine(device)
  acknowledge(kept - 2)
  await store.acknowledge([{ client: HOG, ackedThrough: kept - 2 }])
  await engine.close()
  await store.checkpoint()
  await store.close()
  const again = await BlockStore.open({ device: new MemoryDevice({ areas: device.areas }) })
  expect(outcomes(again, kept).filter((length) => length !== 'forgotten')).toEqual([OUTCOME.length, OUTCOME.length])
})
