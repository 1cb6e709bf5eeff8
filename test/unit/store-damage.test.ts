// What goes on in a store of which a part is damaged. Each test says what had gone wrong.
import { expect, test } from 'vitest'
import { MemoryDevice } from '../../src/device/memory.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import { geometry, SECTOR, SUPERBLOCK_AT, slotAt } from '../../src/store/format.ts'
import { simulatedEnvironment } from '../support/seeded.ts'

const open = (device: MemoryDevice) => BlockStore.open({ device, environment: simulatedEnvironment(1) })
const block = (value: number) => new Uint8Array(4096).fill(value)

async function commit(store: BlockStore, blocks: readonly number[], value: number): Promise<void> {
  for (const number of blocks) store.write(number, block(value))
  await store.commit()
}

// One rotten block in the log stopped every later fold, so the log grew until the space was used up and nothing could be
// written any more, however small.
test('a rotten block in the log is reported, and folds and everything else go on', async () => {
  const device = new MemoryDevice()
  const store = await open(device)
  await commit(store, [0, 1, 2], 1)
  const rotten = new Uint8Array(1)
  device.read('log-0', rotten, 2 * 4096)
  device.write(
    'log-0',
    rotten.map((byte) => byte ^ 1),
    2 * 4096,
  )
  const damaged = [0, 1, 2].filter((number) => isDamaged(store, number))
  expect(damaged).toHaveLength(1)
  await store.checkpoint()
  expect(store.metrics()).toMatchObject({ logRecords: 0, damaged: 1 })
  // Home now, it is not given a checksum that it would pass.
  expect([0, 1, 2].filter((number) => isDamaged(store, number))).toEqual(damaged)
  await commit(store, damaged, 2)
  await store.checkpoint()
  await store.close()
  const again = await open(new MemoryDevice({ areas: device.areas }))
  for (const number of [0, 1, 2]) expect(again.read(number)).toEqual(block(damaged.includes(number) ? 2 : 1))
})

// The same with the header of a segment: none of its blocks can be told right from wrong any more, but those written
// after it can.
test('a rotten header is reported, and what is written into its segment later can be read and folded', async () => {
  let device = new MemoryDevice()
  const store = await open(device)
  await commit(store, [0, 1, 64], 1)
  await store.checkpoint()
  await store.close()
  device = new MemoryDevice({ areas: device.areas })
  device.write('main', Uint8Array.of(0xff), slotAt(0, 0, geometry(4096)) + 70)
  const again = await open(device)
  await commit(again, [1], 2)
  expect([0, 1, 64].filter((number) => isDamaged(again, number))).toEqual([0])
  await again.checkpoint()
  expect([0, 1, 64].filter((number) => isDamaged(again, number))).toEqual([0])
  expect(again.read(1)).toEqual(block(2))
})

// A creation that stopped after the first bytes of its first superblock left a store of "format 0", which never opened again.
test('a superblock of which only the first bytes were written is no other version', async () => {
  const made = new MemoryDevice()
  await open(made)
  const bytes = new Uint8Array(SECTOR)
  made.read('main', bytes, SUPERBLOCK_AT[0])
  for (let torn = 1; torn < 16; torn++) {
    const device = new MemoryDevice()
    device.write('main', bytes.subarray(0, torn), SUPERBLOCK_AT[0])
    device.reserve('main', made.size('main'))
    expect((await open(device)).created, `${torn} bytes`).toBe(true)
  }
})

// The store ran on one superblock without a word, and damage that a fold came upon was only counted.
test('a damaged superblock is reported at opening and mended, and a fold reports damaged blocks', async () => {
  const device = new MemoryDevice()
  const store = await open(device)
  await commit(store, [0, 1], 1)
  expect(store.superblockDamaged).toBe(false)
  await store.close()
  device.areas.main.write(Uint8Array.of(0xff), SUPERBLOCK_AT[1] + 40)
  const told: number[] = []
  const damaged = new MemoryDevice({ areas: device.areas })
  const onDamage = (blocks: number) => told.push(blocks)
  const mended = await BlockStore.open({ device: damaged, environment: simulatedEnvironment(1), onDamage })
  expect(mended.superblockDamaged).toBe(true)
  await commit(mended, [2], 2)
  const rotten = new Uint8Array(1)
  for (let at = 4096; at < damaged.size('log-0'); at += 4096) {
    damaged.read('log-0', rotten, at)
    damaged.write('log-0', Uint8Array.of(~(rotten[0] ?? 0)), at)
  }
  await mended.checkpoint()
  expect(told).toEqual([3])
  await mended.close()
  expect((await open(new MemoryDevice({ areas: device.areas }))).superblockDamaged).toBe(false)
})

class ForgetfulDevice extends MemoryDevice {
  forgets = 0
  override write(...[area, bytes, at]: Parameters<MemoryDevice['write']>): void {
    super.write(area, this.forgets-- > 0 ? bytes.map(() => 0) : bytes, at)
  }
}

test('a write that reads otherwise is written again with verifyAfterWrite, and is lost without', async () => {
  for (const verifyAfterWrite of [true, false]) {
    const device = new ForgetfulDevice()
    const store = await BlockStore.open({ device, environment: simulatedEnvironment(1), verifyAfterWrite })
    await commit(store, [0], 1)
    device.forgets = 1
    await commit(store, [0], 2)
    await store.sync()
    expect(store.metrics().verifyFailures).toBe(verifyAfterWrite ? 1 : 0)
    expect(isDamaged(store, 0)).toBe(!verifyAfterWrite)
  }
})

function isDamaged(store: BlockStore, number: number): boolean {
  try {
    store.read(number)
    return false
  } catch (error) {
    expect(error).toMatchObject({ code: 'corrupt' })
    return true
  }
}
