// The replacement of everything that a store holds: new content, maybe with blocks of another size, is written beside the
// old one into places that the old one does not use, read through a private view, and put in force by the superblocks.
//
// Invariants: while one is open there is no other write transaction and no fold, so the old content's places stay as they
// are; nothing that a superblock, record or pin leads to is written over; a crash before the first new superblock leaves
// the old content, later the new one. Both superblocks lead to different content until the second is synced, so nothing
// is acknowledged and nothing old reused before.
import { StorageError } from '../errors/errors.ts'
import { Allocation } from './allocation.ts'
import { assert } from './assert.ts'
import type { Blocks } from './block-store-types.ts'
import { syncAll } from './checkpoint.ts'
import { hex } from './create.ts'
import { typed } from './device-writer.ts'
import {
  type Geometry,
  geometry,
  isBlockSize,
  SEGMENT_BYTES,
  SIDE_AT,
  SUPERBLOCK_AT,
  slotAt,
  TABLE_AT,
  TABLE_ENTRY,
} from './format.ts'
import { FreePlaces } from './replacement-places.ts'
import { ReplacementView } from './replacement-view.ts'
import { SegmentHeader } from './segment-header.ts'
import { SEGMENTS_MAX, SegmentTable } from './segment-table.ts'
import { SideState } from './side-table.ts'
import type { PlaceHolder, StoreState } from './state.ts'
import { encodeSuperblock, type Superblock } from './superblock.ts'

/** Written bytes that are handed to the device before more are taken. */
const FLUSH_BYTES = 4 * 1024 * 1024

export class Replacement implements PlaceHolder {
  readonly #state: StoreState
  readonly #g: Geometry
  readonly #places: FreePlaces
  readonly #table = new SegmentTable()
  readonly #sequence: number
  readonly #sizeBefore: number
  readonly #failedSyncs: number
  /** The segment that is being filled, as its place will hold it: two header slots, then blocks. */
  readonly #segment: Uint8Array
  #header: SegmentHeader
  readonly #reopen: () => Promise<void>
  #blocks = 0
  #unflushedBytes = 0
  #over = false
  #tell: () => void = () => {}
  /** Resolves when the old or the new content can be written again. */
  readonly ended: Promise<void>
  /** While the superblocks are written and the store is read again: its end. */
  swapping: Promise<void> | undefined

  /** Takes the place of the one write transaction. `reopen` reads the store from the device once the swap is synced. */
  constructor(state: StoreState, blockSize: number, reopen: () => Promise<void>) {
    assert(state.transaction === undefined, 'there is at most one write transaction')
    assert(isBlockSize(blockSize), 'a block has 512 to 65536 bytes, a power of two')
    this.#state = state
    this.#g = geometry(blockSize, Math.max(state.geometry.segmentBytes, blockSize))
    this.#places = new FreePlaces(state, this.#g)
    this.#sequence = state.sequence + 1
    this.#sizeBefore = state.writer.device.size('main')
    this.#failedSyncs = state.writer.failedSyncs
    this.#segment = new Uint8Array(this.#g.placeBytes)
    this.#header = SegmentHeader.empty(this.#g)
    this.#reopen = reopen
    this.ended = new Promise((resolve) => {
      this.#tell = resolve
    })
    state.transaction = this
  }

  /** Bytes per block of the new content. */
  get blockSize(): number {
    return this.#g.blockSize
  }

  /** Blocks taken so far. */
  get sizeBlocks(): number {
    return this.#blocks
  }

  /** What it holds stands on places of its own, counted by `#places`. */
  placesHeld(): Iterable<number> {
    return []
  }

  /**
   * Takes the next block; the bytes are copied. Resolves (where there is something to wait for) when more may come.
   * Throws StorageError `quota` or `io`; the old content is whole, and `abandon` gives back the space.
   */
  append(bytes: Uint8Array): void | Promise<void> {
    assert(!this.#over && bytes.length === this.#g.blockSize, 'a block is written whole')
    const { checksums, algorithm, environment } = this.#state
    const index = this.#blocks % this.#g.blocksPerSegment
    if (this.#blocks / this.#g.blocksPerSegment >= SEGMENTS_MAX) {
      throw new StorageError('quota', `The new content is larger than the largest store: ${SEGMENTS_MAX / 4096} GiB.`)
    }
    this.#segment.set(bytes, 2 * this.#g.slotBytes + index * this.#g.blockSize)
    const checksum = checksums.block(algorithm, this.#blocks, this.#sequence, bytes)
    const modifiedSeconds = Math.floor(environment.clock.epochMs() / 1000)
    this.#header.set(index, { sequence: this.#sequence, checksum, algorithm, length: bytes.length, modifiedSeconds })
    this.#blocks++
    if (index + 1 < this.#g.blocksPerSegment) return
    this.#writeSegment()
    if (this.#unflushedBytes < FLUSH_BYTES) return
    this.#unflushedBytes = 0
    return this.#state.writer.flush()
  }

  /** Ends the taking of blocks and gives a view of them that nobody else has. Throws StorageError `quota` or `io`. */
  view(): Blocks {
    if (this.#blocks % this.#g.blocksPerSegment > 0) this.#writeSegment()
    return new ReplacementView(this.#state, { geometry: this.#g, table: this.#table, sizeBlocks: this.#blocks })
  }

  /**
   * Puts the new content in force, synced, and has the store read from the device again. Every pinned state ends. Throws
   * StorageError; if the store is not latched then, the old content is in force and whole.
   */
  commit(): Promise<void> {
    assert(!this.#over && this.swapping === undefined, 'a replacement is put in force once')
    this.swapping = this.#commit().finally(() => {
      this.swapping = undefined
    })
    return this.swapping
  }

  /** Forgets the new content and gives its space back; does nothing after a commit. Throws StorageError. */
  async abandon(): Promise<void> {
    await this.swapping?.catch(() => {})
    if (this.#over) return
    const state = this.#state
    this.#end()
    if (state.writer.latched) return
    const { device } = state.writer
    if (device.size('main') > this.#sizeBefore) typed(() => device.truncate('main', this.#sizeBefore))
    await state.writer.flush()
  }

  #end(): void {
    this.#over = true
    this.#state.transaction = undefined
    this.#tell()
  }

  async #commit(): Promise<void> {
    const state = this.#state
    for (const pin of state.pins) pin.ended = true
    state.pins.clear()
    const next = this.#writeTables()
    await syncAll(state)
    if (state.writer.failedSyncs !== this.#failedSyncs) {
      throw new StorageError('io', 'The storage failed while the new content was stored; the old one stays.', {
        retryable: true,
      })
    }
    const bytes = encodeSuperblock(next, state.checksums)
    try {
      for (const at of SUPERBLOCK_AT) {
        state.writer.write('main', bytes, at)
        await syncAll(state)
      }
      await this.#reopen()
    } catch (error) {
      // Which content is in force is for the next opening to find out.
      if (error instanceof StorageError) state.writer.latch(error)
      throw error
    } finally {
      this.#end()
    }
  }

  /** Writes the tables to the places that no superblock names. Returns the superblock that names them. */
  #writeTables(): Superblock {
    const { superblock, checksums, environment, log, side, term, namedPlaces } = this.#state
    const table = this.#table.encode()
    const sideBytes = new SideState(side.sessions.clone(), new Allocation()).encode(this.#sequence)
    const tablePlace = namedPlaces.table.has(0) ? 1 : 0
    const sidePlace = namedPlaces.side.has(0) ? 1 : 0
    this.#write(table, TABLE_AT[tablePlace])
    this.#write(sideBytes, SIDE_AT[sidePlace])
    const end = log.place
    return {
      ...superblock,
      generationId: hex(environment.random.bytes(16)),
      generation: superblock.generation + 1,
      term: term + 1,
      blockSize: this.#g.blockSize,
      segmentBytes: this.#g.segmentBytes === SEGMENT_BYTES ? 0 : this.#g.segmentBytes,
      sizeBlocks: this.#blocks,
      foldedSequence: this.#sequence,
      durableSequence: this.#sequence,
      replayLog: end.log,
      replayOffset: end.offset,
      replayTerm: end.term,
      replayChecksum: end.checksum,
      endLog: end.log,
      endOffset: end.offset,
      endTerm: end.term,
      endChecksum: end.checksum,
      endSequence: this.#sequence,
      tablePlace,
      tableEntries: table.length / TABLE_ENTRY.bytes,
      tableChecksum: checksums.structure(table),
      sidePlace,
      sideBytes: sideBytes.length,
      sideChecksum: checksums.structure(sideBytes),
      writtenMs: environment.clock.epochMs(),
    }
  }

  /** Writes the segment with its header, the whole of its place in one write. */
  #writeSegment(): void {
    const state = this.#state
    const g = this.#g
    const segment = Math.ceil(this.#blocks / g.blocksPerSegment) - 1
    const used = this.#blocks - segment * g.blocksPerSegment
    this.#segment.fill(0, 2 * g.slotBytes + used * g.blockSize)
    const facts = { segment, storeId: state.superblock.storeId, term: state.term, sequence: this.#sequence }
    const headerChecksum = this.#header.seal(facts, state.checksums)
    this.#segment.set(this.#header.bytes, 0)
    const place = this.#places.take()
    const at = slotAt(place, 0, g)
    const { device } = state.writer
    // What lies between counts as space that is really there, once these places are the only ones.
    if (at > device.size('main')) typed(() => device.reserve('main', at))
    this.#write(this.#segment, at)
    this.#unflushedBytes += this.#segment.length
    this.#table.set(segment, { place, slot: 0, headerChecksum })
    this.#header = SegmentHeader.empty(g)
  }

  #write(bytes: Uint8Array, at: number): void {
    this.#state.writer.check()
    typed(() => this.#state.writer.writeFold('main', bytes, at))
  }
}
