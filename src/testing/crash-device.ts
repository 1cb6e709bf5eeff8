// The memory of a simulated browser's storage: it outlives the engine that writes to it, knows what has not been synced,
// and can forget that, as a power cut would. One engine has it at a time.
//
// Invariant: `#undo` leads back, newest first, from the bytes as they are to those of the last sync.

import { type Area, type Device, DeviceError } from '../device/device.ts'
import { MemoryDevice } from '../device/memory.ts'

interface Undo {
  readonly area: Area
  readonly size: number
  readonly at: number
  readonly bytes: Uint8Array<ArrayBuffer>
}

export class CrashDevice implements Device {
  readonly kind = 'memory'
  readonly afterFailedSync = 'kept'
  readonly crowded = false
  readonly #memory: MemoryDevice
  #undo: Undo[] = []
  #closed = false

  /** With `before`, that one's bytes; it has been closed. */
  constructor(before?: CrashDevice) {
    this.#memory = new MemoryDevice(before && { areas: before.#memory.areas })
    this.#undo = before ? before.#undo : []
  }

  get closed(): boolean {
    return this.#closed
  }

  size(area: Area): number {
    return this.#open().size(area)
  }

  read(area: Area, into: Uint8Array, at: number): number {
    return this.#open().read(area, into, at)
  }

  write(area: Area, bytes: Uint8Array, at: number): void {
    this.#remember(area, at, bytes.length)
    this.#open().write(area, bytes, at)
  }

  reserve(area: Area, size: number): void {
    this.#remember(area, size, 0)
    this.#open().reserve(area, size)
  }

  truncate(area: Area, size: number): void {
    this.#remember(area, size, Math.max(0, this.size(area) - size))
    this.#open().truncate(area, size)
  }

  barrier(): void {
    this.sync()
  }

  flush(): void {
    this.#open()
  }

  sync(): void {
    this.#open()
    this.#undo = []
  }

  close(): void {
    this.#closed = true
  }

  /** Forgets everything written since the last sync. */
  loseUnsynced(): void {
    for (const { area, size, at, bytes } of this.#undo.splice(0).reverse()) {
      this.#memory.truncate(area, size)
      if (bytes.length > 0) this.#memory.write(area, bytes, at)
    }
  }

  #remember(area: Area, at: number, length: number): void {
    if (area === 'scratch') return
    const size = this.size(area)
    const bytes = new Uint8Array(Math.max(0, Math.min(length, size - at)))
    if (bytes.length > 0) this.#open().read(area, bytes, at)
    this.#undo.push({ area, size, at, bytes })
  }

  #open(): MemoryDevice {
    if (this.#closed) throw new DeviceError('closed', 'the engine that used this memory is no more')
    return this.#memory
  }
}
