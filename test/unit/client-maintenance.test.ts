// Housekeeping through the public calls, against the real engine and store in one thread.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../src/client/database.ts'
import { openWith } from '../../src/client/open.ts'
import { inProcessPlatform } from '../support/in-process-worker.ts'

let db: Database

beforeAll(async () => {
  db = await openWith(inProcessPlatform(), 'app.db', { storage: 'memory' })
  await db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, a)')
  const rows = Array.from({ length: 20_000 }, (_, i) => [i, `text ${i} ${'x'.repeat(200)}`])
  await db.runMany('INSERT INTO t VALUES (?, ?)', rows)
})
afterAll(() => db.close())

describe('verify', () => {
  test('reads every block, tells how far it is, and finds a sound database sound', async () => {
    const seen: [number, number][] = []
    const report = await db.verify({ onProgress: (done, total) => seen.push([done, total]) })
    expect(report).toEqual({ ok: true, blocks: expect.any(Number), damaged: [], sqlite: [] })
    expect(report.blocks).toBe(await db.value('PRAGMA page_count'))
    expect(seen.length).toBeGreaterThan(3)
    expect(seen[0]).toEqual([0, report.blocks])
    expect(seen.at(-1)).toEqual([report.blocks, report.blocks])
  })

  test('lets later calls pass while it reads', async () => {
    const order: string[] = []
    const verifying = db.verify().then(() => order.push('verify'))
    await db.value('SELECT 1').then(() => order.push('value'))
    await verifying
    expect(order).toEqual(['value', 'verify'])
  })

  test('ends in the worker too when its signal says so or its onProgress throws', async () => {
    const controller = new AbortController()
    const call = db.verify({ signal: controller.signal, onProgress: () => controller.abort() })
    await expect(call).rejects.toMatchObject({ code: 'aborted' })
    const mine = db.verify({
      onProgress: () => {
        throw new Error('mine')
      },
    })
    await expect(mine).rejects.toThrow('mine')
    // What is left is the call that asks.
    await expect.poll(async () => (await db.metrics()).queueDepth).toBe(1)
  })

  test('ends when its time is over', async () => {
    await expect(db.verify({ timeoutMs: 0.001 })).rejects.toMatchObject({ code: 'timeout' })
  })
})

test('a checkpoint empties the log, and what was committed stays', async () => {
  await db.run("UPDATE t SET a = 'new' WHERE id = 7")
  await db.checkpoint()
  const { foldedSequence, sequence } = await db.metrics()
  expect(foldedSequence).toBe(sequence)
  expect(await db.value('SELECT a FROM t WHERE id = 7')).toBe('new')
})

test('compact after VACUUM makes the database smaller, and what is left stays', async () => {
  const before = await db.metrics()
  await db.run('DELETE FROM t WHERE id > 1000')
  await db.run('VACUUM')
  await db.compact()
  const after = await db.metrics()
  expect(after.liveBytes).toBeLessThan(before.liveBytes! / 4)
  expect(await db.value('SELECT count(*) FROM t')).toBe(1001)
  expect((await db.verify()).ok).toBe(true)
})

test('metrics tell what syncs were for and how large groups of requests were', async () => {
  const before = await db.metrics()
  await Promise.all(Array.from({ length: 50 }, (_, i) => db.run('UPDATE t SET a = ? WHERE id = 1', [i])))
  const after = await db.metrics()
  expect(after.requests! - before.requests!).toBe(51)
  expect(after.groupRequestsMax).toBeGreaterThan(1)
  expect(after.requestSyncs).toBeGreaterThan(before.requestSyncs!)
  expect(after.requestSyncs! + after.timerSyncs! + after.debounceSyncs! + after.thresholdSyncs!).toBeGreaterThan(0)
})

test('metrics tell how much was committed, what failed and what no sync has had yet', async () => {
  const sync = { intervalMs: 0, debounceMs: 0, maxDirtyBytes: 0, maxDirtyBlocks: 0 }
  const relaxed = await openWith(inProcessPlatform(), 'c.db', { storage: 'memory', durability: 'relaxed', sync })
  await relaxed.exec('CREATE TABLE t (a)')
  await relaxed.sync()
  const before = await relaxed.metrics()
  expect(before).toMatchObject({ unsyncedBytes: 0, unsyncedBlocks: 0, failures: 0 })
  await relaxed.run('INSERT INTO t VALUES (1)')
  await relaxed.run('INSERT INTO t VALUES (2)')
  await expect(relaxed.run('INSERT INTO missing VALUES (3)')).rejects.toThrow('no such table')
  const after = await relaxed.metrics()
  expect(after).toMatchObject({ commits: before.commits! + 2, failures: 1, unsyncedBlocks: 4, unsyncedBytes: 4 * 4096 })
  expect(after.committedBytes).toBe(before.committedBytes! + 4 * 4096)
  expect(after.servedMs).toBeGreaterThan(0)
  await relaxed.sync()
  expect(await relaxed.metrics()).toMatchObject({ unsyncedBytes: 0, commits: after.commits })
  await relaxed.close()
})

test('relaxed commits are synced by the rule that is due first, and counted under it', async () => {
  const sync = { intervalMs: 0, debounceMs: 5, maxDirtyBytes: 0, maxDirtyBlocks: 0 }
  const relaxed = await openWith(inProcessPlatform(), 'b.db', { storage: 'memory', durability: 'relaxed', sync })
  await relaxed.exec('CREATE TABLE t (a)')
  const counts = async () => (await relaxed.metrics()).debounceSyncs
  await expect.poll(counts).toBe(1)
  expect(await relaxed.metrics()).toMatchObject({ timerSyncs: 0, thresholdSyncs: 0, unsyncedCommits: 0 })
  await relaxed.close()
})

test('wrong options are refused before anything happens', async () => {
  await expect(db.verify({ onProgress: 1 as never })).rejects.toMatchObject({ code: 'invalid-argument' })
  await expect(db.checkpoint({ nix: 1 } as never)).rejects.toMatchObject({ code: 'unknown-option' })
})
