// A store that there is no space to take over is open for reading: on a disk that refuses every write, whatever step it
// refuses, and on IndexedDB with its quota used up. It takes over with the first write once there is space.
import { describe, expect, it } from 'vitest'
import type { Device } from '../../src/device/device.ts'
import { DeviceError } from '../../src/device/device.ts'
import { openIndexedDbDevice } from '../../src/device/indexeddb-open.ts'
import { realEnvironment } from '../../src/environment.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import { FakeIndexedDb } from '../support/fake-indexeddb.ts'
import { seeded } from '../support/seeded.ts'
import { SimulatedDisk } from '../support/simulated-disk.ts'

const environment = realEnvironment()
const quota = expect.objectContaining({ code: 'quota' })
const block = (value: number) => new Uint8Array(4096).fill(value)

/** A device whose writes from number `room` on find no space. */
function withRoom(inner: Device, limit: { room: number }): Device {
  return {
    kind: inner.kind,
    afterFailedSync: inner.afterFailedSync,
    crowded: inner.crowded,
    size: (area) => inner.size(area),
    read: (area, into, at) => inner.read(area, into, at),
    write(area, bytes, at) {
      if (limit.room-- <= 0) throw new DeviceError('full', 'no space')
      inner.write(area, bytes, at)
    },
    reserve: (area, size) => inner.reserve(area, size),
    truncate: (area, size) => inner.truncate(area, size),
    barrier: () => inner.barrier(),
    flush: () => inner.flush(),
    sync: () => inner.sync(),
    close: () => inner.close(),
  }
}

function open(device: Device, onWritable = () => {}): Promise<BlockStore> {
  return BlockStore.open({ device, environment, whenFull: 'read-only', onWritable })
}

async function filled(disk: SimulatedDisk): Promise<void> {
  const store = await open(disk.device())
  for (let value = 1; value <= 5; value++) {
    store.write(value, block(value))
    await store.commit()
  }
  await store.checkpoint()
  for (let value = 6; value <= 9; value++) {
    store.write(value, block(value))
    await store.commit()
  }
  await store.sync()
  disk.kill()
}

/** Tries to take the store over; only the lack of space may be in the way. */
async function attempt(store: BlockStore): Promise<void> {
  try {
    await store.prepare()
  } catch (error) {
    expect(error).toEqual(quota)
  }
}

function expectAll(store: BlockStore): void {
  for (let value = 1; value <= 9; value++) expect(store.read(value)).toEqual(block(value))
}

describe('a store that there is no space to take over', () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7])('reads everything, refuses writes, and goes on from write %i', async (room) => {
    const disk = new SimulatedDisk(seeded(1), 'kept')
    await filled(disk)
    const limit = { room }
    let told = 0
    const store = await open(withRoom(disk.device(), limit), () => told++)
    if (!store.readOnly) {
      expect(room, 'the tail of four records and two superblocks need more').toBeGreaterThan(5)
      return
    }
    expectAll(store)
    expect(store.syncedSequence).toBe(store.sequence)
    for (let attempt = 0; attempt < 3; attempt++) {
      limit.room = 0
      await expect(store.prepare()).rejects.toThrow(quota)
      expect(() => store.begin()).toThrow(quota)
      await expect(store.checkpoint()).rejects.toThrow(quota)
      await store.sync()
      await store.idle()
      const pin = store.pin()
      const into = block(0)
      pin.read(7, into)
      expect(into).toEqual(block(7))
      pin.release()
    }
    expect([told, store.readOnly]).toEqual([0, true])
    for (let more = 1; store.readOnly; more++) {
      limit.room = more
      await attempt(store)
    }
    limit.room = Number.POSITIVE_INFINITY
    await store.prepare()
    store.write(10, block(10))
    await store.commit()
    await store.sync()
    expect([told, store.readOnly]).toEqual([1, false])
    store.check()
    disk.powerCut()
    const again = await open(disk.device())
    expectAll(again)
    expect(again.read(10)).toEqual(block(10))
    expect((await again.verify()).damaged).toEqual([])
  })

  it.each([0, 1, 2, 3, 4, 5, 6, 7])(
    'loses nothing to a power cut after the attempts, with room for %i writes',
    async (room) => {
      const disk = new SimulatedDisk(seeded(2), 'kept')
      await filled(disk)
      const limit = { room }
      const store = await open(withRoom(disk.device(), limit))
      limit.room = 1
      await attempt(store)
      disk.powerCut()
      expectAll(await open(disk.device()))
    },
  )

  it('fails to open with `quota` where nobody asked for reading', async () => {
    const disk = new SimulatedDisk(seeded(3), 'kept')
    await filled(disk)
    const device = withRoom(disk.device(), { room: 0 })
    await expect(BlockStore.open({ device, environment })).rejects.toThrow(quota)
  })

  it('on IndexedDB reads with the quota used up, and attempts cost no space', async () => {
    const platform = new FakeIndexedDb()
    const device = () => openIndexedDbDevice({ platform, environment, databaseName: 'test', create: true })
    const first = await open(await device())
    for (let value = 1; value <= 9; value++) {
      first.write(value, block(value))
      await first.commit()
    }
    await first.close()
    platform.quotaBytes = platform.usedBytes
    const used = platform.usedBytes
    for (let reopening = 0; reopening < 3; reopening++) {
      const store = await open(await device())
      expect(store.readOnly).toBe(true)
      expectAll(store)
      await expect(store.prepare()).rejects.toThrow(quota)
      await store.close()
    }
    expect(platform.usedBytes).toBe(used)
    const store = await open(await device())
    platform.quotaBytes = Number.POSITIVE_INFINITY
    await store.prepare()
    store.write(10, block(10))
    await store.commit()
    await store.close()
    const again = await open(await device())
    expect(again.readOnly).toBe(false)
    expectAll(again)
    expect(again.read(10)).toEqual(block(10))
  })

  it('on IndexedDB the space for the head alone is enough to go on later, not to write', async () => {
    const platform = new FakeIndexedDb()
    const device = () => openIndexedDbDevice({ platform, environment, databaseName: 'test', create: true })
    const first = await open(await device())
    first.write(1, block(1))
    await first.commit()
    await first.close()
    platform.quotaBytes = platform.usedBytes + 300
    const store = await open(await device())
    expect(store.readOnly).toBe(true)
    expect(store.read(1)).toEqual(block(1))
    // One superblock fits, the second does not.
    platform.quotaBytes = platform.usedBytes + 66_000
    await store.prepare()
    expect(store.readOnly).toBe(false)
  })
})
