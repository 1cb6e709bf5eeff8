// The IndexedDB device with a memory much smaller than its content under random reads, writes, cuts, failing transactions
// and lost helpers: against plain byte arrays of what was written and of what was stored. A write that finds the memory
// full of what is not stored yet must have changed nothing.

import { describe, expect, test } from 'vitest'
import { DeviceError } from '../../src/device/device.ts'
import { openIndexedDbDevice } from '../../src/device/indexeddb-open.ts'
import { realEnvironment } from '../../src/environment.ts'
import { pattern } from '../contract/device-support.ts'
import { FakeHelpers } from '../support/fake-helpers.ts'
import { FakeIndexedDb } from '../support/fake-indexeddb.ts'

const AREAS = ['main', 'log-0'] as const
const MAIN_BYTES = 2_000_000
const RESIDENT_BYTES = 1_000_000
type Model = Record<(typeof AREAS)[number], Uint8Array>

const copy = (model: Model): Model => ({ main: model.main.slice(), 'log-0': model['log-0'].slice() })

describe('random reads, writes and failures with a memory smaller than the content', () => {
  for (const seed of [1, 2, 3, 4]) {
    test(`the device shows what was written, and after a failure exactly what was stored (seed ${seed})`, async () => {
      const platform = new FakeIndexedDb()
      const helpers = new FakeHelpers(platform)
      const environment = realEnvironment()
      const open = () =>
        openIndexedDbDevice({
          platform,
          environment,
          helpers,
          databaseName: 'test',
          create: true,
          residentBytesMax: RESIDENT_BYTES,
          pieceBytesMax: 150_000,
        })
      let state = seed * 7919
      const int = (below: number): number => {
        state = (Math.imul(state, 1103515245) + 12345) | 0
        return Math.floor(((state >>> 8) / 0x1000000) * below)
      }
      const none = { none: true } as const
      const faults = () => {
        const choice = int(30)
        if (choice === 0) return { abort: 'QuotaExceededError' }
        if (choice === 1) return { closing: true } as const
        if (choice === 2) return { lostAfterStored: true } as const
        return choice === 3 ? ({ lostBeforeStored: true } as const) : none
      }
      let device = await open()
      let live: Model = { main: new Uint8Array(0), 'log-0': new Uint8Array(0) }
      let stored = copy(live)
      let fulls = 0
      const write = (area: keyof Model, bytes: Uint8Array, at: number) => {
        try {
          device.write(area, bytes, at)
        } catch (error) {
          expect(error).toBeInstanceOf(DeviceError)
          expect(error).toHaveProperty('reason', 'full')
          fulls++
          return
        }
        if (at + bytes.length > live[area].length) {
          const grown = new Uint8Array(at + bytes.length)
          grown.set(live[area])
          live[area] = grown
        }
        live[area].set(bytes, at)
      }
      const change = () => {
        if (int(25) === 0) {
          const to = int(live.main.length + 1)
          device.truncate('main', to)
          live.main = live.main.slice(0, to)
        } else if (int(4) === 0) {
          write('log-0', pattern(1 + int(5000), int(1000)), int(60_000))
        } else {
          write('main', pattern(1 + int(int(10) === 0 ? 200_000 : 9000), int(1000)), int(MAIN_BYTES))
        }
      }
      const look = (area: keyof Model, at: number, length: number) => {
        const into = new Uint8Array(length)
        const count = device.read(area, into, at)
        expect(count).toBe(Math.max(0, Math.min(length, live[area].length - at)))
        expect(Buffer.compare(into.subarray(0, count), live[area].subarray(at, at + count))).toBe(0)
      }
      const all = (area: keyof Model) => {
        const into = new Uint8Array(device.size(area))
        device.read(area, into, 0)
        return into
      }
      let failures = 0
      for (let round = 0; round < 250; round++) {
        for (let changes = int(6); changes > 0; changes--) change()
        for (let reads = int(5); reads > 0; reads--) look('main', int(MAIN_BYTES), int(int(8) === 0 ? 400_000 : 9000))
        platform.fault = faults
        const asked = copy(live)
        const stores = Promise.resolve(int(2) ? device.sync() : device.flush()).then(
          () => true,
          () => false,
        )
        for (let changes = int(3); changes > 0; changes--) change()
        for (let reads = int(3); reads > 0; reads--) look('main', int(MAIN_BYTES), 9000)
        if (int(60) === 0) helpers.kill('short of memory')
        const ended = await stores
        platform.fault = () => none
        if (ended) stored = asked
        else {
          failures++
          if (device.afterFailedSync === 'kept') {
            // Cut off, stored in part and not in memory any more: what is there now is for the next opening to find out.
            await device.close()
            device = await open()
            stored = { main: all('main'), 'log-0': all('log-0') }
          }
          live = copy(stored)
        }
        expect(device.memory.residentBytes).toBeLessThanOrEqual(RESIDENT_BYTES)
        if (round % 20 !== 19) continue
        await device.flush() // gives a helper that was lost the time to be replaced
        stored = copy(live)
        for (const area of AREAS) look(area, 0, live[area].length)
        if (int(2)) continue
        await device.close()
        device = await open()
        for (const area of AREAS) look(area, 0, live[area].length)
      }
      expect(failures).toBeGreaterThan(0)
      expect(helpers.fetches.length).toBeGreaterThan(50)
      expect(fulls).toBeGreaterThan(0)
      await device.close()
    })
  }
})
