// The home of blocks: segments of the main area, as the table in force describes them. Reads go table -> header ->
// block, each confirmed by the checksum that the step before names.
//
// Invariants: bytes that fail their checksum are never returned; a header is cached only after it was verified; the
// cache is bounded and a scan does not empty it (a header counts as used again only if another one came between).
import type { Device } from '../device/device.ts'
import { StorageError } from '../errors/errors.ts'
import type { Stored } from './block-index.ts'
import type { Checksums } from './checksum.ts'
import { type Geometry, segmentOf, slotAt } from './format.ts'
import { ReadAhead } from './read-ahead.ts'
import { SegmentHeader } from './segment-header.ts'
import type { HomeSegment, SegmentTable } from './segment-table.ts'

/** Bytes of headers that are kept. */
const HEADERS_BYTES_MAX = 2 * 1024 * 1024

export interface HomeContext {
  readonly device: Device
  readonly geometry: Geometry
  readonly checksums: Checksums
}

export class Home {
  table: SegmentTable
  readonly readAhead: ReadAhead
  readonly counts = { headerReads: 0, headerHits: 0, checksumFailures: 0, blockReads: 0 }
  readonly #context: HomeContext
  readonly #fresh = new Map<number, SegmentHeader>()
  readonly #proven = new Map<number, SegmentHeader>()
  readonly #headersMax: number
  #lastKey = -1
  #last: SegmentHeader | undefined

  constructor(context: HomeContext, table: SegmentTable) {
    this.#context = context
    this.table = table
    this.readAhead = new ReadAhead(context.device, context.geometry)
    this.#headersMax = Math.max(8, Math.floor(HEADERS_BYTES_MAX / context.geometry.slotBytes))
  }

  /** The verified header of `segment` at a place and slot. Throws StorageError `corrupt`. */
  header(segment: number, { place, slot, headerChecksum }: HomeSegment): SegmentHeader {
    const key = place * 2 + slot
    if (key === this.#lastKey && this.#last) return this.#last
    let header = this.#cached(key)
    if (header) this.counts.headerHits++
    else {
      header = this.#load(segment, place, slot, headerChecksum)
      this.keep(place, slot, header)
    }
    this.#lastKey = key
    this.#last = header
    return header
  }

  /** Remembers a header that was just written, or forgets the one at this place and slot. */
  keep(place: number, slot: number, header: SegmentHeader | undefined): void {
    const key = place * 2 + slot
    this.#fresh.delete(key)
    this.#proven.delete(key)
    if (this.#lastKey === key) this.#lastKey = -1
    if (!header) return
    this.#fresh.set(key, header)
    trim(this.#fresh, this.#headersMax / 2)
  }

  /** What the home knows of a block, or undefined if it was never written. */
  entry(block: number): { readonly stored: Stored; readonly place: number; readonly index: number } | undefined {
    const segment = segmentOf(block, this.#context.geometry)
    const home = this.table.get(segment)
    if (!home) return undefined
    const index = block - segment * this.#context.geometry.blocksPerSegment
    const stored = this.header(segment, home).entry(index)
    return stored && { stored, place: home.place, index }
  }

  /** Copies and verifies one block of the main area (home or fresh). Throws StorageError `corrupt` with its number. */
  read(block: number, place: number, index: number, stored: Stored, into: Uint8Array): void {
    this.counts.blockReads++
    this.readAhead.read(block, place, index, into)
    if (this.holds(block, stored, into)) return
    // A read error may be passing: once more, from the device itself.
    this.readAhead.forget(place)
    this.readAhead.direct(place, index, into)
    if (this.holds(block, stored, into)) return
    into.fill(0)
    throw this.damaged(block)
  }

  holds(block: number, stored: Stored, bytes: Uint8Array): boolean {
    return this.#context.checksums.block(stored.algorithm, block, stored.sequence, bytes) === stored.checksum
  }

  damaged(block: number): StorageError {
    this.counts.checksumFailures++
    return new StorageError(
      'corrupt',
      `Block ${block} of this database is damaged: its checksum does not match. It was not returned; the rest of the database can still be read.`,
      { block },
    )
  }

  #load(segment: number, place: number, slot: number, checksum: bigint): SegmentHeader {
    const { device, geometry: g, checksums } = this.#context
    const header = SegmentHeader.empty(g)
    for (let attempt = 0; attempt < 2; attempt++) {
      this.counts.headerReads++
      device.read('main', header.bytes, slotAt(place, slot, g))
      if (header.verify(segment, checksum, checksums)) return header
    }
    this.counts.checksumFailures++
    const first = segment * g.blocksPerSegment
    throw new StorageError(
      'corrupt',
      `The header of blocks ${first} to ${first + g.blocksPerSegment - 1} of this database is damaged. They were not returned.`,
      { block: first },
    )
  }

  #cached(key: number): SegmentHeader | undefined {
    const proven = this.#proven.get(key)
    if (proven) {
      this.#proven.delete(key)
      this.#proven.set(key, proven)
      return proven
    }
    const fresh = this.#fresh.get(key)
    if (fresh) {
      this.#fresh.delete(key)
      this.#proven.set(key, fresh)
      trim(this.#proven, this.#headersMax / 2)
    }
    return fresh
  }
}

function trim(map: Map<number, SegmentHeader>, max: number): void {
  for (const key of map.keys()) {
    if (map.size <= max) return
    map.delete(key)
  }
}
