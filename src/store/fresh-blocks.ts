// What an open transaction knows of the blocks that it has put into one fresh segment. It stands apart from the segment's
// header, which is made from it in the end, because a transaction over a large database has thousands of them: 8 bytes a
// block here, 48 there.
import type { Stored } from './block-index.ts'
import type { Geometry } from './format.ts'
import { SegmentHeader } from './segment-header.ts'

/** What all blocks of one transaction share. */
export type SharedFacts = Omit<Stored, 'checksum'>

const WORD_BITS = 64

export class FreshBlocks {
  /** One checksum per block; behind them one bit per block that is there. */
  readonly #words: BigUint64Array
  readonly #count: number

  constructor({ blocksPerSegment }: Geometry) {
    this.#count = blocksPerSegment
    this.#words = new BigUint64Array(blocksPerSegment + Math.ceil(blocksPerSegment / WORD_BITS))
  }

  has(index: number): boolean {
    return (this.#flags(index) & bit(index)) !== 0n
  }

  checksum(index: number): bigint {
    return this.#words[index] ?? 0n
  }

  add(index: number, checksum: bigint): void {
    this.#words[index] = checksum
    this.#words[this.#flagsAt(index)] = this.#flags(index) | bit(index)
  }

  delete(index: number): void {
    this.#words[this.#flagsAt(index)] = this.#flags(index) & ~bit(index)
  }

  /** The header, still to be sealed. */
  header(g: Geometry, shared: SharedFacts): SegmentHeader {
    const header = SegmentHeader.empty(g)
    for (let index = 0; index < this.#count; index++)
      if (this.has(index)) header.set(index, { ...shared, checksum: this.checksum(index) })
    return header
  }

  #flagsAt(index: number): number {
    return this.#count + Math.floor(index / WORD_BITS)
  }

  #flags(index: number): bigint {
    return this.#words[this.#flagsAt(index)] ?? 0n
  }
}

function bit(index: number): bigint {
  return 1n << BigInt(index % WORD_BITS)
}
