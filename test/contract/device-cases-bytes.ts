// Cases of the device contract about bytes in an open device: reading, writing, growing, what a caller may assume at once.

import { assert } from 'chai'
import { AREAS } from '../../src/device/device.ts'
import { type DeviceCase, DURABLE, pattern, readAll, sameBytes, withDevice } from './device-support.ts'

export const byteCases: readonly DeviceCase[] = [
  {
    title: 'an area that was never written has size 0 and reads nothing',
    run: (storage) =>
      withDevice(storage, (device) => {
        for (const area of AREAS) {
          assert.equal(device.size(area), 0)
          assert.equal(device.read(area, new Uint8Array(16), 0), 0)
          assert.equal(device.read(area, new Uint8Array(16), 4096), 0)
        }
      }),
  },
  {
    title: 'a write is read back at once, from each area its own',
    run: (storage) =>
      withDevice(storage, (device) => {
        AREAS.forEach((area, index) => {
          device.write(area, pattern(5000, index), 0)
        })
        AREAS.forEach((area, index) => {
          sameBytes(readAll(device, area), pattern(5000, index), area)
        })
      }),
  },
  {
    title: 'the bytes belong to the caller again when write returns',
    run: (storage) =>
      withDevice(storage, async (device) => {
        const bytes = pattern(5000, 1)
        for (const area of AREAS) device.write(area, bytes, 0)
        bytes.fill(0)
        for (const area of AREAS) sameBytes(readAll(device, area), pattern(5000, 1), area)
      }),
  },
  {
    title: 'a view into a larger buffer is written and read as that view alone',
    run: (storage) =>
      withDevice(storage, (device) => {
        for (const area of AREAS) {
          const whole = pattern(9000, 3)
          device.write(area, whole.subarray(1000, 3000), 500)
          const into = new Uint8Array(4000).fill(9)
          assert.equal(device.read(area, into.subarray(100, 2100), 500), 2000)
          sameBytes(into.subarray(100, 2100), whole.subarray(1000, 3000), area)
          assert.isTrue(into.subarray(0, 100).every((byte) => byte === 9))
          assert.isTrue(into.subarray(2100).every((byte) => byte === 9))
        }
      }),
  },
  {
    title: 'a read is short at the end of the area and leaves the rest of the buffer alone',
    run: (storage) =>
      withDevice(storage, (device) => {
        for (const area of AREAS) {
          device.write(area, pattern(1000, 4), 0)
          const into = new Uint8Array(1000).fill(7)
          assert.equal(device.read(area, into, 700), 300)
          sameBytes(into.subarray(0, 300), pattern(1000, 4).subarray(700), area)
          assert.isTrue(into.subarray(300).every((byte) => byte === 7))
          assert.equal(device.read(area, into, 1000), 0)
        }
      }),
  },
  {
    title: 'a write beyond the end fills the gap with zeros, also in storage',
    async run(storage) {
      const expected = new Uint8Array(200_100)
      expected.set(pattern(100, 5), 0)
      expected.set(pattern(100, 6), 200_000)
      await withDevice(storage, async (device) => {
        for (const area of AREAS) {
          device.write(area, pattern(100, 5), 0)
          device.write(area, pattern(100, 6), 200_000)
          sameBytes(readAll(device, area), expected, area)
        }
        await device.sync()
      })
      await withDevice(storage, (device) => {
        for (const area of DURABLE) sameBytes(readAll(device, area), expected, `${area} reopened`)
      })
    },
  },
]
