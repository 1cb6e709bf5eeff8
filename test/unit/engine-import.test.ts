// An import on devices that keep what is stored: the file is there when the storage is opened again, and one that does not
// fit leaves the old database and takes no space.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Device } from '../../src/device/device.ts'
import { openNodeDevice } from '../../src/device/node.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { realEnvironment } from '../../src/environment.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import { startEngine, type TestClient } from '../support/engine-client.ts'
import { seeded } from '../support/seeded.ts'
import { SimulatedDisk } from '../support/simulated-disk.ts'
import { dumpOf, sqliteFile } from '../support/sqlite-files.ts'

interface Opened {
  readonly store: BlockStore
  readonly engine: Engine
  readonly client: TestClient
  close(): Promise<void>
}

async function openOn(device: Device): Promise<Opened> {
  const store = await BlockStore.open({ device })
  const fixture = await startEngine({ blocks: store, store })
  const close = async () => {
    await fixture.engine.close()
    await store.close()
  }
  return { store, engine: fixture.engine, client: fixture.client({ durability: 'strict' }), close }
}

async function importFile({ engine, client }: Opened, file: Uint8Array): Promise<void> {
  const { seq, answer } = client.request({ type: 'import', totalBytes: file.length })
  client.flush()
  const part = { type: 'import-part', target: seq, at: 0, bytes: file.length, last: true } as const
  const payload = new Uint8Array(file).buffer
  engine.receive({ type: 'requests', client: client.id, ackedThrough: 0, requests: [part], payload })
  await answer
}

function contentOf({ store }: Opened): Promise<string> {
  const blocks = Array.from({ length: store.sizeBlocks }, (_, block) => store.read(block))
  return dumpOf(Buffer.concat(blocks))
}

describe('in a directory', () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'datasync-import-'))
  })
  afterEach(() => rm(directory, { recursive: true }))

  test('an imported file is there when it is opened again, and imports and writes go on', async () => {
    const device = () => openNodeDevice(join(directory, 'db'), realEnvironment().random)
    const first = await openOn(device())
    await first.client.exec('CREATE TABLE old (a); INSERT INTO old VALUES (1)')
    const file = await sqliteFile({ pageSize: 16384 })
    await importFile(first, file)
    expect(await first.client.value('SELECT count(*) FROM t')).toBe(1000)
    await first.close()

    const second = await openOn(device())
    expect(await contentOf(second)).toBe(await dumpOf(file))
    expect(second.store.blockSize).toBe(16384)
    await second.client.run('DELETE FROM t WHERE id > 10')
    await importFile(second, await sqliteFile({ pageSize: 1024, rows: 20 }))
    await second.client.run('DELETE FROM t WHERE id > 15')
    await second.close()

    const third = await openOn(device())
    expect(await third.client.value('SELECT count(*) FROM t')).toBe(15)
    expect((await third.store.verify()).damaged).toEqual([])
    await third.close()
  })
})

describe.each(['kept', 'undone'] as const)('on a full disk of kind %s', (kind) => {
  test('an import that does not fit leaves the old database and its space', async () => {
    const disk = new SimulatedDisk(seeded(7), kind)
    const opened = await openOn(disk.device())
    await opened.client.exec("CREATE TABLE old (a); INSERT INTO old VALUES ('was here')")
    const before = disk.usedBytes
    disk.faults.quotaBytes = before + 600_000
    const file = await sqliteFile({ rows: 50_000 })
    await expect(importFile(opened, file)).rejects.toMatchObject({ code: 'quota' })
    expect(disk.usedBytes).toBe(before)
    expect(await opened.client.value('SELECT a FROM old')).toBe('was here')
    await opened.client.run("INSERT INTO old VALUES ('later')")
    disk.faults.quotaBytes = Number.POSITIVE_INFINITY
    await importFile(opened, file)
    expect(await opened.client.value('SELECT count(*) FROM t')).toBe(50_000)
    await opened.close()
  })
})

test('a client that dies in the middle of its import leaves the old database to the others', async () => {
  const store = await BlockStore.open({ device: new SimulatedDisk(seeded(9), 'kept').device() })
  const { engine, client } = await startEngine({ blocks: store, store })
  const dying = client()
  const other = client()
  await other.exec("CREATE TABLE old (a); INSERT INTO old VALUES ('was here')")
  const { seq, answer } = dying.request({ type: 'import', totalBytes: 0 })
  answer.catch(() => {})
  dying.flush()
  const file = await sqliteFile({ rows: 5000 })
  const part = { type: 'import-part', target: seq, at: 0, bytes: 50_000, last: false } as const
  const payload = new Uint8Array(file.subarray(0, 50_000)).buffer
  engine.receive({ type: 'requests', client: dying.id, ackedThrough: 0, requests: [part], payload })
  expect(await other.query('SELECT a FROM old')).toEqual([['was here']])
  const writing = other.run("INSERT INTO old VALUES ('later')")
  expect(client().events).toEqual([{ name: 'held', held: true }])
  await engine.detach(dying.id)
  expect((await writing).changes).toBe(1)
  expect(other.events.at(-1)).toEqual({ name: 'held', held: false })
  await engine.close()
  await store.close()
})

test('the heap of SQLite does not grow with the file', async () => {
  const opened = await openOn(new SimulatedDisk(seeded(8), 'kept').device())
  const file = await sqliteFile({ rows: 400_000 })
  expect(file.length).toBeGreaterThan(20_000_000)
  const heapBytes = async () => {
    const { answer } = opened.client.request({ type: 'maintenance', action: 'metrics' })
    const got = await answer
    return got.type === 'report' && got.report.kind === 'metrics' ? (got.report.metrics.wasmHeapBytes ?? 0) : 0
  }
  const before = await heapBytes()
  await importFile(opened, file)
  expect((await heapBytes()) - before).toBeLessThan(8 * 1024 * 1024)
  await opened.close()
})
