// Cases of the device contract about what is stored and by whom: flush, sync and reopening, truncation and growth in
// storage, owners, and random operations across reopenings.

import { assert } from 'chai'
import type { Device } from '../../src/device/device.ts'
import {
  type DeviceCase,
  type DeviceStorage,
  DURABLE,
  failureOf,
  pattern,
  randomOperations,
  readAll,
  sameBytes,
  withDevice,
} from './device-support.ts'

export const storageCases: readonly DeviceCase[] = [
  {
    title: 'what was flushed is there after close and reopen',
    async run(storage) {
      await withDevice(storage, async (device) => {
        DURABLE.forEach((area, index) => {
          device.write(area, pattern(70_000, index), 3000)
        })
        await device.flush()
      })
      await withDevice(storage, (device) => {
        DURABLE.forEach((area, index) => {
          sameBytes(readAll(device, area).subarray(3000), pattern(70_000, index), area)
        })
      })
    },
  },
  {
    title: 'what was synced is there after close and reopen, step by step',
    async run(storage) {
      for (let step = 0; step < 5; step++) {
        await withDevice(storage, async (device) => {
          if (step > 0) sameBytes(readAll(device, 'main'), pattern(step * 1000, 8), `main before step ${step}`)
          device.write('main', pattern((step + 1) * 1000, 8), 0)
          device.write('log-1', new Uint8Array([step]), step)
          await device.sync()
        })
      }
      await withDevice(storage, (device) => {
        assert.deepEqual([...readAll(device, 'log-1')], [0, 1, 2, 3, 4])
      })
    },
  },
  {
    title: 'what was flushed first and synced later is there',
    async run(storage) {
      await withDevice(storage, async (device) => {
        device.write('log-0', pattern(512, 1), 0)
        await device.flush()
        await device.sync()
        device.write('log-0', pattern(512, 2), 512)
        await device.flush()
        await device.flush()
      })
      await withDevice(storage, (device) => {
        sameBytes(readAll(device, 'log-0').subarray(0, 512), pattern(512, 1), 'first')
        sameBytes(readAll(device, 'log-0').subarray(512), pattern(512, 2), 'second')
      })
    },
  },
  {
    title: 'writes made while a sync is under way are there after the next one',
    async run(storage) {
      await withDevice(storage, async (device) => {
        const waits: (void | Promise<void>)[] = []
        for (let step = 0; step < 20; step++) {
          device.write('log-0', pattern(700, step), step * 700)
          device.write('main', pattern(700, 100 + step), 0)
          waits.push(step % 3 ? device.flush() : device.sync())
          if (step % 5 === 0) await waits[0]
        }
        await Promise.all(waits)
      })
      await withDevice(storage, (device) => {
        for (let step = 0; step < 20; step++) {
          const into = new Uint8Array(700)
          assert.equal(device.read('log-0', into, step * 700), 700)
          sameBytes(into, pattern(700, step), `log-0 of step ${step}`)
        }
        sameBytes(readAll(device, 'main'), pattern(700, 119), 'main')
      })
    },
  },
  {
    title: 'overlapping writes show the newest bytes at every place, also in storage',
    async run(storage) {
      const expected = pattern(10_000, 1)
      expected.set(pattern(6000, 2), 0)
      expected.set(pattern(3000, 3), 4500)
      expected.set(pattern(10, 4), 5000)
      for (const area of DURABLE) {
        await withDevice(storage, async (device) => {
          device.write(area, pattern(10_000, 1), 0)
          await device.sync()
          device.write(area, pattern(6000, 2), 0)
          await device.flush()
          device.write(area, pattern(3000, 3), 4500)
          device.write(area, pattern(10, 4), 5000)
          sameBytes(readAll(device, area), expected, area)
          await device.sync()
        })
        await withDevice(storage, (device) => {
          sameBytes(readAll(device, area), expected, `${area} reopened`)
        })
      }
    },
  },
  {
    title: 'a log written again from its start with other lengths keeps the old bytes behind the new ones',
    async run(storage) {
      const expected = new Uint8Array(40_960)
      await withDevice(storage, async (device) => {
        for (let at = 0; at < 40_960; at += 4096) {
          device.write('log-0', pattern(4096, at), at)
          expected.set(pattern(4096, at), at)
          await device.flush()
        }
      })
      let at = 0
      for (let round = 0; round < 6; round++) {
        await withDevice(storage, async (device) => {
          sameBytes(readAll(device, 'log-0'), expected, `before round ${round}`)
          for (let part = 0; part < 3; part++) {
            const bytes = pattern(512 * (1 + ((round * 3 + part) % 5)), 1000 + at)
            device.write('log-0', bytes, at)
            expected.set(bytes, at)
            at += bytes.length
            if (part === 1) await device.flush()
          }
          await device.sync()
        })
      }
      await withDevice(storage, (device) => {
        sameBytes(readAll(device, 'log-0'), expected, 'at the end')
      })
    },
  },
  {
    title: 'truncate cuts, never grows, and what grows afterwards reads zeros, also in storage',
    async run(storage) {
      for (const area of DURABLE) {
        const expected = new Uint8Array(150_000)
        expected.set(pattern(150_000, 1).subarray(0, 70_123))
        await withDevice(storage, async (device) => {
          device.write(area, pattern(150_000, 1), 0)
          await device.sync()
          device.truncate(area, 200_000)
          assert.equal(device.size(area), 150_000)
          device.truncate(area, 70_123)
          assert.equal(device.size(area), 70_123)
          assert.equal(device.read(area, new Uint8Array(10), 70_123), 0)
          await device.sync()
        })
        await withDevice(storage, async (device) => {
          assert.equal(device.size(area), 70_123, `${area} reopened`)
          device.reserve(area, 150_000)
          sameBytes(readAll(device, area), expected, `${area} grown again`)
          await device.sync()
        })
        await withDevice(storage, async (device) => {
          sameBytes(readAll(device, area), expected, `${area} grown again and reopened`)
          device.truncate(area, 0)
          await device.sync()
        })
        await withDevice(storage, (device) => {
          assert.equal(device.size(area), 0)
        })
      }
    },
  },
  {
    title: 'truncate and growth in one sync leave zeros between, also in storage',
    async run(storage) {
      for (const area of DURABLE) {
        await withDevice(storage, async (device) => {
          device.write(area, pattern(9000, 1), 0)
          await device.sync()
          device.truncate(area, 100)
          device.write(area, pattern(10, 2), 8000)
          await device.sync()
        })
        const expected = new Uint8Array(8010)
        expected.set(pattern(9000, 1).subarray(0, 100))
        expected.set(pattern(10, 2), 8000)
        await withDevice(storage, (device) => {
          sameBytes(readAll(device, area), expected, area)
        })
      }
    },
  },
  {
    title: 'reserve grows with zeros, keeps what is there, never shrinks and survives a reopening',
    async run(storage) {
      const expected = new Uint8Array(2_500_000)
      expected.set(pattern(3000, 1))
      await withDevice(storage, async (device) => {
        for (const area of DURABLE) {
          device.write(area, pattern(3000, 1), 0)
          device.reserve(area, 2_500_000)
          device.reserve(area, 1000)
          sameBytes(readAll(device, area), expected, area)
        }
        await device.sync()
      })
      await withDevice(storage, (device) => {
        for (const area of DURABLE) sameBytes(readAll(device, area), expected, `${area} reopened`)
      })
    },
  },
  {
    title: 'an area of 24 MiB written in large and small pieces is read back whole',
    async run(storage) {
      const size = 24 * 1024 * 1024
      const piece = pattern(1024 * 1024 + 333, 1)
      const small = pattern(4096, 2)
      const expected = new Uint8Array(size)
      await withDevice(storage, async (device) => {
        for (let at = 0; at + piece.length <= size; at += piece.length) {
          device.write('main', piece, at)
          expected.set(piece, at)
          if (device.crowded) await device.flush()
        }
        for (let at = 0; at + small.length <= size; at += 1_000_003) {
          device.write('main', small, at)
          expected.set(small, at)
          if (device.crowded) await device.flush()
        }
        device.reserve('main', size)
        await device.sync()
      })
      await withDevice(storage, (device) => {
        sameBytes(readAll(device, 'main'), expected, 'main')
      })
    },
  },
  {
    title: 'barrier can be called at any time and changes nothing that can be read',
    run: (storage) =>
      withDevice(storage, async (device) => {
        device.barrier()
        device.write('main', pattern(100, 1), 0)
        device.barrier()
        device.write('main', pattern(100, 2), 50)
        device.barrier()
        await device.sync()
        device.barrier()
        sameBytes(readAll(device, 'main').subarray(50), pattern(100, 2), 'main')
      }),
  },
  {
    title: 'sync and flush with nothing changed succeed',
    run: (storage) =>
      withDevice(storage, async (device) => {
        await device.flush()
        await device.sync()
        await device.sync()
        await device.flush()
      }),
  },
  {
    title: 'scratch holds bytes like any area and is empty in a new owner',
    async run(storage) {
      await withDevice(storage, async (device) => {
        device.write('scratch', pattern(100_000, 1), 5000)
        sameBytes(readAll(device, 'scratch').subarray(5000), pattern(100_000, 1), 'scratch')
        device.truncate('scratch', 0)
        assert.equal(device.size('scratch'), 0)
        device.write('scratch', pattern(100, 2), 0)
        await device.sync()
      })
      await withDevice(storage, (device) => {
        assert.equal(device.size('scratch'), 0)
      })
    },
  },
  {
    title: 'a second owner is refused, or fences off the first',
    async run(storage) {
      const first = await storage.open()
      let second: Device | undefined
      try {
        first.write('main', pattern(100, 1), 0)
        await first.sync()
        if (storage.secondOpen === 'shared') return
        if (storage.secondOpen === 'busy') {
          assert.equal(await failureOf(async () => (second = await storage.open())), 'busy')
          first.write('main', pattern(100, 2), 0)
          await first.sync()
          return
        }
        second = await storage.open()
        first.write('main', pattern(100, 3), 0)
        assert.equal(await failureOf(() => first.sync()), 'fenced')
        assert.equal(await failureOf(() => first.flush()), 'fenced', 'it stays fenced')
        sameBytes(readAll(second, 'main'), pattern(100, 1), 'what the second owner sees')
        second.write('main', pattern(100, 4), 0)
        await second.sync()
      } finally {
        await first.close()
        await second?.close()
      }
      await withDevice(storage, (device) => {
        const newest = storage.secondOpen === 'busy' ? 2 : 4
        sameBytes(readAll(device, 'main'), pattern(100, newest), 'main')
      })
    },
  },
  {
    title: 'a second close does nothing, and a closed device refuses',
    async run(storage) {
      const device = await storage.open()
      await device.close()
      await device.close()
      assert.equal(await failureOf(() => device.write('main', new Uint8Array(1), 0)), 'closed')
      assert.equal(await failureOf(() => device.sync()), 'closed')
    },
  },
  {
    title: 'releases its areas at close, so that the next owner gets in twenty times in a row',
    async run(storage) {
      for (let round = 0; round < 20; round++) {
        await withDevice(storage, async (device) => {
          assert.equal(device.size('main'), round)
          device.write('main', new Uint8Array([round]), round)
          await device.flush()
        })
      }
    },
  },
  ...[11, 22, 33].map((seed) => ({
    title: `1000 random operations and reopenings agree with a plain byte array (seed ${seed})`,
    run: (storage: DeviceStorage) => randomOperations(storage, seed, 1000),
  })),
]
