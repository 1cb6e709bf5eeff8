// Opening does not grow with the database. Counted, not timed: what a store reads from its device until it is open, at 1,
// 8 and 64 MB, closed in order or left by a process that died. Of the main area it reads the superblocks and two tables,
// of which one has 16 bytes per 256 KiB of content; of the logs what they can hold, and a second time only what is in use.
// Opening took the longer the larger the logs were, because a large record of long ago at the start of a log was read
// whole, copied and checked, twice, only to see that it does not follow.
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Area, Device } from '../../src/device/device.ts'
import { openNodeDevice } from '../../src/device/node.ts'
import { realEnvironment } from '../../src/environment.ts'
import { BlockStore } from '../../src/store/block-store.ts'

const SIZES_MB = [1, 8, 64]
const PORTION_BLOCKS = 2000

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'datasync-opening-'))
  for (const megabytes of SIZES_MB) await fill(megabytes)
}, 60_000)
afterAll(() => rm(directory, { recursive: true, force: true }))

const closed = (megabytes: number) => join(directory, `${megabytes}-closed`)
const left = (megabytes: number) => join(directory, `${megabytes}-left`)
const deviceAt = (path: string) => openNodeDevice(path, realEnvironment().random)

/** Leaves two copies: one of a store in use, one that was closed. */
async function fill(megabytes: number): Promise<void> {
  const store = await BlockStore.open({ device: deviceAt(closed(megabytes)) })
  const block = new Uint8Array(store.blockSize)
  const count = Math.ceil((megabytes * 1e6) / block.length)
  const write = async (from: number, to: number) => {
    const transaction = store.begin()
    for (let at = from; at < to; at += 1) transaction.write(at, block.fill(at))
    await store.prepare()
    transaction.reserve()
    transaction.publish([])
    await store.sync()
  }
  for (let at = 0; at < count; at += PORTION_BLOCKS) await write(at, Math.min(count, at + PORTION_BLOCKS))
  for (let at = 0; at < 50; at += 1) await write(at, at + 1)
  await cp(closed(megabytes), left(megabytes), { recursive: true, filter: (path) => !path.endsWith('lock') })
  await store.close()
}

interface Reads {
  readonly calls: Record<Area, number>
  readonly bytes: Record<Area, number>
}

async function readsAtOpening(path: string): Promise<Reads & { readonly logBytes: number }> {
  const reads: Reads = {
    calls: { main: 0, 'log-0': 0, 'log-1': 0, scratch: 0 },
    bytes: { main: 0, 'log-0': 0, 'log-1': 0, scratch: 0 },
  }
  const device: Device = deviceAt(path)
  const read = device.read.bind(device)
  device.read = (area, into, at) => {
    reads.calls[area] += 1
    reads.bytes[area] += into.length
    return read(area, into, at)
  }
  const store = await BlockStore.open({ device })
  const logBytes = device.size('log-0') + device.size('log-1')
  const opened = structuredClone(reads)
  await store.close()
  return { ...opened, logBytes }
}

it.each([
  ['closed in order', closed, 1],
  ['left by a process that died', left, 2],
])('a store %s is opened by as many reads of its content, however large it is', async (_, path, logReads) => {
  const all = []
  for (const megabytes of SIZES_MB) all.push(await readsAtOpening(path(megabytes)))
  const [small, , large] = all
  expect(large!.calls.main).toBe(small!.calls.main)
  // The segment table: 16 bytes for each of the segments more, read at most twice.
  const segments = (63 * 1e6) / (256 << 10)
  expect(large!.bytes.main - small!.bytes.main).toBeLessThanOrEqual(2 * 16 * (segments + 2))
  for (const { bytes, logBytes } of all)
    expect(bytes['log-0'] + bytes['log-1']).toBeLessThanOrEqual(logReads * logBytes + (1 << 19))
})
