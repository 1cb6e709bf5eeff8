// The engine on the real block store: what reaches the device, and what is there after the engine was lost without a word.
import { describe, expect, it } from 'vitest'
import type { Device } from '../../src/device/device.ts'
import { MemoryDevice } from '../../src/device/memory.ts'
import { StorageError } from '../../src/errors/errors.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import { startEngine, TestClient } from '../support/engine-client.ts'
import { ObservedBlocks } from '../support/observed-blocks.ts'

async function openOn(device: Device) {
  const store = await BlockStore.open({ device })
  return { store, ...(await startEngine({ blocks: store, store })) }
}

/** Counts the writes of a device; its content is what `copy` starts from. */
function counting() {
  const device = new MemoryDevice()
  const writes: string[] = []
  const write = device.write.bind(device)
  device.write = (area, bytes, at) => {
    writes.push(area)
    write(area, bytes, at)
  }
  return { device, writes }
}

/** What another process would find on this device now. */
const copyOf = (device: MemoryDevice) => new MemoryDevice({ areas: device.cloneAreas() })

describe('a commit', () => {
  it.each(['relaxed', 'strict'] as const)('at level %s is exactly one device write, to the log', async (durability) => {
    const { device, writes } = counting()
    const { client } = await openOn(device)
    const db = client({ durability })
    await db.exec('CREATE TABLE t(id INTEGER PRIMARY KEY, a, b)')
    writes.length = 0
    for (let i = 0; i < 50; i++) await db.run('INSERT INTO t(a,b) VALUES(?,?)', [i, 'text'])
    expect(writes).toEqual(Array(50).fill('log-0'))
  })

  it('of many requests in one envelope shares its write with theirs', async () => {
    const { device, writes } = counting()
    const { client } = await openOn(device)
    const db = client({ durability: 'strict' })
    await db.exec('CREATE TABLE t(a)')
    writes.length = 0
    await Promise.all(Array.from({ length: 20 }, (_, i) => db.run('INSERT INTO t VALUES(?)', [i])))
    expect(writes.length).toBeLessThan(20)
  })
})

describe('after the engine was lost', () => {
  it('everything answered is there, nothing half done is, and a repeated request is not run twice', async () => {
    const { device } = counting()
    const { client } = await openOn(device)
    const db = client()
    await db.exec('CREATE TABLE t(a INTEGER PRIMARY KEY, b)')
    await db.run("INSERT INTO t VALUES(1,'one')")
    const tx = await db.begin()
    await db.run("INSERT INTO t VALUES(2,'two')", [], tx)
    await db.end(tx)
    await db.bulk('INSERT INTO t VALUES(?,?)', [Array.from({ length: 5000 }, (_, i) => [10 + i, 'x'.repeat(300)])])
    const { seq } = db
    const open = await db.begin()
    await db.run("UPDATE t SET b='lost'", [], open)
    const next = await openOn(copyOf(device))
    const other = next.client()
    expect(await other.query('SELECT count(*), sum(a), min(b) FROM t')).toEqual([[5002, 12547503, 'one']])
    expect(await other.query('PRAGMA integrity_check')).toEqual([['ok']])
    expect(next.store.outcomeOf(db.id, seq)).toBeDefined()
  })

  it('between two messages of a bulk, none of its rows are there', async () => {
    const { device } = counting()
    const { client } = await openOn(device)
    const db = client()
    await db.exec('CREATE TABLE t(a)')
    const sets = (n: number) => Array.from({ length: n }, (_, i) => [`row ${i} ${'y'.repeat(500)}`])
    let copy: MemoryDevice | undefined
    const parts = [sets(20_000), sets(10), sets(10)]
    const original = db.request.bind(db)
    db.request = (draft, timeoutMs) => {
      if (draft.type === 'bulk' && draft.last) copy = copyOf(device)
      return original(draft, timeoutMs)
    }
    await db.bulk('INSERT INTO t VALUES(?)', parts)
    expect(await db.value('SELECT count(*) FROM t')).toBe(20_020)
    const next = (await openOn(copy!)).client()
    expect(await next.value('SELECT count(*) FROM t')).toBe(0)
    expect(await next.query('PRAGMA integrity_check')).toEqual([['ok']])
  })
})

// A store that failed before a request that had been sent again had its turn answered `io`, though the write was applied.
describe('a request sent again to an engine whose store has failed', () => {
  async function failedEngine(storedBefore: boolean) {
    const store = await BlockStore.open({ device: new MemoryDevice() })
    const blocks = new ObservedBlocks(store)
    const first = await startEngine({ blocks })
    const db = first.client({ durability: 'strict' })
    await db.exec('CREATE TABLE t(a)')
    const failure = new StorageError('io', 'the disk is gone')
    if (!storedBefore) blocks.faults.durability = failure
    const { seq } = db
    const asked = await db.run('INSERT INTO t VALUES(1)').catch((error: unknown) => error)
    if (storedBefore) {
      expect(asked).toMatchObject({ changes: 1 })
      blocks.faults.durability = failure
    }
    const next = storedBefore ? await startEngine({ blocks }) : first
    if (storedBefore) next.engine.storeFailed(() => failure)
    await new Promise((resolve) => setTimeout(resolve, 20))
    const again = new TestClient(next.engine, db.id, { durability: 'strict' })
    again.seq = seq
    return again
  }

  it('is answered with its outcome, if that was stored', async () => {
    const again = await failedEngine(true)
    expect(await again.run('INSERT INTO t VALUES(1)')).toMatchObject({ changes: 1, lastInsertRowid: 1n })
    await expect(again.run('INSERT INTO t VALUES(2)')).rejects.toMatchObject({ code: 'io' })
  })

  it('ends as unknown, if its commit could not be stored', async () => {
    const again = await failedEngine(false)
    await expect(again.run('INSERT INTO t VALUES(1)')).rejects.toMatchObject({
      code: 'leader-lost',
      applied: 'unknown',
    })
  })
})

describe('a closed database', () => {
  // Closing ended one session after the other, outcomes included, while writes of the others still ran and carried these
  // ends. A follower whose write was committed, but not answered before its leader closed, asked the next leader for it,
  // and that ran it again.
  it('keeps the outcomes of its clients, so that the next engine runs nothing twice', async () => {
    const device = new MemoryDevice()
    let closed = new MemoryDevice()
    device.close = async () => {
      closed = copyOf(device)
    }
    const first = await openOn(device)
    const db = first.client()
    await db.exec('CREATE TABLE t(a)')
    await db.run('INSERT INTO t VALUES(1)')
    const { seq } = db
    const holder = first.client()
    await holder.begin()
    const waiting = first.client()
    void waiting.run('INSERT INTO t VALUES(2)')
    waiting.flush()
    await first.engine.close()
    await first.store.close()
    const next = await openOn(closed)
    const again = new TestClient(next.engine, db.id)
    again.seq = seq - 1
    expect((await again.run('INSERT INTO t VALUES(1)')).changes).toBe(1)
    expect(await again.value('SELECT count(*) FROM t WHERE a = 1')).toBe(1)
  })

  it('opens again with everything, and its VACUUM gives space back', async () => {
    const device = new MemoryDevice()
    const first = await openOn(device)
    const db = first.client()
    await db.exec('CREATE TABLE t(a); INSERT INTO t SELECT hex(zeroblob(1000)) FROM (VALUES(1),(2),(3))')
    for (let i = 0; i < 8; i++) await db.run('INSERT INTO t SELECT a FROM t')
    await db.run('DELETE FROM t WHERE rowid > 10')
    const before = first.store.sizeBlocks
    await db.run('VACUUM')
    expect(first.store.sizeBlocks).toBeLessThan(before / 10)
    await first.engine.close()
    const copy = copyOf(device)
    await first.store.close()
    const next = (await openOn(copy)).client()
    expect(await next.query('SELECT count(*), sum(length(a)) FROM t')).toEqual([[10, 20_000]])
  })
})
