// What the cases of the device contract are written with: byte patterns, comparisons that name the first wrong byte, and
// random operations against a plain model. Free of any test runner, like the cases.

import { assert } from 'chai'
import { AREAS, type Area, type Device } from '../../src/device/device.ts'

/** One storage of the kind under test, empty at first. A case gets a fresh one. */
export interface DeviceStorage {
  /** Opens the device on this storage; again after a close finds what was stored. */
  open(): Promise<Device>
  /**
   * What happens when it is opened while it is open: `busy`: the second open throws; `fenced`: the second open works
   * and the first owner's next flush or sync throws; `shared`: nothing (memory).
   */
  readonly secondOpen: 'busy' | 'fenced' | 'shared'
  /** Removes the storage. */
  dispose(): Promise<void>
}

export interface DeviceCase {
  readonly title: string
  run(storage: DeviceStorage): Promise<void>
}

export const DURABLE: readonly Area[] = ['main', 'log-0', 'log-1']

export function pattern(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  let state = (seed * 2654435761) | 1
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    bytes[index] = state >>> 24
  }
  return bytes
}

export function readAll(device: Device, area: Area): Uint8Array {
  const bytes = new Uint8Array(device.size(area))
  assert.equal(device.read(area, bytes, 0), bytes.length, `${area} is as long as its size says`)
  return bytes
}

export function sameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  assert.equal(actual.length, expected.length, `${what}: length`)
  for (let index = 0; index < actual.length; index++) {
    if (actual[index] !== expected[index]) {
      assert.fail(`${what}: byte ${index} is ${actual[index]} and should be ${expected[index]}`)
    }
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return `not an error: ${String(error)}`
  if ('reason' in error) return String(error.reason)
  return 'code' in error ? String(error.code) : error.message
}

export async function failureOf(action: () => unknown): Promise<string> {
  try {
    await action()
  } catch (error) {
    return reasonOf(error)
  }
  return 'nothing was thrown'
}

/** Runs `body` with an open device and closes it whatever happens. */
export async function withDevice<T>(storage: DeviceStorage, body: (device: Device) => T | Promise<T>): Promise<T> {
  const device = await storage.open()
  try {
    return await body(device)
  } finally {
    await device.close()
  }
}

/** A plain model of the four areas: what a device must look like. */
class Model {
  readonly areas = new Map<Area, Uint8Array<ArrayBuffer>>(AREAS.map((area) => [area, new Uint8Array(0)]))

  get(area: Area): Uint8Array<ArrayBuffer> {
    return this.areas.get(area)!
  }

  grow(area: Area, size: number): void {
    const before = this.get(area)
    if (size <= before.length) return
    const after = new Uint8Array(size)
    after.set(before)
    this.areas.set(area, after)
  }

  write(area: Area, bytes: Uint8Array, at: number): void {
    this.grow(area, at + bytes.length)
    this.get(area).set(bytes, at)
  }

  truncate(area: Area, size: number): void {
    if (size < this.get(area).length) this.areas.set(area, this.get(area).slice(0, size))
  }
}

function check(device: Device, model: Model, areas: readonly Area[], when: string): void {
  for (const area of areas) {
    assert.equal(device.size(area), model.get(area).length, `size of ${area} ${when}`)
    sameBytes(readAll(device, area), model.get(area), `${area} ${when}`)
  }
}

/** Random operations against the model; every so often stores everything, closes, reopens and compares all. */
export async function randomOperations(storage: DeviceStorage, seed: number, count: number): Promise<void> {
  let state = seed | 1
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) | 0
    return ((state >>> 8) / 0x1000000) * below
  }
  const int = (below: number): number => Math.floor(random(below))
  const model = new Model()
  let device = await storage.open()
  try {
    for (let step = 0; step < count; step++) {
      const area = AREAS[int(AREAS.length)]!
      const size = model.get(area).length
      const choice = int(100)
      if (choice < 55) {
        const bytes = pattern(1 + int(choice < 5 ? 150_000 : 6000), seed + step)
        const at = int(4) === 0 ? int(300_000) : Math.min(int(size + 2000), 300_000)
        model.write(area, bytes, at)
        device.write(area, bytes, at)
        bytes.fill(255)
      } else if (choice < 60) {
        const to = int(300_000)
        model.grow(area, to)
        device.reserve(area, to)
      } else if (choice < 66) {
        const to = int(3) === 0 ? 0 : int(size + 1000)
        model.truncate(area, to)
        device.truncate(area, to)
      } else if (choice < 84) {
        const into = new Uint8Array(1 + int(20_000)).fill(170)
        const at = int(size + 1000)
        const expected = model.get(area).subarray(at, at + into.length)
        assert.equal(device.read(area, into, at), expected.length, `bytes read at step ${step}`)
        sameBytes(into.subarray(0, expected.length), expected, `${area} at step ${step} of seed ${seed}`)
      } else if (choice < 88) {
        device.barrier()
      } else if (choice < 92) {
        await device.flush()
      } else if (choice < 96) {
        await device.sync()
      } else {
        await (int(2) ? device.flush() : device.sync())
        check(device, model, AREAS, `before the reopening at step ${step} of seed ${seed}`)
        await device.close()
        device = await storage.open()
        model.areas.set('scratch', readAll(device, 'scratch').slice())
        check(device, model, DURABLE, `after the reopening at step ${step} of seed ${seed}`)
      }
    }
  } finally {
    await device.close()
  }
}
