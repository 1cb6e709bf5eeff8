// Two faults one after the other, each of which the store survives alone, at exactly the moments where a rule of recovery
// is all that stands between them and lost or wrong data. Random lives hardly ever meet them: a chain that had to be cut
// because a record could not be read for a moment, whose remains fit again once its successor is damaged; and a
// superblock that the system takes for stored though its sync had failed, while the other one is torn.
import { expect, test } from 'vitest'
import { AREAS, type Area, DeviceError } from '../../src/device/device.ts'
import { MemoryDevice } from '../../src/device/memory.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import { SUPERBLOCK_AT } from '../../src/store/format.ts'
import { simulatedEnvironment } from '../support/seeded.ts'

const SIZES = { segmentBytes: 4096, logBytesMin: 8192, logBytesMax: 32768, logStepBytes: 4096, originsBytesMax: 1024 }

interface Written {
  readonly area: Area
  readonly at: number
  readonly bytes: number
}

/** A device that tells what is written, and may read a place wrong. */
class WatchedDevice extends MemoryDevice {
  readonly written: Written[] = []
  sick: { readonly area: Area; readonly at: number } | undefined

  override write(area: Area, bytes: Uint8Array, at: number): void {
    this.written.push({ area, at, bytes: bytes.length })
    super.write(area, bytes, at)
  }

  override read(area: Area, into: Uint8Array, at: number): number {
    const count = super.read(area, into, at)
    const i = (this.sick?.at ?? 0) - at
    if (this.sick?.area === area && i >= 0 && i < count) into[i] = (into[i] ?? 0) ^ 1
    return count
  }

  /** The newest write into a log. */
  get newest(): Written {
    const found = this.written.findLast(({ area }) => area.startsWith('log'))
    if (!found) throw new Error('nothing was written into a log')
    return found
  }
}

const open = (device: MemoryDevice) =>
  BlockStore.open({ device, blockSize: 512, sizes: SIZES, environment: simulatedEnvironment(1) })
const block = (value: number) => new Uint8Array(512).fill(value)

async function commit(store: BlockStore, blocks: number, value: number, level: 'flush' | 'sync' = 'sync') {
  for (let i = 0; i < blocks; i++) store.write(i, block(value))
  await store.commit()
  if (level === 'sync') await store.sync()
}

// Recovery that does not look whether the chain passes the end that was known takes what was cut off for the newest state.
test('records that were cut off do not come back when the record that took their place is damaged', async () => {
  const device = new WatchedDevice()
  const first = await open(device)
  for (let i = 1; i <= 5; i++) await commit(first, 1, i)
  // Nothing says of this one that it was synced.
  await commit(first, 1, 100, 'flush')
  const cut = device.newest
  // Its first new record cannot be read for a moment, so the second process ends the chain before it.
  const second = new WatchedDevice({ areas: device.areas })
  second.sick = { area: cut.area, at: cut.at + 200 }
  const cutOff = await open(second)
  expect(cutOff.sequence).toBe(5)
  second.sick = undefined
  // A record that does not fit the rest of the log stands in the other one, and leaves there what was cut off.
  await cutOff.prepare()
  const transaction = cutOff.begin()
  for (let i = 0; i < 4; i++) transaction.write(i, block(50))
  transaction.reserve()
  transaction.publish([])
  const flushing = cutOff.flush()
  // The process is gone before the fold that this begins can say that anything is synced.
  const areas = second.cloneAreas()
  await flushing
  const successor = second.newest
  expect([successor.area === cut.area, successor.at]).toEqual([false, 0])
  const third = await open(new MemoryDevice({ areas }))
  expect([third.sequence, third.read(0)[0]]).toEqual([6, 50])
  const damaged = new WatchedDevice({ areas })
  damaged.sick = { area: successor.area, at: successor.at + 200 }
  await expect(open(damaged)).rejects.toMatchObject({ code: 'corrupt' })
  expect((await open(new MemoryDevice({ areas }))).read(0)[0]).toBe(50)
})

/** What the system shows to processes, and what is really stored; a sync that fails leaves pages that only look stored. */
class CachedDevice extends MemoryDevice {
  readonly stored: MemoryDevice
  /** A sync fails while a write to this place waits for it, and tears it. */
  failsAt: number | undefined
  /** The power goes inside the write to this place. */
  diesAt: number | undefined
  #waiting: { readonly area: Area; readonly bytes: Uint8Array; readonly at: number }[] = []

  constructor(shown: MemoryDevice, stored: MemoryDevice) {
    super({ areas: shown.areas })
    this.stored = stored
  }

  override write(area: Area, bytes: Uint8Array, at: number): void {
    super.write(area, bytes, at)
    if (area === 'main' && at === this.diesAt) {
      this.stored.write(area, bytes.subarray(0, 100), at)
      throw new Error('the power is gone')
    }
    this.#waiting.push({ area, bytes: bytes.slice(), at })
  }

  override barrier(): void {
    this.sync()
  }

  override sync(): void {
    const waiting = this.#waiting
    this.#waiting = []
    const fails = waiting.some(({ area, at }) => area === 'main' && at === this.failsAt)
    for (const area of AREAS) this.stored.reserve(area, this.size(area))
    for (const { area, bytes, at } of waiting)
      this.stored.write(area, fails && area === 'main' && at === this.failsAt ? bytes.subarray(0, 100) : bytes, at)
    if (fails) throw new DeviceError('io', 'the disk does not take it')
  }
}

// Recovery that takes a superblock for stored because it can be read tears the other one over it.
test('a superblock whose sync had failed is written again before the other one is touched', async () => {
  const shown = new MemoryDevice()
  const stored = new MemoryDevice()
  const failing = new CachedDevice(shown, stored)
  const store = await open(failing)
  for (let i = 1; i <= 3; i++) await commit(store, 2, i)
  failing.failsAt = SUPERBLOCK_AT[0]
  await expect(store.checkpoint()).rejects.toMatchObject({ code: 'io' })
  // The process is gone, the system is not: the next one reads what only looks stored, and then the power goes.
  const dying = new CachedDevice(new MemoryDevice({ areas: shown.areas }), stored)
  const write = dying.write.bind(dying)
  dying.write = (area, bytes, at) => {
    const there = new Uint8Array(bytes.length)
    dying.read(area, there, at)
    // The same bytes again do not count.
    if (there.some((byte, i) => byte !== bytes[i])) dying.diesAt = SUPERBLOCK_AT[1]
    write(area, bytes, at)
  }
  await expect(open(dying)).rejects.toThrow('the power is gone')
  const after = await open(new MemoryDevice({ areas: stored.areas }))
  expect([after.sequence, after.read(1)[0]]).toEqual([3, 3])
})
