// Reads that are wrong once and right the next time: nothing may be lost or reported for them. Each test says what had
// gone wrong.
import { expect, test } from 'vitest'
import type { Area } from '../../src/device/device.ts'
import { MemoryDevice } from '../../src/device/memory.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import { SIDE_AT, SUPERBLOCK_AT } from '../../src/store/format.ts'
import { simulatedEnvironment } from '../support/seeded.ts'

const open = (device: MemoryDevice) => BlockStore.open({ device, environment: simulatedEnvironment(1) })

/** The next read that covers this byte shows another one. */
function wrongOnce(device: MemoryDevice, area: Area, at: number): () => number {
  const read = device.read.bind(device)
  let times = 0
  device.read = (from, into, start) => {
    const count = read(from, into, start)
    if (times === 0 && from === area && start <= at && at < start + count) {
      into[at - start] = (into[at - start] ?? 0) ^ 1
      times++
    }
    return count
  }
  return () => times
}

// The chain ended at a record that was read wrong, nothing claimed it yet, and what stood there was cut off for good.
test('a read that is wrong once in the newest record costs no acknowledged commit', async () => {
  const device = new MemoryDevice()
  const store = await open(device)
  store.write(0, new Uint8Array(4096).fill(7))
  expect(await store.commit()).toBe(1)
  await store.sync()
  const times = wrongOnce(device, 'log-0', 200)
  const again = await open(device)
  expect(times()).toBe(1)
  expect(again.sequence).toBe(1)
  expect(again.read(0)[0]).toBe(7)
})

// What was read wrong there passed for a damaged superblock, so the opening reported damage in a database that had not
// been there yet.
test('a read that is wrong once in a store half made does not make it look damaged', async () => {
  const device = new MemoryDevice()
  device.reserve('main', SIDE_AT[1])
  device.reserve('log-0', 4096)
  const times = wrongOnce(device, 'main', SUPERBLOCK_AT[1])
  const store = await open(device)
  expect(times()).toBe(1)
  expect(store.created).toBe(true)
})
