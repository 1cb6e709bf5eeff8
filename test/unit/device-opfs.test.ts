// The OPFS device on a fake file system: the device contract, and what a real browser does not do on demand. The
// contract runs in the real browsers too.

import { beforeEach, describe, expect, test } from 'vitest'
import { type OpfsDevice, openOpfsDevice } from '../../src/device/opfs.ts'
import { deviceCases } from '../contract/device.ts'
import { FakeOpfs } from '../support/fake-opfs.ts'

let system: FakeOpfs
beforeEach(() => {
  system = new FakeOpfs()
})

function open(create = true, onClosed = () => {}): Promise<OpfsDevice> {
  return openOpfsDevice({ resolve: (make) => system.root.getDirectoryHandle('db', { create: make }), create, onClosed })
}

const reason = (expected: string) => expect.objectContaining({ reason: expected })

describe('the OPFS device', () => {
  for (const { title, run } of deviceCases) {
    test(title, () => run({ open: () => open(), secondOpen: 'busy', dispose: async () => {} }))
  }

  test('when one of the files is held, those already acquired are closed again', async () => {
    system.refuse = (name) => (name === 'log-1' ? new DOMException('held', 'InvalidStateError') : undefined)
    await expect(open()).rejects.toThrow(expect.objectContaining({ code: 'busy', retryable: true }))
    expect(system.open.size).toBe(0)
    system.refuse = undefined
    ;(await open()).close()
  })

  test('a storage that is not there is evicted when it may not be created, and nothing is left behind', async () => {
    await expect(open(false)).rejects.toThrow(reason('evicted'))
    expect(system.root.entries.size).toBe(0)
  })

  for (const answer of ['throws', 'short', 'negative'] as const) {
    test(`a full quota that ${answer} on write is reported as full, and the size stays true`, async () => {
      const device = await open()
      device.write('main', new Uint8Array(1000).fill(1), 0)
      system.quotaBytes = 1500
      system.quotaAnswer = answer
      expect(() => device.write('main', new Uint8Array(1000), 1000)).toThrow(reason('full'))
      const size = answer === 'short' ? 1500 : 1000
      expect(device.size('main')).toBe(size)
      expect(device.read('main', new Uint8Array(4000), 0)).toBe(size)
      device.write('main', new Uint8Array(1000).fill(2), 0)
      device.sync()
    })

    test(`a reservation that does not fit when the quota ${answer} leaves the area as it was`, async () => {
      const device = await open()
      device.write('log-0', new Uint8Array(100).fill(1), 0)
      system.quotaBytes = 3_000_000
      system.quotaAnswer = answer
      expect(() => device.reserve('log-0', 4_000_000)).toThrow(reason('full'))
      expect(device.size('log-0')).toBe(100)
      device.reserve('log-0', 2_000_000)
    })
  }

  test('reserve writes real zeros, in steps of at most 1 MiB', async () => {
    const device = await open()
    system.calls.length = 0
    device.reserve('log-0', 2_500_000)
    expect(system.calls).toEqual([
      'log-0: write 1048576 at 0',
      'log-0: write 1048576 at 1048576',
      'log-0: write 402848 at 2097152',
    ])
  })

  test('sync and barrier flush the files that were changed and no others, never scratch; flush does nothing', async () => {
    const device = await open()
    device.write('main', new Uint8Array(1), 0)
    device.write('log-1', new Uint8Array(1), 0)
    device.write('scratch', new Uint8Array(1), 0)
    system.calls.length = 0
    device.flush()
    expect(system.calls).toEqual([])
    device.sync()
    expect(system.calls).toEqual(['main: flush', 'log-1: flush'])
    device.sync()
    device.barrier()
    device.truncate('log-1', 0)
    device.barrier()
    expect(system.calls.slice(2)).toEqual(['log-1: truncate 0', 'log-1: flush'])
  })

  test('one write of the store is one call of the handle', async () => {
    const device = await open()
    system.calls.length = 0
    device.write('log-0', new Uint8Array(9000), 0)
    expect(system.calls).toEqual(['log-0: write 9000 at 0'])
  })

  test('once its name is gone it is evicted, and stays so', async () => {
    const device = await open()
    await device.stillThere()
    system.root.entries.clear()
    await expect(device.stillThere()).rejects.toThrow(reason('evicted'))
    expect(() => device.sync()).toThrow(reason('evicted'))
    expect(() => device.write('main', new Uint8Array(1), 0)).toThrow(reason('evicted'))
    device.close()
    expect(system.open.size).toBe(0)
  })

  test('tells once that its handles are closed', async () => {
    let times = 0
    const device = await open(true, () => times++)
    device.close()
    device.close()
    expect(times).toBe(1)
  })
})
