// The simulated disk as a device of the store: what one process holds of it, dead with that process.
import type { Area, Device } from '../../src/device/device.ts'
import { Crash } from './crash.ts'
import type { SimulatedDisk } from './simulated-disk.ts'

/** What one process holds of the disk; dead with it. */
export class SimulatedDevice implements Device {
  readonly kind = 'simulated'
  readonly afterFailedSync: 'kept' | 'undone'
  readonly crowded = false
  readonly #held: SimulatedDisk
  readonly #life: number
  readonly #beforeStore: (durable: boolean) => void

  constructor(disk: SimulatedDisk, mode: 'kept' | 'undone', beforeStore: (durable: boolean) => void) {
    this.#beforeStore = beforeStore
    this.#held = disk
    this.#life = disk.life
    this.afterFailedSync = mode
  }

  get #disk(): SimulatedDisk {
    if (this.#life !== this.#held.life) throw new Crash('the process is dead')
    return this.#held
  }

  size(area: Area): number {
    return this.#disk.size(area)
  }
  read(area: Area, into: Uint8Array, at: number): number {
    return this.#disk.read(area, into, at)
  }
  write(area: Area, bytes: Uint8Array, at: number): void {
    this.#disk.write(area, bytes, at)
  }
  reserve(area: Area, size: number): void {
    if (size > this.#disk.size(area)) this.#disk.resize(area, size)
  }
  truncate(area: Area, size: number): void {
    if (size < this.#disk.size(area)) this.#disk.resize(area, size)
  }
  barrier(): void {
    this.#disk.barrier()
  }
  flush(): void | Promise<void> {
    if (this.afterFailedSync === 'undone') return this.#disk.store(false, this.#beforeStore)
    this.#disk.flush()
  }
  sync(): void | Promise<void> {
    if (this.afterFailedSync === 'undone') return this.#disk.store(true, this.#beforeStore)
    this.#disk.sync()
  }
  close(): void {}
}
