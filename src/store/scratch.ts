// The device's scratch area with the store's errors, for journals and temporary files that outgrow memory.
import type { Device } from '../device/device.ts'
import type { ScratchArea } from './block-store-types.ts'
import { typed } from './device-writer.ts'

export function scratchOf(device: Device): ScratchArea {
  return {
    get size() {
      return device.size('scratch')
    },
    read: (into, at) => typed(() => device.read('scratch', into, at)),
    write: (bytes, at) => typed(() => device.write('scratch', bytes, at)),
    truncate: (size) => typed(() => device.truncate('scratch', size)),
  }
}
