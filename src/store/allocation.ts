// Which block numbers are allocated, for users of the block store who let it hand out numbers (SQLite numbers its pages
// itself and does not). Fed by the allocation entries of commit records in order, stored in the side table.
import type { AllocationEntry } from './record.ts'

/** Numbers that can be handed out, so that the bitmap leaves room for the sessions in the side table. */
export const ALLOCATED_MAX = 3 * 1024 * 1024

export class Allocation {
  #bits: Uint8Array
  /** Every number below is allocated. */
  #lowest = 0

  constructor(bits: Uint8Array = new Uint8Array(0)) {
    this.#bits = bits.slice()
    while (this.isAllocated(this.#lowest)) this.#lowest++
  }

  isAllocated(block: number): boolean {
    return ((this.#bits[block >> 3] ?? 0) & (1 << (block & 7))) !== 0
  }

  /** A number below which none is free. */
  get lowest(): number {
    return this.#lowest
  }

  apply({ block, allocated }: AllocationEntry): void {
    const index = block >> 3
    if (index >= this.#bits.length) {
      const grown = new Uint8Array(Math.max(64, this.#bits.length * 2, index + 1))
      grown.set(this.#bits)
      this.#bits = grown
    }
    const bit = 1 << (block & 7)
    this.#bits[index] = allocated ? (this.#bits[index] ?? 0) | bit : (this.#bits[index] ?? 0) & ~bit
    if (!allocated) this.#lowest = Math.min(this.#lowest, block)
    while (this.isAllocated(this.#lowest)) this.#lowest++
  }

  clone(): Allocation {
    return new Allocation(this.#bits)
  }

  encode(): Uint8Array {
    let end = this.#bits.length
    while (end > 0 && this.#bits[end - 1] === 0) end--
    return this.#bits.slice(0, end)
  }
}
