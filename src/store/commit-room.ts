// Room in the log before a group of commits runs, since a commit inside SQLite cannot wait. Usually there is some, in
// the active log or by entering the other one; else a fold is waited for. A snapshot never makes a commit wait or fail: while
// it holds a log back the active one grows, and where that must end, or where a large transaction finds no space, the
// oldest snapshot does.
import { StorageError } from '../errors/errors.ts'
import type { BlockStoreOptions } from './block-store-options.ts'
import { storageError } from './device-writer.ts'
import type { Folding } from './folding.ts'
import { MIB, RECORD_ENTRY, roundUp, SECTOR } from './format.ts'
import type { MaybePromise } from './maybe-async.ts'
import { oldestPin, type StoreState, usualBytes } from './state.ts'

/** How much pinned snapshots may hold back, and how long. */
type PinLimits = Pick<BlockStoreOptions, 'maxPinnedBytes' | 'maxPinnedMs' | 'freeBytes'>

export class CommitRoom {
  readonly counts = { endedPins: 0, roomWaits: 0 }
  readonly #state: StoreState
  readonly #folding: Folding
  readonly #limits: PinLimits

  constructor(state: StoreState, folding: Folding, limits: PinLimits) {
    this.#state = state
    this.#folding = folding
    this.#limits = limits
    state.onSpaceShort = () => {
      this.#endOldestPin()
      folding.start()
    }
  }

  /** Makes room for one more group. Throws StorageError. */
  prepare(): MaybePromise<void> {
    const { log } = this.#state
    const bytes = this.#groupBytes()
    // A commit that does not fit the active log enters the other one by itself (log-room.ts).
    if (log.room >= bytes || log.otherIsFree) return
    return this.#wait(bytes)
  }

  #groupBytes(): number {
    const { log, geometry, sizes } = this.#state
    const quarter = Math.floor(log.size(log.place.log) / 4)
    const entries = Math.ceil(quarter / geometry.blockSize + 1) * RECORD_ENTRY.bytes
    return roundUp(quarter + entries + sizes.originsBytesMax, SECTOR)
  }

  async #wait(bytes: number): Promise<void> {
    this.counts.roomWaits++
    const state = this.#state
    while (state.log.room < bytes) {
      const { foldedSequence } = state.superblock
      await this.#folding.run()
      state.writer.check()
      if (state.log.room >= bytes || state.log.otherIsFree) return
      const isPinned = oldestPin(state) < state.sequence
      if (!isPinned && state.superblock.foldedSequence > foldedSequence) continue
      if (!(await this.#grow()) && !this.#endOldestPin())
        throw new StorageError('quota', 'There is no space for the log.')
    }
  }

  async #grow(): Promise<boolean> {
    const { log, environment, pins, sizes } = this.#state
    const before = log.size(log.place.log)
    const bytes = before + sizes.logStepBytes
    const usual = usualBytes(this.#state)
    const { maxPinnedBytes = 256 * MIB, maxPinnedMs = 600_000, freeBytes } = this.#limits
    if (bytes > usual + maxPinnedBytes) return false
    const free = await freeBytes?.()
    // What is held back already is not free any more.
    const pinned = Math.max(0, before - usual)
    if (free !== undefined && bytes > usual + Math.floor((free + pinned) / 2)) return false
    const now = environment.clock.monotonicMs()
    for (const pin of pins) if (now - pin.sinceMs > maxPinnedMs) return false
    try {
      log.grow(bytes)
      return true
    } catch (error) {
      const typed = storageError(error)
      if (typed.code !== 'quota') throw typed
      return false
    }
  }

  #endOldestPin(): boolean {
    const oldest = oldestPin(this.#state)
    if (oldest >= this.#state.sequence) return false
    for (const pin of this.#state.pins) {
      if (pin.sequence !== oldest) continue
      pin.ended = true
      this.#state.pins.delete(pin)
    }
    this.counts.endedPins++
    return true
  }
}
