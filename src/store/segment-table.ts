// The segment table: for each segment its place, the header slot in force and that header's checksum. With it a stale
// or misdirected header is noticed, and with the header a stale or misdirected block.
import { StorageError } from '../errors/errors.ts'
import { TABLE_BYTES_MAX, TABLE_ENTRY } from './format.ts'

export interface HomeSegment {
  readonly place: number
  readonly slot: 0 | 1
  readonly headerChecksum: bigint
}

export const SEGMENTS_MAX = TABLE_BYTES_MAX / TABLE_ENTRY.bytes

export class SegmentTable {
  readonly #entries: (HomeSegment | undefined)[]

  constructor(entries: readonly (HomeSegment | undefined)[] = []) {
    this.#entries = entries.slice()
  }

  get(segment: number): HomeSegment | undefined {
    return this.#entries[segment]
  }

  set(segment: number, home: HomeSegment | undefined): void {
    while (this.#entries.length < segment) this.#entries.push(undefined)
    this.#entries[segment] = home
  }

  /** Segments from 0 to the last one ever set. */
  get length(): number {
    return this.#entries.length
  }

  *places(): IterableIterator<number> {
    for (const home of this.#entries) if (home) yield home.place
  }

  clone(): SegmentTable {
    return new SegmentTable(this.#entries)
  }

  encode(): Uint8Array {
    let length = this.#entries.length
    while (length > 0 && !this.#entries[length - 1]) length--
    const bytes = new Uint8Array(length * TABLE_ENTRY.bytes)
    const view = new DataView(bytes.buffer)
    for (let segment = 0; segment < length; segment++) {
      const home = this.#entries[segment]
      if (!home) continue
      const { place, slot, headerChecksum } = home
      TABLE_ENTRY.write(view, { place: place + 1, slot, headerChecksum }, segment * TABLE_ENTRY.bytes)
    }
    return bytes
  }

  /** Reads bytes whose checksum the superblock has confirmed. */
  static decode(bytes: Uint8Array): SegmentTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const entries: (HomeSegment | undefined)[] = []
    for (let at = 0; at < bytes.length; at += TABLE_ENTRY.bytes) {
      const { place, slot, headerChecksum } = TABLE_ENTRY.read(view, at)
      if (slot !== 0 && slot !== 1) throw new StorageError('corrupt', 'The segment table of this database is damaged.')
      entries.push(place === 0 ? undefined : { place: place - 1, slot, headerChecksum })
    }
    return new SegmentTable(entries)
  }
}
