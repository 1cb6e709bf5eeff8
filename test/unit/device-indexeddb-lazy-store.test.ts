// The block store on IndexedDB with a memory much smaller than its content: a checkpoint brings home more than the memory
// holds, because it stores on its way what it has written.
import { expect, it } from 'vitest'
import { openIndexedDbDevice } from '../../src/device/indexeddb-open.ts'
import { realEnvironment } from '../../src/environment.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import { FakeHelpers } from '../support/fake-helpers.ts'
import { FakeIndexedDb } from '../support/fake-indexeddb.ts'

const SEGMENTS = 48
const BLOCKS_PER_SEGMENT = 64
const RESIDENT_BYTES = 6_000_000
const block = (value: number) => new Uint8Array(4096).fill(value % 251)

it('a checkpoint that touches more chunks than the memory holds ends, and everything can be read', async () => {
  const platform = new FakeIndexedDb()
  const helpers = new FakeHelpers(platform)
  const environment = realEnvironment()
  const open = async () => {
    const options = { platform, helpers, environment, databaseName: 'test', create: true }
    const device = await openIndexedDbDevice({ ...options, residentBytesMax: RESIDENT_BYTES })
    return { device, store: await BlockStore.open({ device, environment }) }
  }
  const first = await open()
  for (let segment = 0; segment < SEGMENTS; segment++) {
    for (let index = 0; index < BLOCKS_PER_SEGMENT; index++) {
      first.store.write(segment * BLOCKS_PER_SEGMENT + index, block(segment + index))
    }
    await first.store.commit()
    await first.store.flush()
  }
  await first.store.close()

  const { device, store } = await open()
  expect(device.partly).toBe(true)
  for (let segment = 0; segment < SEGMENTS; segment++) {
    store.write(segment * BLOCKS_PER_SEGMENT + 7, block(segment + 100))
    await store.commit()
  }
  await store.flush()
  await store.checkpoint()
  expect(device.memory.residentBytes).toBeLessThanOrEqual(RESIDENT_BYTES)
  for (let segment = 0; segment < SEGMENTS; segment++) {
    expect(store.read(segment * BLOCKS_PER_SEGMENT + 7)).toEqual(block(segment + 100))
    expect(store.read(segment * BLOCKS_PER_SEGMENT + 8)).toEqual(block(segment + 8))
  }
  await store.close()
})
