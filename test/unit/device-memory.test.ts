// The memory device against the device contract, and what it alone promises.

import { describe, expect, test } from 'vitest'
import { emptyMemoryAreas, MemoryDevice } from '../../src/device/memory.ts'
import { deviceCases } from '../contract/device.ts'

describe('the memory device', () => {
  for (const { title, run } of deviceCases) {
    test(title, () => {
      const areas = emptyMemoryAreas()
      return run({ open: async () => new MemoryDevice({ areas }), secondOpen: 'shared', dispose: async () => {} })
    })
  }

  test('a copy of its areas does not change with it', () => {
    const device = new MemoryDevice()
    device.write('main', new Uint8Array([1, 2, 3]), 0)
    const copy = new MemoryDevice({ areas: device.cloneAreas() })
    device.write('main', new Uint8Array([9]), 0)
    copy.write('main', new Uint8Array([8]), 2)
    expect([...device.areas.main.toBytes()]).toEqual([9, 2, 3])
    expect([...copy.areas.main.toBytes()]).toEqual([1, 2, 8])
  })

  test('beyond bytesMax growth is refused as full, overwriting is not', () => {
    const device = new MemoryDevice({ bytesMax: 1000 })
    device.write('main', new Uint8Array(600), 0)
    device.reserve('log-0', 400)
    expect(() => device.write('log-1', new Uint8Array(1), 0)).toThrow(expect.objectContaining({ reason: 'full' }))
    expect(() => device.reserve('main', 601)).toThrow(expect.objectContaining({ reason: 'full' }))
    device.write('main', new Uint8Array(600), 0)
    device.truncate('log-0', 0)
    device.reserve('main', 1000)
  })
})
