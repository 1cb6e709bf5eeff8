// A segment's header slot: what is known of each of its blocks. Two slots alternate, so that the header in force is
// never overwritten. It stands apart because home segments, fresh segments and the fold all build and read it.
import type { Stored } from './block-index.ts'
import type { Checksums } from './checksum.ts'
import { BLOCK_ENTRY, type Geometry, HEADER_MAGIC, SEGMENT_HEADER } from './format.ts'
import { getU53 } from './layout.ts'

const entryAt = (index: number): number => SEGMENT_HEADER.bytes + index * BLOCK_ENTRY.bytes

/** A header whose checksum holds, or one that is being built. */
export class SegmentHeader {
  readonly bytes: Uint8Array
  readonly #view: DataView

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  static empty(g: Geometry): SegmentHeader {
    return new SegmentHeader(new Uint8Array(g.slotBytes))
  }

  copy(): SegmentHeader {
    return new SegmentHeader(this.bytes.slice())
  }

  get segment(): number {
    return this.#view.getUint32(SEGMENT_HEADER.at.segment, true)
  }

  /** True if the header knows a block at this index. */
  has(index: number): boolean {
    return getU53(this.#view, entryAt(index) + BLOCK_ENTRY.at.sequence) !== 0
  }

  entry(index: number): Stored | undefined {
    const at = entryAt(index)
    const sequence = getU53(this.#view, at + BLOCK_ENTRY.at.sequence)
    if (sequence === 0) return undefined
    return {
      sequence,
      checksum: this.#view.getBigUint64(at + BLOCK_ENTRY.at.checksum, true),
      algorithm: this.#view.getUint8(at + BLOCK_ENTRY.at.algorithm),
      length: this.#view.getUint32(at + BLOCK_ENTRY.at.length, true),
      modifiedSeconds: this.#view.getUint32(at + BLOCK_ENTRY.at.modifiedSeconds, true),
    }
  }

  set(index: number, stored: Stored | undefined): void {
    const at = entryAt(index)
    this.bytes.fill(0, at, at + BLOCK_ENTRY.bytes)
    if (stored) BLOCK_ENTRY.write(this.#view, { ...stored, codec: 0, reserved: 0 }, at)
  }

  /** Completes the head and returns the checksum that table or record must name. */
  seal(facts: { segment: number; storeId: string; term: number; sequence: number }, checksums: Checksums): bigint {
    SEGMENT_HEADER.write(this.#view, {
      magic: HEADER_MAGIC,
      segment: facts.segment,
      checksum: 0n,
      storeId: facts.storeId,
      term: facts.term,
      foldedSequence: facts.sequence,
      reserved: 0,
    })
    const checksum = checksums.structure(this.bytes)
    this.#view.setBigUint64(SEGMENT_HEADER.at.checksum, checksum, true)
    return checksum
  }

  /** True if the bytes are this segment's header with this checksum. */
  verify(segment: number, checksum: bigint, checksums: Checksums): boolean {
    if (this.#view.getUint32(SEGMENT_HEADER.at.magic, true) !== HEADER_MAGIC || this.segment !== segment) return false
    if (this.#view.getBigUint64(SEGMENT_HEADER.at.checksum, true) !== checksum) return false
    this.#view.setBigUint64(SEGMENT_HEADER.at.checksum, 0n, true)
    const actual = checksums.structure(this.bytes)
    this.#view.setBigUint64(SEGMENT_HEADER.at.checksum, checksum, true)
    return actual === checksum
  }
}
