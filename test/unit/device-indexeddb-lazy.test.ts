// The IndexedDB device with content that is not all in memory: the device contract with everything away at each opening,
// and what is particular to it: the bound, what may leave and what may not, and helpers that do not start, fall silent,
// are lost, or find that the storage is another's or gone. A fetch is answered from what the fake IndexedDB has committed.

import { beforeEach, describe, expect, test } from 'vitest'
import type { IndexedDbDevice } from '../../src/device/indexeddb.ts'
import { CHUNK_BYTES } from '../../src/device/indexeddb-format.ts'
import { openIndexedDbDevice } from '../../src/device/indexeddb-open.ts'
import type { IndexedDbOptions } from '../../src/device/indexeddb-options.ts'
import { realEnvironment } from '../../src/environment.ts'
import { deviceCases } from '../contract/device.ts'
import { pattern } from '../contract/device-support.ts'
import { FakeHelpers } from '../support/fake-helpers.ts'
import { FakeIndexedDb, type Fault } from '../support/fake-indexeddb.ts'

const environment = realEnvironment()
const MIB = 1024 * 1024
let platform: FakeIndexedDb
let helpers: FakeHelpers
beforeEach(() => {
  platform = new FakeIndexedDb()
  helpers = new FakeHelpers(platform)
})

function open(options: Partial<IndexedDbOptions> = {}): Promise<IndexedDbDevice> {
  return openIndexedDbDevice({ platform, helpers, environment, databaseName: 'test', create: true, ...options })
}

/** A stored main area of `chunks` chunks of a pattern, closed. */
async function stored(chunks: number): Promise<Uint8Array> {
  const content = pattern(chunks * CHUNK_BYTES, 1)
  const device = await open({ helpers: undefined })
  device.write('main', content, 0)
  await device.sync()
  await device.close()
  return content
}

function bytes(device: IndexedDbDevice, at: number, length: number): Uint8Array {
  const into = new Uint8Array(length)
  expect(device.read('main', into, at)).toBe(length)
  return into
}

function same(device: IndexedDbDevice, expected: Uint8Array): boolean {
  return Buffer.compare(bytes(device, 0, expected.length), expected) === 0
}

function nextFaults(...faults: Fault[]): void {
  const first = platform.transactions.length
  platform.fault = (transaction) => faults[transaction - first] ?? { none: true }
}

const reason = (expected: string) => expect.objectContaining({ reason: expected })
const quota: Fault = { abort: 'QuotaExceededError' }
const none: Fault = { none: true }

for (const [what, more] of [
  ['everything away at each opening', { loadBytesMax: 0 }],
  ['everything away and tiny transactions', { loadBytesMax: 0, pieceBytesMax: 20_000 }],
  ['a bound of 6 MB', { residentBytesMax: 6_000_000, loadBytesMax: 0 }],
] as const) {
  describe(`the IndexedDB device with ${what}`, () => {
    for (const { title, run } of deviceCases) {
      test(title, () => run({ open: () => open(more), secondOpen: 'fenced', dispose: async () => {} }))
    }
  })
}

describe('content larger than the memory', () => {
  test('is opened without being read, and stays within the bound whatever is read', async () => {
    const content = await stored(64)
    const device = await open({ residentBytesMax: MIB })
    expect(device.partly).toBe(true)
    expect(helpers.fetches).toEqual([])
    for (const at of [0, 3_000_000, 100, 2_000_000, 4_100_000]) {
      expect(Buffer.compare(bytes(device, at, 5000), content.subarray(at, at + 5000))).toBe(0)
    }
    expect(same(device, content)).toBe(true)
    expect(device.memory.residentBytes).toBeLessThanOrEqual(MIB)
  })

  test('is fetched many chunks at a time by who reads on, and one by one by who jumps', async () => {
    await stored(256)
    const device = await open({ residentBytesMax: 8 * MIB })
    for (let at = 0; at < 256 * CHUNK_BYTES; at += 4096) bytes(device, at, 4096)
    expect(helpers.fetches.length).toBeLessThan(25)
    const before = helpers.fetches.length
    for (const chunk of [3, 40, 20, 90, 61, 7]) bytes(device, chunk * CHUNK_BYTES, 4096)
    expect(helpers.fetches.slice(before).map(([, count]) => count)).toEqual([1, 1, 1, 1, 1, 1])
  })

  test('keeps what is used again through a scan', async () => {
    await stored(128)
    const device = await open({ residentBytesMax: 2 * MIB })
    for (const chunk of [5, 6, 5, 6]) bytes(device, chunk * CHUNK_BYTES, 10)
    for (let at = 10 * CHUNK_BYTES; at < 128 * CHUNK_BYTES; at += 4096) bytes(device, at, 4096)
    const before = helpers.fetches.length
    for (const chunk of [5, 6]) bytes(device, chunk * CHUNK_BYTES, 10)
    expect(helpers.fetches.length).toBe(before)
  })

  test('is written within the bound by who flushes when it is crowded, and is as written after a reopening', async () => {
    const content = await stored(64)
    const device = await open({ residentBytesMax: MIB })
    for (let at = 1000; at + 4096 < content.length; at += 30_000) {
      const block = pattern(4096, at)
      device.write('main', block, at)
      content.set(block, at)
      if (device.crowded) await device.flush()
      expect(device.memory.residentBytes).toBeLessThanOrEqual(MIB)
    }
    expect(same(device, content)).toBe(true)
    await device.sync()
    await device.close()
    expect(same(await open({ residentBytesMax: MIB }), content)).toBe(true)
    expect(same(await open(), content)).toBe(true)
  })

  test('what is not stored may fill the bound and no more: the write is full, changes nothing, and works later', async () => {
    const content = await stored(64)
    const device = await open({ residentBytesMax: MIB })
    let at = 0
    const write = () => {
      const block = pattern(100, at)
      device.write('main', block, at)
      content.set(block, at)
      at += CHUNK_BYTES
    }
    expect(() => {
      for (;;) write()
    }).toThrow(reason('full'))
    expect(at).toBe(8 * CHUNK_BYTES)
    expect(same(device, content)).toBe(true)
    await device.flush()
    write()
    expect(same(device, content)).toBe(true)
  })

  test('what was written while a batch is stored neither leaves nor is fetched over', async () => {
    const content = await stored(32)
    const device = await open({ residentBytesMax: MIB })
    device.write('main', pattern(100, 2), 0)
    content.set(pattern(100, 2), 0)
    const storing = device.flush()
    device.write('main', pattern(100, 3), 50)
    content.set(pattern(100, 3), 50)
    expect(same(device, content)).toBe(true)
    await storing
    expect(same(device, content)).toBe(true)
    await device.flush()
    expect(same(device, content)).toBe(true)
  })

  test('cutting most of it off fetches no more than the chunk that the cut goes through', async () => {
    const content = await stored(64)
    const device = await open({ residentBytesMax: MIB })
    device.truncate('main', 3 * CHUNK_BYTES + 10)
    expect(helpers.fetches).toEqual([[3, 1]])
    await device.sync()
    device.reserve('main', content.length)
    const left = content.slice().fill(0, 3 * CHUNK_BYTES + 10)
    expect(same(device, left)).toBe(true)
    await device.sync()
    await device.close()
    expect(same(await open(), left)).toBe(true)
  })

  test('content that grows beyond the bound while it is open leaves memory from then on', async () => {
    const device = await open({ residentBytesMax: MIB })
    const content = pattern(40 * CHUNK_BYTES, 1)
    for (let at = 0; at < content.length; at += CHUNK_BYTES / 2) {
      device.write('main', content.subarray(at, at + CHUNK_BYTES / 2), at)
      await device.flush()
    }
    expect(device.partly).toBe(true)
    expect(device.memory.residentBytes).toBeLessThanOrEqual(MIB)
    expect(same(device, content)).toBe(true)
  })

  // What was written later was stored too, unknown to the store, which would have had it done once more after a failure.
  test('a flush that waits for the start of a helper stores what was written when it was asked for', async () => {
    const device = await open({ residentBytesMax: MIB })
    device.write('main', pattern(9 * CHUNK_BYTES, 1), 0)
    await device.flush()
    device.write('log-0', pattern(100, 1), 0)
    const flushed = device.flush()
    device.write('log-0', pattern(100, 2), 100)
    await flushed
    expect(device.partly).toBe(true)
    nextFaults(quota)
    await expect(device.flush()).rejects.toThrow(reason('full'))
    expect(device.size('log-0')).toBe(100)
  })

  test('without helpers it is refused at open as too large, and as full when it grows', async () => {
    await stored(32)
    const tooLarge = expect.objectContaining({ code: 'too-large-for-storage' })
    await expect(open({ residentBytesMax: MIB, helpers: undefined })).rejects.toThrow(tooLarge)
    const device = await open({ residentBytesMax: 33 * CHUNK_BYTES, helpers: undefined })
    expect(() => device.write('main', pattern(2 * CHUNK_BYTES, 1), 32 * CHUNK_BYTES)).toThrow(reason('full'))
  })

  test('logs larger than the memory are refused as too large', async () => {
    const device = await open({ helpers: undefined })
    device.write('log-0', pattern(MIB, 1), 0)
    await device.sync()
    await device.close()
    const tooLarge = expect.objectContaining({ code: 'too-large-for-storage' })
    await expect(open({ residentBytesMax: MIB / 2 })).rejects.toThrow(tooLarge)
  })
})

describe('failed batches', () => {
  test('a batch that fails in its middle is taken back in memory and storage, also what had left meanwhile', async () => {
    const content = await stored(64)
    const device = await open({ residentBytesMax: 2 * MIB, pieceBytesMax: CHUNK_BYTES })
    nextFaults(none, none, quota)
    for (let chunk = 0; chunk < 5; chunk++) device.write('main', pattern(500, chunk), chunk * CHUNK_BYTES)
    const storing = device.sync()
    expect(bytes(device, 10 * CHUNK_BYTES, 20 * CHUNK_BYTES)).toHaveLength(20 * CHUNK_BYTES)
    await expect(storing).rejects.toThrow(reason('full'))
    expect(device.afterFailedSync).toBe('undone')
    expect(same(device, content)).toBe(true)
    await device.sync()
    await device.close()
    expect(same(await open(), content)).toBe(true)
  })

  test('a cut that was stored in part and whose bytes are not in memory cannot be taken back: the outcome is unknown', async () => {
    await stored(64)
    const device = await open({ residentBytesMax: 2 * MIB, pieceBytesMax: CHUNK_BYTES })
    nextFaults(none, quota)
    device.truncate('main', 4 * CHUNK_BYTES)
    for (let chunk = 0; chunk < 3; chunk++) device.write('main', pattern(500, chunk), chunk * CHUNK_BYTES)
    await expect(device.sync()).rejects.toThrow(reason('full'))
    expect(device.afterFailedSync).toBe('kept')
    expect(() => device.write('main', pattern(1, 1), 0)).toThrow()
  })
})

describe('helpers that fail', () => {
  test('one that does not start leaves the content too large, and says why', async () => {
    await stored(32)
    helpers.startFault = () => 'refused by policy'
    const failure = open({ residentBytesMax: MIB })
    await expect(failure).rejects.toThrow(expect.objectContaining({ code: 'too-large-for-storage' }))
    await expect(failure).rejects.toThrow(/refused by policy/)
    helpers.startFault = () => undefined
    expect((await open({ residentBytesMax: MIB })).partly).toBe(true)
  })

  test('a fetch that is not answered in time is an error, and the next one is answered by another helper', async () => {
    const content = await stored(32)
    const device = await open({ residentBytesMax: MIB })
    helpers.fetchFault = () => 'silent'
    expect(() => bytes(device, 0, 100)).toThrow(reason('io'))
    helpers.fetchFault = () => undefined
    expect(() => bytes(device, 0, 100)).toThrow(reason('io'))
    await expect.poll(() => readable(device)).toBe(true)
    expect(helpers.starts).toBe(2)
    expect(same(device, content)).toBe(true)
  })

  test('one that is lost is replaced, and the batch that it may have stored is stored once more', async () => {
    const content = await stored(32)
    const device = await open({ residentBytesMax: MIB })
    device.write('main', pattern(100, 2), 0)
    content.set(pattern(100, 2), 0)
    helpers.callFault = () => 'silent'
    const storing = device.sync()
    helpers.callFault = () => undefined
    helpers.kill('short of memory')
    await storing
    expect(same(device, content)).toBe(true)
    await device.sync()
    await device.close()
    expect(same(await open(), content)).toBe(true)
  })

  test('one that is lost and cannot be replaced ends a sync and fetches with errors', async () => {
    await stored(32)
    const device = await open({ residentBytesMax: MIB })
    helpers.startFault = () => 'none left'
    helpers.kill('short of memory')
    device.write('log-0', pattern(100, 1), 0)
    await expect(device.sync()).rejects.toThrow(reason('io'))
    expect(() => bytes(device, 0, 100)).toThrow(reason('io'))
    await device.close()
  })

  test('chunks of another owner are not returned: the fetch is fenced', async () => {
    await stored(32)
    const device = await open({ residentBytesMax: MIB })
    bytes(device, 0, 100)
    const other = await open({ residentBytesMax: MIB })
    expect(bytes(device, 100, 100)).toHaveLength(100)
    expect(() => bytes(device, 20 * CHUNK_BYTES, 100)).toThrow(reason('fenced'))
    await other.close()
  })

  test('a head that went back to an earlier state is not believed', async () => {
    await stored(32)
    const device = await open({ residentBytesMax: MIB })
    for (let round = 0; round < 3; round++) {
      device.write('log-0', pattern(100, round), 0)
      await device.flush()
    }
    const heads = platform.committed('test', 'head')
    heads.set('head', { ...(heads.get('head') as object), piece: 1 })
    expect(() => bytes(device, 0, 100)).toThrow(reason('fenced'))
  })

  test('a chunk that is missing in the storage is an error, not zeros', async () => {
    await stored(32)
    const device = await open({ residentBytesMax: MIB })
    platform.committed('test', 'main').delete(7)
    expect(() => bytes(device, 7 * CHUNK_BYTES, 100)).toThrow(reason('io'))
  })

  test('when another tab deletes the storage, fetches and writes end as evicted', async () => {
    await stored(32)
    const device = await open({ residentBytesMax: MIB })
    await new Promise((resolve) => {
      platform.factory.deleteDatabase('test').onsuccess = resolve
    })
    expect(() => bytes(device, 0, 100)).toThrow(reason('evicted'))
    expect(() => device.write('log-0', pattern(1, 1), 0)).toThrow(reason('evicted'))
    await expect(device.sync()).rejects.toThrow(reason('evicted'))
  })
})

function readable(device: IndexedDbDevice): boolean {
  try {
    return bytes(device, 0, 1).length === 1
  } catch {
    return false
  }
}
