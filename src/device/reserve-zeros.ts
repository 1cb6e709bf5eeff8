// Reserving space where only written bytes are sure to have some: zeros up to the size, in steps, and all or nothing.
import type { Area, Device } from './device.ts'

const STEP_BYTES = 1024 * 1024

/** Writes zeros from the end of the area up to `size`; cuts them off again if there is no space for all. Throws DeviceError. */
export function reserveZeros(device: Device, area: Area, size: number): void {
  const before = device.size(area)
  const zeros = new Uint8Array(Math.max(0, Math.min(STEP_BYTES, size - before)))
  try {
    for (let at = before; at < size; at += zeros.length) {
      device.write(area, zeros.subarray(0, Math.min(zeros.length, size - at)), at)
    }
  } catch (error) {
    device.truncate(area, before)
    throw error
  }
}
