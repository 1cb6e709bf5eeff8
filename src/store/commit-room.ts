// Room in the log before a group of commits runs, since a commit inside SQLite cannot wait. Usually there is some, in
// the active log or by entering the other one; else a fold is waited for. A snapshot never makes a commit wait or fail: while
// it holds a log back the active one grows, and where that must end, or where a large transaction finds no space, the
// oldest snapshot does.
import { StorageError } from '../errors/errors.ts'
import { storageError } from './device-writer.ts'
import type { Folding } from './folding.ts'
import { RECORD_ENTRY, roundUp, SECTOR } from './format.ts'
import type { MaybePromise } from './maybe-async.ts'
import { oldestPin, type StoreState, usualBytes } from './state.ts'

export interface PinLimits {
  /** Log bytes beyond the usual that pinned snapshots may hold back. */
  readonly maxPinnedBytes: number
  /** Milliseconds after which a snapshot that is in the way ends. */
  readonly maxPinnedMs: number
}

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
      if (!this.#grow() && !this.#endOldestPin()) throw new StorageError('quota', 'There is no space for the log.')
    }
  }

  #grow(): boolean {
    const { log, environment, pins, sizes } = this.#state
    const bytes = log.size(log.place.log) + sizes.logStepBytes
    if (bytes > usualBytes(this.#state) + this.#limits.maxPinnedBytes) return false
    const now = environment.clock.monotonicMs()
    for (const pin of pins) if (now - pin.sinceMs > this.#limits.maxPinnedMs) return false
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
