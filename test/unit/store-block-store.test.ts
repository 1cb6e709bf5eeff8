// The block store's promises one by one, on the simulated disk without chance. Crashes by the thousand are the
// simulation's business.
import { describe, expect, test } from 'vitest'
import { StorageError } from '../../src/errors/errors.ts'
import { BlockStore, type BlockStoreOptions } from '../../src/store/block-store.ts'
import { blockAt, geometry, SUPERBLOCK, SUPERBLOCK_AT } from '../../src/store/format.ts'
import { seeded, simulatedEnvironment } from '../support/seeded.ts'
import { SimulatedDisk } from '../support/simulated-disk.ts'

const MIB = 1024 * 1024
const CLIENT = 'ab'.repeat(16)

const newDisk = (kind: 'kept' | 'undone' = 'kept') => new SimulatedDisk(seeded(1), kind)
const open = (disk: SimulatedDisk, options: Partial<BlockStoreOptions> = {}) =>
  BlockStore.open({ device: disk.device(), environment: simulatedEnvironment(1), ...options })
const same = (bytes: Uint8Array, value: number) => bytes.every((byte) => byte === value)
const block = (value: number, bytes = 4096) => new Uint8Array(bytes).fill(value)

/** Commits the given blocks and waits for the disk. */
async function put(store: BlockStore, blocks: Iterable<readonly [number, Uint8Array]>): Promise<void> {
  store.writeMany(blocks)
  await store.commit()
  await store.sync()
}
const range = (count: number, value: (n: number) => number) =>
  Array.from({ length: count }, (_, n) => [n, block(value(n))] as const)

async function failure(call: () => unknown): Promise<unknown> {
  try {
    await call()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

describe('commits', () => {
  test('one commit is one device write', async () => {
    const disk = newDisk()
    const store = await open(disk)
    await put(store, [[0, block(1)]])
    const before = disk.writes
    for (let i = 0; i < 20; i++) {
      store.writeMany([
        [0, block(i)],
        [7, block(i)],
        [3, block(i)],
      ])
      await store.commit()
    }
    expect(disk.writes - before).toBe(20)
  })

  test('a group of commits is one device write and one sync', async () => {
    const disk = newDisk()
    const store = await open(disk)
    await store.prepare()
    const [writes, syncs] = [disk.writes, disk.syncs]
    for (let i = 1; i <= 10; i++) {
      const transaction = store.begin()
      transaction.write(i, block(i))
      transaction.reserve()
      transaction.publish([])
    }
    expect(store.read(5)).toEqual(block(5))
    await store.sync()
    expect([disk.writes - writes, disk.syncs - syncs]).toEqual([1, 1])
  })

  test('what is staged is invisible to snapshots and gone after a rollback', async () => {
    const store = await open(newDisk())
    await put(store, [[0, block(1)]])
    store.write(0, block(2))
    const snapshot = store.pin()
    const into = block(9)
    snapshot.read(0, into)
    expect(into).toEqual(block(1))
    expect(store.read(0)).toEqual(block(2))
    store.rollback()
    expect(store.read(0)).toEqual(block(1))
    snapshot.release()
  })

  test('a transaction with nothing staged writes no record', async () => {
    const disk = newDisk()
    const store = await open(disk)
    const before = disk.writes
    const transaction = store.begin()
    transaction.reserve()
    expect(transaction.publish([])).toBe(store.sequence)
    await store.flush()
    expect(disk.writes).toBe(before)
  })

  test.each(['kept', 'undone'] as const)(
    'everything is there after a reopen, large transactions too (%s)',
    async (kind) => {
      const disk = newDisk(kind)
      const store = await open(disk)
      await put(
        store,
        range(1000, (n) => n % 251),
      )
      await put(store, [
        [400, block(77)],
        [1200, block(78)],
      ])
      await store.close()
      const again = await open(disk)
      expect(again.sizeBlocks).toBe(1201)
      for (let n = 0; n < 1000; n++) expect(same(again.read(n), n === 400 ? 77 : n % 251)).toBe(true)
      expect(again.read(1100)).toEqual(block(0))
      expect(again.read(1200)).toEqual(block(78))
    },
  )

  test('a bulk load writes each block once', async () => {
    const disk = newDisk()
    const store = await open(disk)
    await put(
      store,
      range(4096, (n) => n % 256),
    )
    const { bytesWritten } = store.metrics()
    await store.checkpoint()
    expect(bytesWritten).toBeLessThan(1.15 * 4096 * 4096)
    expect((store.metrics().bytesWritten ?? 0) - (bytesWritten ?? 0)).toBeLessThan(2 * MIB)
  })

  test('blocks cut off read as zeros when the size grows again', async () => {
    const store = await open(newDisk())
    await put(
      store,
      range(200, () => 5),
    )
    const transaction = store.begin()
    transaction.truncate(10)
    transaction.write(150, block(6))
    transaction.reserve()
    transaction.publish([])
    for (const when of ['in the log', 'at home']) {
      expect([store.read(9)[0], store.read(100)[0], store.read(150)[0]], when).toEqual([5, 0, 6])
      await store.checkpoint()
    }
  })
})

describe('snapshots', () => {
  test('a snapshot keeps its state through commits, checkpoints and log switches', async () => {
    const store = await open(newDisk())
    await put(
      store,
      range(64, () => 1),
    )
    const snapshot = store.pin()
    for (let round = 2; round < 40; round++)
      await put(
        store,
        range(64, () => round),
      )
    await store.checkpoint()
    const into = block(0)
    for (let n = 0; n < 64; n++) {
      snapshot.read(n, into)
      expect(into[0]).toBe(1)
    }
    expect(store.read(0)[0]).toBe(39)
    store.check()
    snapshot.release()
  })

  test('a snapshot that holds back more log than allowed ends with a retryable error, and commits go on', async () => {
    const store = await open(newDisk(), { maxPinnedBytes: 2 * MIB })
    await put(
      store,
      range(64, () => 1),
    )
    const snapshot = store.pin()
    for (let round = 2; round < 60; round++)
      await put(
        store,
        range(64, () => round),
      )
    const error = await failure(() => snapshot.read(0, block(0)))
    expect(error).toMatchObject({ code: 'snapshot-too-old', retryable: true })
    expect(store.read(0)[0]).toBe(59)
  })
})

describe('damage', () => {
  test('a damaged block is reported with its number and never returned; others can be read', async () => {
    const disk = newDisk()
    const store = await open(disk)
    await put(
      store,
      range(60, (n) => n),
    )
    await store.close()
    const folded = await open(disk)
    await folded.checkpoint()
    await folded.close()
    disk.rot('main', blockAt(0, 42, geometry(4096)) + 1000)
    const again = await open(disk)
    const error = await failure(() => again.read(42))
    expect(error).toBeInstanceOf(StorageError)
    expect(error).toMatchObject({ code: 'corrupt', block: 42 })
    expect(again.read(41)).toEqual(block(41))
    expect(await again.verify()).toEqual({ blocks: 60, damaged: [42] })
  })

  test('a store of another format version is refused and left untouched byte for byte', async () => {
    const disk = newDisk()
    const store = await open(disk)
    await put(store, [[0, block(1)]])
    await store.close()
    const device = disk.device()
    for (const at of SUPERBLOCK_AT) device.write('main', new Uint8Array([9, 0]), at + SUPERBLOCK.at.formatVersion)
    await device.sync()
    const before = new Uint8Array(device.size('main'))
    device.read('main', before, 0)
    const writes = disk.writes
    expect(await failure(() => open(disk))).toMatchObject({ code: 'format-unknown' })
    const after = new Uint8Array(before.length)
    device.read('main', after, 0)
    expect(Buffer.compare(before, after)).toBe(0)
    expect(disk.writes).toBe(writes)
  })

  test('one damaged superblock is replaced from the other; two are reported and nothing is changed', async () => {
    const disk = newDisk()
    const store = await open(disk)
    await put(store, [[0, block(1)]])
    await store.close()
    disk.rot('main', SUPERBLOCK_AT[0] + 70)
    const again = await open(disk)
    expect(again.read(0)).toEqual(block(1))
    await again.close()
    disk.rot('main', SUPERBLOCK_AT[0] + 70)
    disk.rot('main', SUPERBLOCK_AT[1] + 70)
    const writes = disk.writes
    expect(await failure(() => open(disk))).toMatchObject({ code: 'corrupt' })
    expect(disk.writes).toBe(writes)
  })

  test('an acknowledged commit that a mark vouches for is not taken for a torn tail', async () => {
    const disk = newDisk()
    const store = await open(disk)
    await put(store, [[0, block(1)]])
    await put(store, [[0, block(2)]])
    await store.idle()
    disk.rot('log-0', 4608 + 300)
    disk.kill()
    expect(await failure(() => open(disk))).toMatchObject({ code: 'corrupt' })
  })
})

describe('failures', () => {
  test('a failed sync is repaired by writing again, and reported', async () => {
    const disk = newDisk()
    const failures: unknown[] = []
    const store = await open(disk, { onSyncFailure: (failure) => failures.push(failure) })
    await put(store, [[0, block(1)]])
    store.write(0, block(2))
    await store.commit()
    disk.faults.failSync = 1
    const device = Promise.resolve().then(() => store.sync())
    expect(await failure(() => device)).toMatchObject({ code: 'io' })
    expect(failures).toEqual([{ message: 'simulated sync error', recovered: false }])
    expect(await failure(() => store.read(0))).toMatchObject({ code: 'io' })
    disk.faults.failSync = 0
    disk.powerCut()
    expect((await open(disk)).read(0)[0]).toBeGreaterThan(0)
  })

  // What went wrong: a flush also stored commits published after it was asked for, unknown to the store, and when the next
  // flush failed they were said to be undone.
  test('a flush under way stores what was published before it and nothing else, so a later failure undoes the rest exactly', async () => {
    const disk = newDisk('undone')
    const device = disk.device()
    const store = await BlockStore.open({ device, environment: simulatedEnvironment(1) })
    await put(store, [[0, block(1)]])
    const first = store.sequence
    const flush = device.flush.bind(device)
    let flushes = 0
    device.flush = () => {
      if (++flushes === 2) disk.faults.failSync = 1
      return flush()
    }
    const publish = (value: number) => {
      const transaction = store.begin()
      transaction.write(0, block(value))
      transaction.reserve()
      transaction.publish([])
    }
    publish(2)
    const flushed = store.flush()
    publish(3)
    const refused = failure(() => store.flush())
    publish(4)
    await flushed
    expect(await refused).toMatchObject({ retryable: true })
    expect(store.flushedSequence).toBe(first + 1)
    disk.faults.failSync = 0
    disk.kill()
    const again = await open(disk)
    expect([again.sequence, again.read(0)[0]]).toEqual([first + 1, 2])
  })

  test('a full disk fails the reservation with quota, and everything else goes on', async () => {
    const disk = newDisk()
    const store = await open(disk)
    await put(
      store,
      range(64, () => 1),
    )
    await store.checkpoint()
    disk.faults.quotaBytes = 8 * MIB
    const error = await failure(() =>
      put(
        store,
        range(2000, () => 2),
      ),
    )
    expect(error).toMatchObject({ code: 'quota' })
    store.rollback()
    for (let round = 3; round < 40; round++)
      await put(
        store,
        range(60, () => round),
      )
    await store.checkpoint()
    expect(store.read(59)[0]).toBe(39)
    store.check()
  })

  test('a block beyond the largest size is refused with quota, and the transaction can be rolled back', async () => {
    const store = await open(newDisk())
    await put(store, [[0, block(1)]])
    expect(await failure(() => store.write(65536 * 64, block(2)))).toMatchObject({ code: 'quota' })
    store.rollback()
    expect(store.sizeBlocks).toBe(1)
  })

  test('a creation that did not get to its second superblock starts anew', async () => {
    for (let at = 1; at < 12; at++) {
      const disk = newDisk()
      disk.faults.crashAt = at
      const first = await open(disk).catch(() => undefined)
      disk.faults.crashAt = Number.POSITIVE_INFINITY
      if (first) continue
      disk.kill()
      const store = await open(disk)
      await put(store, [[0, block(1)]])
      expect(store.read(0)).toEqual(block(1))
    }
  })
})

describe('numbers and metadata', () => {
  test('the lowest free number is allocated, also after a reopen', async () => {
    const disk = newDisk()
    const store = await open(disk)
    expect([store.allocate(), store.allocate(), store.allocate()]).toEqual([0, 1, 2])
    await store.commit()
    store.deallocate(1)
    await store.commit()
    await store.checkpoint()
    await store.close()
    const again = await open(disk)
    expect([again.allocate(), again.allocate()]).toEqual([1, 3])
    expect(await failure(() => again.deallocate(9))).toMatchObject({ code: 'not-allocated' })
  })

  test('metadata tells who wrote a block and how it is checked; algorithms may change between openings', async () => {
    const disk = newDisk()
    for (const [n, checksum] of (['xxhash64', 'crc32c', 'blake3', 'none'] as const).entries()) {
      const store = await open(disk, { checksum })
      await put(store, [[n, block(n + 1)]])
      expect(store.metadata(n)).toMatchObject({ sequence: n + 1, checksumAlgorithm: checksum, lengthBytes: 4096 })
      await store.checkpoint()
      for (let k = 0; k <= n; k++) expect(store.read(k)).toEqual(block(k + 1))
      expect(store.metadata(99)).toBeUndefined()
      await store.close()
    }
  })
})

describe('outcomes', () => {
  const origin = (seq: number, ackedThrough = 0) => [{ client: CLIENT, seq, ackedThrough, outcome: Uint8Array.of(seq) }]
  async function commit(store: BlockStore, origins: ReturnType<typeof origin>): Promise<void> {
    await store.prepare()
    const transaction = store.begin()
    transaction.write(0, block(origins[0]?.seq ?? 0))
    transaction.reserve()
    transaction.publish(origins)
    await store.sync()
  }

  test('an outcome is kept through a crash and a checkpoint until it is acknowledged', async () => {
    const disk = newDisk()
    const store = await open(disk)
    await commit(store, origin(1))
    await store.checkpoint()
    await commit(store, origin(2))
    disk.kill()
    const again = await open(disk)
    expect([again.outcomeOf(CLIENT, 1), again.outcomeOf(CLIENT, 2)]).toEqual([Uint8Array.of(1), Uint8Array.of(2)])
    await commit(again, origin(3, 2))
    expect([again.outcomeOf(CLIENT, 2), again.outcomeOf(CLIENT, 3)]).toEqual([undefined, Uint8Array.of(3)])
    again.endSession(CLIENT)
    await commit(again, [{ client: 'cd'.repeat(16), seq: 1, ackedThrough: 0, outcome: new Uint8Array(0) }])
    expect(again.sessionClients()).toEqual(['cd'.repeat(16)])
  })
})

describe('reading', () => {
  test('a scan reads in runs: far fewer device reads than blocks', async () => {
    const disk = newDisk()
    const store = await open(disk)
    await put(
      store,
      range(2048, (n) => n % 256),
    )
    await store.checkpoint()
    const before = disk.reads
    for (let n = 0; n < 2048; n++) expect(store.read(n)[5]).toBe(n % 256)
    expect(disk.reads - before).toBeLessThan(2048 / 8)
  })
})
