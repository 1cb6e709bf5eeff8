// The IndexedDB device under random writes while transactions abort, connections get lost and stored batches go unheard:
// against plain byte arrays of what was written and of what was stored.

import { describe, expect, test } from 'vitest'
import type { IndexedDbDevice } from '../../src/device/indexeddb.ts'
import { openIndexedDbDevice } from '../../src/device/indexeddb-open.ts'
import { realEnvironment } from '../../src/environment.ts'
import { pattern } from '../contract/device-support.ts'
import { FakeIndexedDb } from '../support/fake-indexeddb.ts'

const quota = { abort: 'QuotaExceededError' }
const none = { none: true } as const

function bytesOf(device: IndexedDbDevice, area: 'main' | 'log-0' | 'log-1'): Uint8Array {
  const bytes = new Uint8Array(device.size(area))
  device.read(area, bytes, 0)
  return bytes
}

describe('random writes with random failures', () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    test(`the device shows what was written, and after a failure exactly what was stored (seed ${seed})`, async () => {
      const platform = new FakeIndexedDb()
      const environment = realEnvironment()
      const open = () =>
        openIndexedDbDevice({ platform, environment, databaseName: 'test', create: true, pieceBytesMax: 40_000 })
      let state = seed * 7919
      const int = (below: number): number => {
        state = (Math.imul(state, 1103515245) + 12345) | 0
        return Math.floor(((state >>> 8) / 0x1000000) * below)
      }
      type Model = Record<'main' | 'log-0' | 'log-1', Uint8Array>
      let live: Model = { main: new Uint8Array(0), 'log-0': new Uint8Array(0), 'log-1': new Uint8Array(0) }
      let stored = live
      platform.fault = () => {
        const choice = int(20)
        if (choice === 0) return quota
        if (choice === 1) return { closing: true }
        if (choice === 2) return { lostAfterStored: true }
        return choice === 3 ? { lostBeforeStored: true } : none
      }
      const areas = ['main', 'log-0', 'log-1'] as const
      const faults = platform.fault
      platform.fault = () => none
      let device = await open()
      platform.fault = faults
      const change = () => {
        const area = areas[int(3)]!
        const size = live[area].length
        if (int(8) === 0) {
          const to = int(size + 1)
          device.truncate(area, to)
          live = { ...live, [area]: live[area].slice(0, Math.min(size, to)) }
          return
        }
        const bytes = pattern(1 + int(9000), int(1000))
        const at = int(Math.min(size + 3000, 150_000))
        device.write(area, bytes, at)
        const grown = new Uint8Array(Math.max(size, at + bytes.length))
        grown.set(live[area])
        grown.set(bytes, at)
        live = { ...live, [area]: grown }
      }
      let failures = 0
      for (let round = 0; round < 300; round++) {
        for (let changes = int(12); changes > 0; changes--) change()
        const asked = live
        const stores = Promise.resolve(int(2) ? device.sync() : device.flush()).then(
          () => true,
          () => false,
        )
        for (let changes = int(3); changes > 0; changes--) change()
        if (await stores) stored = asked
        else {
          failures++
          if (device.afterFailedSync === 'kept') break
          live = stored
        }
        for (const area of areas) expect(Buffer.compare(bytesOf(device, area), live[area]), `${area} ${round}`).toBe(0)
        if (round % 10 === 9 && int(2)) {
          await device.close()
          platform.fault = () => none
          device = await open()
          platform.fault = faults
          live = stored
          for (const area of areas) expect(Buffer.compare(bytesOf(device, area), live[area]), `reopened`).toBe(0)
        }
      }
      expect(failures).toBeGreaterThan(0)
    })
  }
})
