// The open write transaction: blocks staged in memory up to a quarter of the log, further ones in fresh segments of the
// main area, and in the end one commit record.
//
// Invariants: nothing here is visible to others before `publish`; after a successful `reserve` publishing cannot fail
// for lack of space; headers and blocks of fresh segments are ordered before the record that names them; a block is in
// memory or in a fresh segment, never in both; rolled back, every place is free again.
import { DataSyncError, StorageError } from '../errors/errors.ts'
import { ALLOCATED_MAX } from './allocation.ts'
import { assert } from './assert.ts'
import type { Origin, WriteTransaction } from './block-store-types.ts'
import { storageError, typed } from './device-writer.ts'
import { blockAt, NOT_TRUNCATED, ORIGIN, roundUp, SECTOR, segmentOf, slotAt } from './format.ts'
import { FreshBlocks, type SharedFacts } from './fresh-blocks.ts'
import { readBlock } from './locate.ts'
import type { LogRecord } from './log.ts'
import { makeRoom } from './log-room.ts'
import { type AllocationEntry, type OriginRecord, originBytes, type RecordContent, recordBytes } from './record.ts'
import { SEGMENTS_MAX } from './segment-table.ts'
import type { PlaceHolder, StoreState } from './state.ts'

/** Small transactions one after another stage the same few blocks: their buffers serve again. */
const SPARE_BLOCKS_MAX = 32

interface FreshBuild {
  readonly place: number
  /** True if the place lay beyond what the area had room for. */
  readonly grew: boolean
  readonly blocks: FreshBlocks
  checksum: bigint
}

export class Transaction implements WriteTransaction, PlaceHolder {
  readonly #state: StoreState
  readonly #sequence: number
  readonly #inlineMax: number
  readonly #inline = new Map<number, Uint8Array>()
  readonly #spill = new Map<number, Uint8Array>()
  readonly #fresh = new Map<number, FreshBuild>()
  readonly #allocations: AllocationEntry[] = []
  /** The same by number. */
  readonly #taken = new Map<number, boolean>()
  /** No number below is free. */
  #lowestFree: number
  readonly #sessionEnds: OriginRecord[]
  #sizeBlocks: number
  #smallest: number
  #dirty = false
  #reserved = false
  #ended = false

  /** `sessionEnds`: origins waiting for the next record; those that it takes along are removed. */
  constructor(state: StoreState, sessionEnds: OriginRecord[]) {
    assert(state.transaction === undefined, 'there is at most one write transaction')
    this.#state = state
    this.#sequence = state.sequence + 1
    this.#sizeBlocks = state.sizeBlocks
    this.#smallest = state.sizeBlocks
    this.#sessionEnds = sessionEnds
    this.#lowestFree = state.side.allocation.lowest
    const logBytes = state.log.size(state.log.place.log)
    this.#inlineMax = Math.max(1, Math.floor(logBytes / 4 / state.geometry.blockSize))
    state.transaction = this
  }

  get sizeBlocks(): number {
    return this.#sizeBlocks
  }

  get dirty(): boolean {
    return this.#dirty
  }

  read(block: number, into: Uint8Array): void {
    const staged = this.#inline.get(block) ?? this.#spill.get(block)
    if (staged) {
      into.set(staged)
      return
    }
    const g = this.#state.geometry
    const segment = segmentOf(block, g)
    const index = block - segment * g.blocksPerSegment
    const build = this.#fresh.get(segment)
    if (build?.blocks.has(index)) {
      const stored = { ...this.#shared(), checksum: build.blocks.checksum(index) }
      typed(() => this.#state.home.read(block, build.place, index, stored, into))
    } else if (block < this.#smallest) readBlock(this.#state, block, this.#state.sequence, into)
    else into.fill(0)
  }

  write(block: number, bytes: Uint8Array): void {
    this.#open()
    assert(bytes.length === this.#state.geometry.blockSize, 'a block is written whole')
    if (segmentOf(block, this.#state.geometry) >= SEGMENTS_MAX) {
      throw new StorageError(
        'quota',
        `Block ${block} is beyond the largest size of a store: ${SEGMENTS_MAX / 4096} GiB.`,
      )
    }
    const staged = this.#inline.get(block) ?? this.#spill.get(block)
    if (staged) staged.set(bytes)
    else if (this.#inline.size < this.#inlineMax && !this.#isFresh(block)) this.#inline.set(block, this.#copy(bytes))
    else {
      try {
        this.#toFresh(block, bytes)
      } catch (error) {
        throw this.#refused(error)
      }
    }
    this.#sizeBlocks = Math.max(this.#sizeBlocks, block + 1)
  }

  truncate(sizeBlocks: number): void {
    this.#open()
    for (const staged of [this.#inline, this.#spill]) {
      for (const block of staged.keys()) if (block >= sizeBlocks) staged.delete(block)
    }
    const g = this.#state.geometry
    for (const [segment, build] of this.#fresh) {
      const first = segment * g.blocksPerSegment
      for (let i = Math.max(0, sizeBlocks - first); i < g.blocksPerSegment; i++) build.blocks.delete(i)
      if (first >= sizeBlocks) {
        this.#state.places.free(build.place)
        this.#fresh.delete(segment)
      }
    }
    this.#sizeBlocks = sizeBlocks
    this.#smallest = Math.min(this.#smallest, sizeBlocks)
  }

  /** Takes the lowest free block number; it holds zeros until written. Throws StorageError `quota`. */
  allocate(): number {
    this.#open()
    const { allocation } = this.#state.side
    let block = this.#lowestFree
    while (this.#taken.get(block) ?? allocation.isAllocated(block)) block++
    if (block >= ALLOCATED_MAX) throw new StorageError('quota', `All ${ALLOCATED_MAX} block numbers are allocated.`)
    this.write(block, new Uint8Array(this.#state.geometry.blockSize))
    this.#note(block, true)
    this.#lowestFree = block + 1
    return block
  }

  /** Gives a number back; its content reads as zeros afterwards. Throws DataSyncError `not-allocated`. */
  deallocate(block: number): void {
    this.#open()
    if (!(this.#taken.get(block) ?? this.#state.side.allocation.isAllocated(block))) {
      throw new DataSyncError('not-allocated', `Block ${block} cannot be deallocated: it is not allocated.`)
    }
    this.write(block, new Uint8Array(this.#state.geometry.blockSize))
    this.#note(block, false)
    this.#lowestFree = Math.min(this.#lowestFree, block)
  }

  #note(block: number, allocated: boolean): void {
    this.#allocations.push({ block, allocated })
    this.#taken.set(block, allocated)
  }

  reserve(): void {
    if (!this.#dirty) return
    this.#assertOpen()
    this.#state.writer.check()
    const state = this.#state
    try {
      this.#finishFresh()
      state.places.reserve(state.homesNeeded.countWith(this.#inline.keys(), (segment) => this.#fresh.has(segment)))
      makeRoom(state, roundUp(recordBytes(this.#content([])) + state.sizes.originsBytesMax, SECTOR))
    } catch (error) {
      throw this.#refused(error)
    }
    this.#reserved = true
  }

  publish(origins: readonly Origin[]): number {
    this.#assertOpen()
    const state = this.#state
    if (!this.#dirty) {
      this.#end()
      return state.sequence
    }
    assert(this.#reserved, 'a commit is published only after its space was reserved')
    assert(state.sequence + 1 === this.#sequence, 'sequences are dense')
    const requests = origins.map((origin): OriginRecord => ({ kind: 'request', ...origin }))
    const content = this.#content([...requests, ...this.#takeSessionEnds(requests)])
    const sizeBefore = state.sizeBlocks
    const record = state.log.append(content, {
      sequence: this.#sequence,
      durableSequence: state.synced,
      timeMs: state.environment.clock.epochMs(),
      sizeBlocks: this.#sizeBlocks,
      truncatedTo: this.#smallest < sizeBefore ? this.#smallest : NOT_TRUNCATED,
      algorithm: state.algorithm,
    })
    applyRecord(state, record)
    this.#end()
    // Old homes and fresh segments of the same blocks both take space until then, and the log alone may not fill for long.
    if (content.fresh.length > 0) state.onFoldDue()
    return this.#sequence
  }

  rollback(): void {
    if (this.#ended) return
    for (const { place } of this.#fresh.values()) this.#state.places.free(place)
    this.#end()
  }

  *placesHeld(): IterableIterator<number> {
    for (const { place } of this.#fresh.values()) yield place
  }

  /** As many as there is room for beside the requests. */
  #takeSessionEnds(requests: readonly OriginRecord[]): OriginRecord[] {
    const room = this.#state.sizes.originsBytesMax - requests.reduce((sum, origin) => sum + originBytes(origin), 0)
    return this.#sessionEnds.splice(0, Math.max(0, Math.floor(room / ORIGIN.bytes)))
  }

  #content(origins: readonly OriginRecord[]): RecordContent {
    const fresh = [...this.#fresh].map(([segment, { place, checksum }]) => ({
      segment,
      place,
      headerChecksum: checksum,
    }))
    return { blocks: this.#inline, fresh, allocations: this.#allocations, origins }
  }

  #open(): void {
    this.#assertOpen()
    this.#state.writer.check()
    this.#dirty = true
    this.#reserved = false
  }

  /** Space that is missing now may be there for the next transaction. */
  #refused(error: unknown): Error {
    const refusal = storageErrorOf(error)
    if (refusal instanceof StorageError && refusal.code === 'quota') this.#state.onSpaceShort()
    return refusal
  }

  #assertOpen(): void {
    assert(!this.#ended, 'a transaction that has ended is not used')
  }

  #end(): void {
    this.#ended = true
    this.#state.transaction = undefined
    const { spareBlocks } = this.#state
    for (const bytes of this.#inline.values()) {
      if (spareBlocks.length === SPARE_BLOCKS_MAX) break
      spareBlocks.push(bytes)
    }
    this.#inline.clear()
  }

  #copy(bytes: Uint8Array): Uint8Array {
    const spare = this.#state.spareBlocks.pop()
    if (!spare) return bytes.slice()
    spare.set(bytes)
    return spare
  }

  #isFresh(block: number): boolean {
    const segment = segmentOf(block, this.#state.geometry)
    return this.#fresh.get(segment)?.blocks.has(block - segment * this.#state.geometry.blocksPerSegment) ?? false
  }

  #toFresh(block: number, bytes: Uint8Array): void {
    const segment = segmentOf(block, this.#state.geometry)
    if (!this.#fresh.has(segment)) this.#grant(segment)
    this.#spill.set(block, bytes.slice())
    if (this.#spill.size * bytes.length >= this.#state.sizes.spillBytes) this.#writeSpill()
  }

  /** A fresh segment is granted only while every home that accepted commits may need still has a place. */
  #grant(segment: number): void {
    const { places } = this.#state
    const capacity = places.capacity
    const place = places.take()
    try {
      places.reserve(this.#state.homesNeeded.count)
    } catch (error) {
      places.free(place)
      throw storageErrorOf(error)
    }
    const blocks = new FreshBlocks(this.#state.geometry)
    this.#state.home.keep(place, 0, undefined)
    this.#fresh.set(segment, { place, grew: place >= capacity, blocks, checksum: 0n })
  }

  /** Writes spilled blocks to their slots, neighbours together, and remembers them for their headers. */
  #writeSpill(): void {
    const { writer, geometry: g, checksums, algorithm, home } = this.#state
    const blocks = [...this.#spill.keys()].sort((a, b) => a - b)
    for (let i = 0; i < blocks.length; ) {
      const first = blocks[i] ?? 0
      const segment = segmentOf(first, g)
      let end = i + 1
      while (end < blocks.length && blocks[end] === first + end - i && segmentOf(blocks[end] ?? 0, g) === segment) end++
      const build = this.#fresh.get(segment)
      assert(build !== undefined, 'a spilled block has a fresh segment')
      const run = new Uint8Array((end - i) * g.blockSize)
      const index = first - segment * g.blocksPerSegment
      for (let k = i; k < end; k++) {
        const block = first + k - i
        const bytes = this.#spill.get(block)
        assert(bytes !== undefined, 'a spilled block has bytes')
        run.set(bytes, (k - i) * g.blockSize)
        build.blocks.add(index + k - i, checksums.block(algorithm, block, this.#sequence, bytes))
      }
      home.readAhead.forget(build.place)
      writer.writeUnreferenced('main', run, blockAt(build.place, index, g))
      i = end
    }
    this.#spill.clear()
  }

  /** Everything that the record will name is on the device and ordered before it. */
  #finishFresh(): void {
    const { writer, geometry: g, checksums, home, term, environment } = this.#state
    const { storeId } = this.#state.superblock
    if (this.#fresh.size === 0) return
    this.#writeSpill()
    const shared = this.#shared(Math.floor(environment.clock.epochMs() / 1000))
    for (const [segment, build] of this.#fresh) {
      if (build.grew) this.#fillHoles(build)
      const header = build.blocks.header(g, shared)
      build.checksum = header.seal({ segment, storeId, term, sequence: this.#sequence }, checksums)
      writer.writeUnreferenced('main', header.bytes, slotAt(build.place, 0, g))
      home.keep(build.place, 0, undefined)
    }
    writer.barrier()
  }

  #shared(modifiedSeconds = 0): SharedFacts {
    const { algorithm, geometry } = this.#state
    return { sequence: this.#sequence, algorithm, length: geometry.blockSize, modifiedSeconds }
  }

  /** Space that the platform counts by length alone would be missing when a fold fills the rest of the segment. */
  #fillHoles(build: FreshBuild): void {
    const { geometry: g, writer } = this.#state
    const zeros = new Uint8Array(g.blockSize)
    for (let i = 0; i < g.blocksPerSegment; i++) {
      if (!build.blocks.has(i)) writer.writeUnreferenced('main', zeros, blockAt(build.place, i, g))
    }
    writer.writeUnreferenced('main', new Uint8Array(g.slotBytes), slotAt(build.place, 1, g))
  }
}

/** Enters a record of the chain into memory; recovery and publishing do the same. */
export function applyRecord(state: StoreState, record: LogRecord): void {
  const { head, log, offset } = record
  if (head.truncatedTo !== NOT_TRUNCATED) state.index.addTruncation(head.sequence, head.truncatedTo)
  for (const block of record.blocks) {
    const { sequence, checksum, algorithm, length, modifiedSeconds } = block
    state.index.addVersion(block.block, {
      sequence,
      checksum,
      algorithm,
      length,
      modifiedSeconds,
      log,
      offset: offset + block.at,
    })
  }
  for (const fresh of record.fresh) state.index.addFresh({ ...fresh, sequence: head.sequence })
  state.homesNeeded.add(record)
  state.side.apply(record)
  state.sequence = head.sequence
  state.sizeBlocks = head.sizeBlocks
}

function storageErrorOf(error: unknown): Error {
  return error instanceof DataSyncError ? error : storageError(error)
}
