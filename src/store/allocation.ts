// Which block numbers are allocated, for users of the block store who let it hand out numbers (SQLite numbers its pages
// itself and does not). Fed by the allocation entries of commit records in order, stored in the side table.
import type { AllocationEntry } from './record.ts'

export class Allocation {
  #bits: Uint8Array

  constructor(bits: Uint8Array = new Uint8Array(0)) {
    this.#bits = bits.slice()
  }

  isAllocated(block: number): boolean {
    return ((this.#bits[block >> 3] ?? 0) & (1 << (block & 7))) !== 0
  }

  /** The lowest number that is not allocated and not in `taken`. */
  lowestFree(taken: (block: number) => boolean): number {
    for (let block = 0; ; block++) if (!this.isAllocated(block) && !taken(block)) return block
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
