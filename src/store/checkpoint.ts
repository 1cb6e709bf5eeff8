// The checkpoint: brings commits from the log home, so that the log can be used again. In this order, as the format
// demands: (1) sync, and make something synced claim what is synced; (2) write the blocks as of F in place and the other
// header slot of each touched segment; (3) write table and side table to the places that no superblock names; (4) sync;
// (5) write one superblock, sync; (6) write the other, sync. Only then anything old may be reused.
//
// Invariants: F is claimed by something synced and not newer than the oldest pin; a crash before (5) leaves the old
// state, whose log still holds every block written over; between (5) and (6) both superblocks lead to the same last
// commit; copies are verified and keep their checksum; a failed sync before (5) sends the fold back to (1). What is damaged
// does not stop a fold, else the log would never be free again: once a second try has found the same, the bytes are
// copied as they are with the checksum that they fail, and blocks whose header is damaged get one that fails.
import { DeviceError } from '../device/device.ts'
import { StorageError } from '../errors/errors.ts'
import { assert } from './assert.ts'
import type { Stored } from './block-index.ts'
import { CHECKSUM_IDS } from './checksum.ts'
import { storageError } from './device-writer.ts'
import { blockAt, SIDE_AT, SIDE_BYTES_MAX, SUPERBLOCK_AT, segmentOf, slotAt, TABLE_AT } from './format.ts'
import { type Location, locate, readLocated } from './locate.ts'
import { isMark, type LogRecord, placeAfter } from './log.ts'
import { enterOtherLog } from './log-room.ts'
import { SegmentHeader } from './segment-header.ts'
import type { HomeSegment, SegmentTable } from './segment-table.ts'
import { oldestPin, placesInUse, type StoreState } from './state.ts'
import { encodeSuperblock, type Superblock } from './superblock.ts'

/** Gives other work a turn where it is due. */
export type Slice = () => Promise<void>

export interface FoldCounts {
  folds: number
  restarts: number
  segments: number
  blocks: number
  /** Blocks that were damaged before they were brought home, and still are. */
  damaged: number
}

/** Failed writes of a fold after which it gives up until the next checkpoint; nothing is harmed by then. */
const WRITE_FAILURES_MAX = 3

/** Runs one checkpoint to its end. Resolves without effect if nothing can be folded. Throws StorageError. */
export async function runCheckpoint(state: StoreState, slice: Slice, counts: FoldCounts): Promise<void> {
  let withDamage = false
  for (let failures = 0; ; counts.restarts++) {
    const fold = new Fold(state, slice, counts, withDamage)
    try {
      if (await fold.run()) return
    } catch (error) {
      fold.abandon()
      if (!withDamage && isDamage(error)) {
        withDamage = true
        continue
      }
      if (!(error instanceof DeviceError)) throw error
      if (++failures === WRITE_FAILURES_MAX) throw storageError(error)
      continue
    }
    fold.abandon()
  }
}

const isDamage = (error: unknown): boolean => error instanceof StorageError && error.code === 'corrupt'

class Fold {
  readonly #state: StoreState
  readonly #slice: Slice
  readonly #counts: FoldCounts
  readonly #withDamage: boolean
  readonly #failures: number
  readonly #taken: number[] = []

  constructor(state: StoreState, slice: Slice, counts: FoldCounts, withDamage: boolean) {
    this.#state = state
    this.#slice = slice
    this.#counts = counts
    this.#withDamage = withDamage
    this.#failures = state.writer.failedSyncs
  }

  /** Frees places that nothing leads to, after a fold that did not get to its superblock. */
  abandon(): void {
    for (const place of this.#taken.splice(0)) this.#state.places.free(place)
  }

  /** True when done, false when a sync failed on the way and everything must be written anew. */
  async run(): Promise<boolean> {
    const state = this.#state
    await this.#claim()
    if (this.#failed) return false
    const sequence = Math.min(state.claimed, oldestPin(state))
    if (sequence <= state.superblock.foldedSequence) return true
    const lastCommit = state.log.records.findLast((record) => !isMark(record) && record.head.sequence <= sequence)
    const last = state.log.records.findLast((record) => record.head.sequence <= sequence)
    assert(lastCommit !== undefined && last !== undefined, 'what is folded stands in the log')
    // Reserved by the commits already, but a power cut can take the growth of one area and leave the record in the other.
    state.places.reserve(state.homesNeeded.count)
    const table = state.home.table.clone()
    for (const segment of this.#touched(sequence)) {
      table.set(segment, this.#foldSegment(segment, sequence, lastCommit.head.sizeBlocks))
      await this.#slice()
      if (state.writer.device.crowded) await state.writer.flush()
      if (this.#failed) return false
    }
    const side = state.sideAtFold.clone()
    for (const record of state.log.records) if (!isMark(record) && record.head.sequence <= sequence) side.apply(record)
    const next = this.#writeTables(table, side.encode(sequence))
    await syncAll(state)
    if (this.#failed) return false
    await this.#slice()
    if (this.#failed) return false
    this.#taken.length = 0
    await this.#writeSuperblocks({ ...next, ...this.#chain(last, lastCommit, sequence) })
    state.sideAtFold = side
    this.#release(table, last, sequence)
    this.#counts.folds++
    return true
  }

  get #failed(): boolean {
    return this.#state.writer.failedSyncs !== this.#failures
  }

  /** Step 1: sync; and unless something synced already says so, say in a mark what is synced, and sync that. */
  async #claim(): Promise<void> {
    const state = this.#state
    await syncAll(state)
    if (state.claimed >= state.synced) return
    if (!state.log.markFits && state.log.otherIsFree) enterOtherLog(state)
    if (!state.log.markFits) return
    appendMark(state)
    await syncAll(state)
  }

  /** Segments that any commit up to `sequence` has changed, in the order of the main area's numbers. */
  #touched(sequence: number): number[] {
    const { index, geometry: g, home } = this.#state
    const touched = new Set<number>()
    for (const block of index.blocksUpTo(sequence)) touched.add(segmentOf(block, g))
    for (const fresh of index.fresh()) if (fresh.sequence <= sequence) touched.add(fresh.segment)
    const smallest = index.smallestSize(sequence)
    if (smallest !== Number.POSITIVE_INFINITY) {
      for (let segment = segmentOf(smallest, g); segment < home.table.length; segment++) touched.add(segment)
    }
    return [...touched].sort((a, b) => a - b)
  }

  /** Step 2 for one segment: its home as of `sequence`, or undefined if it holds nothing then. */
  #foldSegment(segment: number, sequence: number, sizeBlocks: number): HomeSegment | undefined {
    const state = this.#state
    const { geometry: g, home, writer, checksums, term } = state
    const first = segment * g.blocksPerSegment
    const locations: Location[] = []
    const lost = new Set<number>()
    for (let i = 0; i < g.blocksPerSegment; i++) {
      const location = first + i < sizeBlocks ? this.#locate(first + i, sequence) : ZERO
      if (!location) lost.add(i)
      locations.push(location ?? ZERO)
    }
    if (lost.size === 0 && locations.every((location) => location.kind === 'zero')) return undefined
    const { place, slot } = this.#target(segment, sequence, locations)
    home.readAhead.forget(place)
    const header = SegmentHeader.empty(g)
    for (let i = 0; i < locations.length; ) {
      const end = this.#runEnd(locations, i, place)
      if (end > i) this.#copyRun(first, i, end, locations, place)
      for (let k = i; k < Math.max(end, i + 1); k++) {
        const location = locations[k]
        if (location && location.kind !== 'zero') header.set(k, location.stored)
      }
      i = Math.max(end, i + 1)
    }
    for (const i of lost) header.set(i, unreadable(sequence, g.blockSize))
    this.#counts.damaged += lost.size
    const { storeId } = state.superblock
    const headerChecksum = header.seal({ segment, storeId, term, sequence }, checksums)
    writer.writeFold('main', header.bytes, slotAt(place, slot, g))
    home.keep(place, slot, header)
    this.#counts.segments++
    return { place, slot, headerChecksum }
  }

  /** Undefined if the header that would tell is damaged. */
  #locate(block: number, sequence: number): Location | undefined {
    try {
      return locate(this.#state, block, sequence)
    } catch (error) {
      if (!this.#withDamage || !isDamage(error)) throw error
      return undefined
    }
  }

  /** A fresh segment that holds at least half becomes the home; else the old home stays; else any fresh one; else a reserved place. */
  #target(segment: number, sequence: number, locations: readonly Location[]): { place: number; slot: 0 | 1 } {
    const { home, index, places } = this.#state
    const held = (place: number) => locations.filter((l) => l.kind === 'main' && l.place === place).length
    const fresh = index.freshAt(segment, sequence).map(({ place }) => ({ place, held: held(place) }))
    const best = fresh.sort((a, b) => b.held - a.held)[0]
    const old = home.table.get(segment)
    if (best && (!old || best.held * 2 >= locations.length)) return { place: best.place, slot: 1 }
    if (old) return { place: old.place, slot: old.slot === 0 ? 1 : 0 }
    const place = places.takeReserved()
    this.#taken.push(place)
    return { place, slot: 0 }
  }

  /** End of the run of blocks from `from` that must be copied to `place`. */
  #runEnd(locations: readonly Location[], from: number, place: number): number {
    let end = from
    for (; end < locations.length; end++) {
      const location = locations[end]
      if (!location || location.kind === 'zero' || (location.kind === 'main' && location.place === place)) break
    }
    return end
  }

  #copyRun(first: number, from: number, to: number, locations: readonly Location[], place: number): void {
    const state = this.#state
    const { blockSize } = state.geometry
    const run = new Uint8Array((to - from) * blockSize)
    for (let i = from; i < to; i++) {
      const location = locations[i]
      const copy = run.subarray((i - from) * blockSize, (i - from + 1) * blockSize)
      if (location) this.#copy(first + i, location, copy)
    }
    state.writer.writeFold('main', run, blockAt(place, from, state.geometry))
    this.#counts.blocks += to - from
  }

  #copy(block: number, location: Location, copy: Uint8Array): void {
    const state = this.#state
    try {
      readLocated(state, block, location, copy)
    } catch (error) {
      if (!this.#withDamage || !isDamage(error)) throw error
      if (location.kind === 'log') state.log.read(location.stored.log, location.stored.offset, copy)
      else if (location.kind === 'main') state.home.readAhead.direct(location.place, location.index, copy)
      this.#counts.damaged++
    }
  }

  /** Step 3. Returns what the superblock says of the tables. */
  #writeTables(table: SegmentTable, side: Uint8Array): Superblock {
    const { writer, checksums, namedPlaces, superblock } = this.#state
    const tablePlace = namedPlaces.table.has(0) ? 1 : 0
    const sidePlace = namedPlaces.side.has(0) ? 1 : 0
    assert(
      !namedPlaces.table.has(tablePlace) && !namedPlaces.side.has(sidePlace),
      'a table place that is named is not written',
    )
    const bytes = table.encode()
    assert(side.length <= SIDE_BYTES_MAX, 'the side table fits its place')
    writer.writeFold('main', bytes, TABLE_AT[tablePlace])
    writer.writeFold('main', side, SIDE_AT[sidePlace])
    return {
      ...superblock,
      tablePlace,
      tableEntries: bytes.length / 16,
      tableChecksum: checksums.structure(bytes),
      sidePlace,
      sideBytes: side.length,
      sideChecksum: checksums.structure(side),
    }
  }

  #chain(last: LogRecord, lastCommit: LogRecord, sequence: number): Partial<Superblock> {
    const { superblock, term, synced, environment } = this.#state
    const place = placeAfter(last)
    return {
      generation: superblock.generation + 1,
      term,
      foldedSequence: sequence,
      durableSequence: synced,
      sizeBlocks: lastCommit.head.sizeBlocks,
      replayLog: place.log,
      replayOffset: place.offset,
      replayTerm: place.term,
      replayChecksum: place.checksum,
      endLog: place.log,
      endOffset: place.offset,
      endTerm: place.term,
      endChecksum: place.checksum,
      endSequence: sequence,
      writtenMs: environment.clock.epochMs(),
    }
  }

  /** Steps 5 and 6. */
  async #writeSuperblocks(next: Superblock): Promise<void> {
    const state = this.#state
    const bytes = encodeSuperblock(next, state.checksums)
    const old = state.superblock
    state.namedPlaces = {
      table: new Set([old.tablePlace, next.tablePlace]),
      side: new Set([old.sidePlace, next.sidePlace]),
    }
    state.writer.write('main', bytes, SUPERBLOCK_AT[0])
    await syncAll(state)
    state.superblock = next
    state.claimed = Math.max(state.claimed, next.durableSequence)
    await this.#slice()
    state.writer.write('main', bytes, SUPERBLOCK_AT[1])
    await syncAll(state)
    state.namedPlaces = { table: new Set([next.tablePlace]), side: new Set([next.sidePlace]) }
  }

  /** After step 6: the table is in force, and the log, old slots, tables and segments may be reused. */
  #release(table: SegmentTable, last: LogRecord, sequence: number): void {
    const state = this.#state
    state.home.table = table
    state.index.fold(sequence)
    state.log.forget(placeAfter(last))
    state.homesNeeded.rebuild(state.log.records)
    state.places.reset(placesInUse(state))
  }
}

const ZERO: Location = { kind: 'zero' }

/** An entry that no bytes pass, for a block of which nothing is known any more. */
const unreadable = (sequence: number, length: number): Stored => ({
  sequence,
  checksum: 0n,
  algorithm: CHECKSUM_IDS.xxhash64,
  length,
  modifiedSeconds: 0,
})

/** Hands everything published to the device and syncs it. */
export async function syncAll(state: StoreState): Promise<void> {
  state.log.write()
  await state.writer.sync()
}

/** Appends a mark that claims what is synced. There must be room. */
export function appendMark(state: StoreState): void {
  const { synced, sequence, sizeBlocks, environment } = state
  state.log.mark({ sequence, durableSequence: synced, sizeBlocks, timeMs: environment.clock.epochMs() })
}
