// The IndexedDB device on a fake IndexedDB: the device contract with usual and with tiny transactions, and the failures
// of section "IndexedDB" of the device: fence, quota, lost connections, what is taken back and what is not.

import { beforeEach, describe, expect, test } from 'vitest'
import type { IndexedDbDevice } from '../../src/device/indexeddb.ts'
import { BALLAST_VALUES } from '../../src/device/indexeddb-format.ts'
import { openIndexedDbDevice } from '../../src/device/indexeddb-open.ts'
import type { IndexedDbOptions } from '../../src/device/indexeddb-options.ts'
import { realEnvironment } from '../../src/environment.ts'
import { deviceCases } from '../contract/device.ts'
import { pattern } from '../contract/device-support.ts'
import { FakeIndexedDb, type Fault } from '../support/fake-indexeddb.ts'

const environment = realEnvironment()
let platform: FakeIndexedDb
beforeEach(() => {
  platform = new FakeIndexedDb()
})

function open(options: Partial<IndexedDbOptions> = {}): Promise<IndexedDbDevice> {
  return openIndexedDbDevice({ platform, environment, databaseName: 'test', create: true, ...options })
}

function bytesOf(device: IndexedDbDevice, area: 'main' | 'log-0' | 'log-1'): Uint8Array {
  const bytes = new Uint8Array(device.size(area))
  device.read(area, bytes, 0)
  return bytes
}

/** The faults of the next read-write transactions, in turn; then none. */
function nextFaults(...faults: Fault[]): void {
  const first = platform.transactions.length
  platform.fault = (transaction) => faults[transaction - first] ?? { none: true }
}

const reason = (expected: string) => expect.objectContaining({ reason: expected })
const quota: Fault = { abort: 'QuotaExceededError' }
const none: Fault = { none: true }

async function count(store: string): Promise<number> {
  const database = await new Promise<IDBDatabase>((resolve) => {
    const request = platform.factory.open('test')
    request.onsuccess = () => resolve(request.result)
  })
  const request = database.transaction([store], 'readonly').objectStore(store).count()
  await new Promise((resolve) => (request.onsuccess = resolve))
  database.close()
  return request.result
}

for (const pieceBytesMax of [4 * 1024 * 1024, 20_000]) {
  describe(`the IndexedDB device with transactions of ${pieceBytesMax} bytes`, () => {
    for (const { title, run } of deviceCases) {
      test(title, () => run({ open: () => open({ pieceBytesMax }), secondOpen: 'fenced', dispose: async () => {} }))
    }
  })
}

describe('what the IndexedDB device stores', () => {
  test('one log write is one transaction with one value, and a flush with nothing changed is none', async () => {
    const device = await open()
    device.reserve('log-0', 1_000_000)
    await device.flush()
    const before = platform.transactions.length
    device.write('log-0', pattern(4608, 1), 0)
    await device.flush()
    await device.flush()
    expect(platform.transactions.slice(before)).toEqual([{ durability: 'relaxed', stores: ['head', 'log-0'] }])
    expect(await count('log-0')).toBe(1)
  })

  test('a sync with nothing changed still writes the head in strict mode', async () => {
    const device = await open()
    device.write('log-0', pattern(10, 1), 0)
    await device.flush()
    const before = platform.transactions.length
    await device.sync()
    expect(platform.transactions.slice(before)).toEqual([{ durability: 'strict', stores: ['head'] }])
  })

  test('calls that arrive while a batch is stored share the next one, strict if any of them is', async () => {
    const device = await open()
    const before = platform.transactions.length
    const waits: unknown[] = []
    for (let index = 0; index < 10; index++) {
      device.write('log-0', pattern(100, index), index * 100)
      waits.push(index === 5 ? device.sync() : device.flush())
    }
    await Promise.all(waits)
    expect(platform.transactions.slice(before).map(({ durability }) => durability)).toEqual(['relaxed', 'strict'])
  })

  test('reserved zeros are not stored', async () => {
    const device = await open()
    device.reserve('main', 10_000_000)
    device.reserve('log-0', 1_000_000)
    await device.sync()
    expect(await count('main')).toBe(0)
    expect(await count('log-0')).toBe(0)
  })

  test('values that newer ones cover are deleted, so a log that is written over and over stays as large as it is', async () => {
    const device = await open()
    for (let round = 0; round < 10; round++) {
      const length = 512 * (1 + (round % 4))
      for (let at = 0; at + length <= 20_480; at += length) device.write('log-0', pattern(length, round), at)
      await device.flush()
    }
    expect(await count('log-0')).toBeLessThanOrEqual(41)
    device.truncate('log-0', 0)
    await device.flush()
    expect(await count('log-0')).toBe(0)
  })

  test('a truncation inside a value does not let its end come back when the area grows after a reload', async () => {
    const first = await open()
    first.write('log-0', pattern(1000, 1), 0)
    first.write('log-0', pattern(500, 2), 500)
    first.truncate('log-0', 600)
    await first.sync()
    await first.close()
    const second = await open()
    second.reserve('log-0', 1000)
    await second.sync()
    await second.close()
    const third = await open()
    expect(
      bytesOf(third, 'log-0')
        .subarray(600)
        .every((byte) => byte === 0),
    ).toBe(true)
    expect(bytesOf(third, 'log-0').subarray(500, 600)).toEqual(pattern(500, 2).subarray(0, 100))
  })
})

describe('when IndexedDB fails', () => {
  test('out of quota what was not stored is taken back, writes made meanwhile too, and then it works again', async () => {
    const device = await open()
    device.write('main', pattern(1000, 1), 0)
    device.write('log-0', pattern(1000, 2), 0)
    await device.sync()
    nextFaults(quota)
    device.write('main', pattern(100_000, 3), 500)
    device.write('log-0', pattern(700, 4), 500)
    const failed = device.sync()
    device.write('log-0', pattern(300, 5), 1200)
    device.truncate('main', 10)
    const shared = device.flush()
    await expect(failed).rejects.toThrow(reason('full'))
    await expect(shared).rejects.toThrow(reason('full'))
    expect(bytesOf(device, 'main')).toEqual(pattern(1000, 1))
    expect(bytesOf(device, 'log-0')).toEqual(pattern(1000, 2))
    expect(device.afterFailedSync).toBe('undone')
    device.write('log-0', pattern(10, 6), 1000)
    await device.sync()
    await device.close()
    const again = await open()
    expect(bytesOf(again, 'main')).toEqual(pattern(1000, 1))
    expect(bytesOf(again, 'log-0').subarray(0, 1000)).toEqual(pattern(1000, 2))
    expect(bytesOf(again, 'log-0').subarray(1000)).toEqual(pattern(10, 6))
  })

  test('a large batch that fails in its middle is taken back from storage too', async () => {
    const device = await open({ pieceBytesMax: 65_536 })
    for (let at = 0; at < 5; at++) device.write('log-1', pattern(20_000, at), at * 20_000)
    device.write('main', pattern(200_000, 1), 0)
    await device.sync()
    nextFaults(none, none, none, quota)
    for (let at = 0; at < 5; at++) device.write('main', pattern(100_000, 10 + at), at * 90_000)
    device.truncate('log-1', 30_000)
    for (let at = 0; at < 9; at++) device.write('log-1', pattern(30_000, 20 + at), at * 11_000)
    await expect(device.sync()).rejects.toThrow(reason('full'))
    const check = (one: IndexedDbDevice) => {
      expect(bytesOf(one, 'main')).toEqual(pattern(200_000, 1))
      expect(one.size('log-1')).toBe(100_000)
      for (let at = 0; at < 5; at++) {
        expect(bytesOf(one, 'log-1').subarray(at * 20_000, at * 20_000 + 20_000)).toEqual(pattern(20_000, at))
      }
    }
    check(device)
    await device.close()
    check(await open())
  })

  test('if it cannot be taken back either, the outcome is unknown and the device stops', async () => {
    const device = await open({ pieceBytesMax: 65_536 })
    nextFaults(none, quota, quota, quota, quota)
    for (let at = 0; at < 5; at++) device.write('main', pattern(100_000, 10 + at), at * 100_000)
    await expect(device.sync()).rejects.toThrow(reason('full'))
    expect(device.afterFailedSync).toBe('kept')
    expect(() => device.write('main', pattern(1, 1), 0)).toThrow(reason('full'))
    await expect(device.sync()).rejects.toThrow(reason('full'))
  })

  const losses: [string, Fault][] = [
    ['is closing', { closing: true }],
    ['is lost before the batch was stored', { lostBeforeStored: true }],
    ['is lost after the batch was stored', { lostAfterStored: true }],
  ]
  for (const [what, fault] of losses) {
    test(`a connection that ${what} is opened again and the batch stored once more`, async () => {
      const device = await open({ pieceBytesMax: 65_536 })
      device.write('log-0', pattern(1000, 1), 0)
      await device.sync()
      const opens = platform.opens
      nextFaults(none, fault)
      device.write('log-0', pattern(70_000, 2), 500)
      device.write('main', pattern(70_000, 3), 0)
      device.write('log-0', pattern(70_000, 4), 600)
      await device.sync()
      expect(platform.opens).toBe(opens + 1)
      device.write('log-0', pattern(100, 5), 0)
      await device.sync()
      const expected = [bytesOf(device, 'main'), bytesOf(device, 'log-0')]
      await device.close()
      const again = await open()
      expect([bytesOf(again, 'main'), bytesOf(again, 'log-0')]).toEqual(expected)
    })
  }

  test('a connection that is lost twice in a row is a failure, and the batch is taken back', async () => {
    const device = await open()
    nextFaults({ closing: true }, { closing: true })
    device.write('log-0', pattern(1000, 2), 0)
    await expect(device.sync()).rejects.toThrow(reason('io'))
    expect(device.size('log-0')).toBe(0)
    await device.sync()
  })

  test('a batch that was stored unheard, and then could not be stored again, is taken back from storage', async () => {
    const device = await open()
    device.write('log-0', pattern(1000, 1), 0)
    await device.sync()
    nextFaults({ lostAfterStored: true }, quota)
    device.write('log-0', pattern(2000, 2), 0)
    device.write('main', pattern(2000, 3), 0)
    await expect(device.sync()).rejects.toThrow(reason('full'))
    expect(device.afterFailedSync).toBe('undone')
    expect(bytesOf(device, 'log-0')).toEqual(pattern(1000, 1))
    await device.close()
    const again = await open()
    expect(bytesOf(again, 'log-0')).toEqual(pattern(1000, 1))
    expect(again.size('main')).toBe(0)
  })

  test('an owner that was replaced while its connection was lost is fenced, and stores nothing', async () => {
    const first = await open()
    first.write('log-0', pattern(1000, 1), 0)
    await first.sync()
    const second = await open()
    nextFaults({ closing: true })
    first.write('log-0', pattern(1000, 2), 0)
    await expect(first.sync()).rejects.toThrow(reason('fenced'))
    expect(() => first.write('log-0', pattern(1, 1), 0)).toThrow(reason('fenced'))
    await second.sync()
    await second.close()
    expect(bytesOf(await open(), 'log-0')).toEqual(pattern(1000, 1))
  })

  test('when another tab deletes the storage, what was asked for is stored and then it is evicted', async () => {
    const device = await open()
    device.write('log-0', pattern(1000, 1), 0)
    const stored = device.sync()
    const deleted = new Promise((resolve) => {
      platform.factory.deleteDatabase('test').onsuccess = resolve
    })
    await stored
    await deleted
    await expect(device.sync()).rejects.toThrow(reason('evicted'))
    expect(() => device.write('log-0', pattern(1, 1), 0)).toThrow(reason('evicted'))
    await expect(open({ create: false })).rejects.toThrow(reason('evicted'))
    expect((await platform.factory.databases()).length).toBe(0)
  })

  test('an owner whose storage went back to an earlier state does not write on', async () => {
    const device = await open()
    for (let round = 0; round < 4; round++) {
      device.write('log-0', pattern(100, round), round * 100)
      await device.flush()
    }
    const database = await new Promise<IDBDatabase>((resolve) => {
      const request = platform.factory.open('test')
      request.onsuccess = () => resolve(request.result)
    })
    const heads = database.transaction(['head'], 'readwrite').objectStore('head')
    const request = heads.get('head')
    request.onsuccess = () => heads.put({ ...request.result, piece: request.result.piece - 2 }, 'head')
    await expect(device.sync()).rejects.toThrow(reason('fenced'))
    database.close()
  })

  test('a head of an unknown format is refused and left untouched', async () => {
    const device = await open()
    await device.close()
    const database = await new Promise<IDBDatabase>((resolve) => {
      const request = platform.factory.open('test')
      request.onsuccess = () => resolve(request.result)
    })
    const head = { format: 99, secret: 'x' }
    database.transaction(['head'], 'readwrite').objectStore('head').put(head, 'head')
    await expect(open()).rejects.toThrow(expect.objectContaining({ code: 'format-unknown' }))
    const request = database.transaction(['head'], 'readonly').objectStore('head').get('head')
    await new Promise((resolve) => (request.onsuccess = resolve))
    expect(request.result).toEqual(head)
    database.close()
  })
})

describe('space', () => {
  test('content beyond residentBytesMax is refused at open, and as full when it grows', async () => {
    const device = await open({ residentBytesMax: 1_000_000 })
    device.write('main', pattern(900_000, 1), 0)
    expect(() => device.write('scratch', pattern(200_000, 1), 0)).toThrow(reason('full'))
    await device.sync()
    await device.close()
    await expect(open({ residentBytesMax: 900_000 })).rejects.toThrow(
      expect.objectContaining({ code: 'too-large-for-storage' }),
    )
    expect(bytesOf(await open(), 'main')).toEqual(pattern(900_000, 1))
  })

  test('out of quota the ballast is given up for what was promised, growth is refused until it is back', async () => {
    const device = await open()
    device.reserve('log-0', 100_000)
    await device.keepBallast()
    expect(await count('ballast')).toBe(BALLAST_VALUES)
    nextFaults(quota)
    device.write('log-0', pattern(1000, 1), 0)
    await device.sync()
    expect(await count('ballast')).toBe(0)
    platform.fault = (
      (first) => (transaction: number) =>
        transaction === first ? quota : none
    )(platform.transactions.length)
    expect(() => device.reserve('main', 1000)).toThrow(reason('full'))
    device.write('log-0', pattern(1000, 2), 1000)
    await device.sync()
    expect(() => device.reserve('main', 1000)).toThrow(reason('full'))
    await expect.poll(() => count('ballast')).toBe(BALLAST_VALUES)
    device.reserve('main', 1000)
    await device.sync()
  })

  // A platform counts what was deleted as free only some time later: with the quota used up a checkpoint failed now and then.
  test('what was promised space waits for it once the ballast is spent, and is refused if it does not come', async () => {
    const device = await open()
    device.reserve('log-0', 100_000)
    await device.keepBallast()
    nextFaults(quota)
    device.write('log-0', pattern(1000, 1), 0)
    await device.sync()
    nextFaults(quota, quota)
    device.write('log-0', pattern(1000, 2), 0)
    await device.sync()
    nextFaults(quota, quota, quota, quota, quota)
    device.write('log-0', pattern(1000, 3), 0)
    await expect(device.sync()).rejects.toThrow(reason('full'))
    await device.close()
    expect(bytesOf(await open(), 'log-0').subarray(0, 1000)).toEqual(pattern(1000, 2))
  })

  test('what is cut off and stored makes room for the ballast, so that growth works again at the first try', async () => {
    const device = await open()
    device.write('main', pattern(200_000, 1), 0)
    await device.keepBallast()
    nextFaults(quota)
    device.write('log-0', pattern(1000, 1), 0)
    await device.sync()
    expect(await count('ballast')).toBe(0)
    device.truncate('main', 1000)
    await device.sync()
    await expect.poll(() => count('ballast')).toBe(BALLAST_VALUES)
    device.reserve('main', 2000)
    await device.sync()
  })

  test('a full quota at open is met with the ballast, and only once', async () => {
    const device = await open()
    await device.keepBallast()
    await device.close()
    nextFaults(quota)
    await (await open()).close()
    expect(await count('ballast')).toBe(0)
  })

  test('without any space it is open for reading, stores nothing, and takes over with the first sync that has space', async () => {
    const first = await open()
    first.write('main', pattern(100_000, 1), 0)
    await first.sync()
    await first.close()
    platform.quotaBytes = platform.usedBytes
    const device = await open()
    expect(bytesOf(device, 'main')).toEqual(pattern(100_000, 1))
    const before = platform.usedBytes
    for (let attempt = 0; attempt < 3; attempt++) {
      device.write('main', pattern(1000, 2), 0)
      await expect(device.sync()).rejects.toThrow(reason('full'))
      expect(bytesOf(device, 'main')).toEqual(pattern(100_000, 1))
    }
    expect(platform.usedBytes).toBe(before)
    platform.quotaBytes = Number.POSITIVE_INFINITY
    device.write('main', pattern(1000, 2), 0)
    await device.sync()
    await device.close()
    expect(bytesOf(await open(), 'main').subarray(0, 1000)).toEqual(pattern(1000, 2))
  })

  test('who could only read is fenced if somebody else took over meanwhile', async () => {
    const first = await open()
    first.write('main', pattern(10, 0), 0)
    await first.sync()
    await first.close()
    platform.quotaBytes = platform.usedBytes
    const reader = await open()
    platform.quotaBytes = Number.POSITIVE_INFINITY
    const other = await open()
    reader.write('main', pattern(10, 1), 0)
    await expect(reader.sync()).rejects.toThrow(reason('fenced'))
    other.write('main', pattern(10, 2), 0)
    await other.sync()
  })

  test('a large batch that did not fit is taken back from storage with the help of the ballast', async () => {
    const device = await open({ pieceBytesMax: 100_000 })
    device.write('main', pattern(300_000, 1), 0)
    await device.keepBallast()
    await device.sync()
    platform.quotaBytes = platform.usedBytes + 1_000_000
    device.write('main', pattern(200_000, 2), 50_000)
    device.write('main', pattern(3_000_000, 3), 300_000)
    await expect(device.sync()).rejects.toThrow(reason('full'))
    expect(device.afterFailedSync).toBe('undone')
    expect(bytesOf(device, 'main')).toEqual(pattern(300_000, 1))
    await device.sync()
    await device.close()
    expect(bytesOf(await open(), 'main')).toEqual(pattern(300_000, 1))
  })

  test('a large batch of commits is refused out of quota, and leaves the ballast to what frees space', async () => {
    const device = await open()
    device.reserve('log-0', 2_000_000)
    await device.keepBallast()
    platform.quotaBytes = platform.usedBytes + 100_000
    device.write('log-0', pattern(1_400_000, 1), 0)
    await expect(device.sync()).rejects.toThrow(reason('full'))
    expect(await count('ballast')).toBe(BALLAST_VALUES)
    device.write('log-0', pattern(200_000, 1), 0)
    await device.sync()
    expect(await count('ballast')).toBe(0)
  })
})
