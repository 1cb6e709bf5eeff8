// The device that forgets: areas in the memory of this thread, for databases that were asked to be in memory and for
// tests. Opening the same `areas` again finds the bytes again, which stands for a reopened storage in tests.

import { ChunkedBytes } from './chunked-bytes.ts'
import { AREAS, type Area, type Device, DeviceError } from './device.ts'

/** The bytes behind a memory device; they outlive it while somebody holds them. */
export type MemoryAreas = { readonly [area in Area]: ChunkedBytes }

export interface MemoryDeviceOptions {
  /** Bytes to start from; default empty. They are used in place. */
  readonly areas?: MemoryAreas
  /** Bytes that all areas may hold together; default no limit. */
  readonly bytesMax?: number
}

export function emptyMemoryAreas(): MemoryAreas {
  return {
    main: new ChunkedBytes(),
    'log-0': new ChunkedBytes(),
    'log-1': new ChunkedBytes(),
    scratch: new ChunkedBytes(),
  }
}

export class MemoryDevice implements Device {
  readonly kind = 'memory'
  readonly afterFailedSync = 'kept'
  readonly crowded = false
  readonly areas: MemoryAreas
  /** May be changed while in use, to make a full device in a test. */
  bytesMax: number
  #closed = false

  constructor(options: MemoryDeviceOptions = {}) {
    this.areas = options.areas ?? emptyMemoryAreas()
    this.bytesMax = options.bytesMax ?? Number.POSITIVE_INFINITY
    this.areas.scratch.truncate(0)
  }

  size(area: Area): number {
    return this.#open(area).size
  }

  read(area: Area, into: Uint8Array, at: number): number {
    return this.#open(area).read(into, at)
  }

  write(area: Area, bytes: Uint8Array, at: number): void {
    const target = this.#open(area)
    this.#requireRoomFor(target, at + bytes.length)
    target.write(bytes, at)
  }

  reserve(area: Area, size: number): void {
    const target = this.#open(area)
    this.#requireRoomFor(target, size)
    target.grow(size)
  }

  truncate(area: Area, size: number): void {
    this.#open(area).truncate(size)
  }

  barrier(): void {
    this.#open('main')
  }

  flush(): void {
    this.#open('main')
  }

  sync(): void {
    this.#open('main')
  }

  close(): void {
    this.#closed = true
  }

  /** A copy of all bytes as they are now, for `new MemoryDevice({ areas })`. */
  cloneAreas(): MemoryAreas {
    return {
      main: this.areas.main.clone(),
      'log-0': this.areas['log-0'].clone(),
      'log-1': this.areas['log-1'].clone(),
      scratch: this.areas.scratch.clone(),
    }
  }

  #open(area: Area): ChunkedBytes {
    if (this.#closed) throw new DeviceError('closed', 'the memory device was used after it was closed')
    return this.areas[area]
  }

  #requireRoomFor(target: ChunkedBytes, size: number): void {
    const growth = Math.max(0, size - target.size)
    if (growth === 0) return
    const total = AREAS.reduce((sum, area) => sum + this.areas[area].size, growth)
    if (total <= this.bytesMax) return
    throw new DeviceError('full', `the areas would hold ${total} bytes together, ${this.bytesMax} are allowed`)
  }
}
