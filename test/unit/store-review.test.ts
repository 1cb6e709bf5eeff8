// Regressions of the block store, each with what had gone wrong. They need a device that answers late or fails at a
// chosen moment, or many commits, so they stand apart from the promises in store-block-store.test.ts.
import { describe, expect, test } from 'vitest'
import { MemoryDevice } from '../../src/device/memory.ts'
import { BlockStore, type BlockStoreOptions } from '../../src/store/block-store.ts'
import { simulatedEnvironment } from '../support/seeded.ts'

const CLIENT = 'ab'.repeat(16)
const open = (device: BlockStoreOptions['device'], options: Partial<BlockStoreOptions> = {}) =>
  BlockStore.open({ device, environment: simulatedEnvironment(1), ...options })
const block = (value: number) => new Uint8Array(4096).fill(value)

describe('outcomes', () => {
  // 48 bytes per stored outcome were not counted against the bound, so that some 15 000 writes sent at once and not yet
  // acknowledged outgrew the side table: every checkpoint failed from then on, and with the logs full every write.
  test('thirty thousand unacknowledged outcomes leave the store usable and none of them forgotten', async () => {
    const device = new MemoryDevice()
    const store = await open(device)
    for (let seq = 1; seq <= 30_000; seq++) {
      await store.prepare()
      const transaction = store.begin()
      transaction.write(0, block(seq))
      transaction.reserve()
      transaction.publish([{ client: CLIENT, seq, ackedThrough: 0, outcome: new Uint8Array(14).fill(seq) }])
      await store.flush()
    }
    await store.checkpoint()
    await store.close()
    const again = await open(new MemoryDevice({ areas: device.areas }))
    for (let seq = 1; seq <= 30_000; seq++) expect(again.outcomeOf(CLIENT, seq)).toBeDefined()
    expect(again.outcomeOf(CLIENT, 30_000)).toEqual(new Uint8Array(14).fill(30_000))
    expect(again.outcomeOf(CLIENT, 30_001)).toBeUndefined()
    const transaction = again.begin()
    transaction.write(0, block(1))
    transaction.reserve()
    transaction.publish([{ client: CLIENT, seq: 30_001, ackedThrough: 29_999, outcome: new Uint8Array(1) }])
    expect([1, 29_999, 30_000].map((seq) => again.outcomeOf(CLIENT, seq)?.length)).toEqual([undefined, undefined, 14])
  })
})
