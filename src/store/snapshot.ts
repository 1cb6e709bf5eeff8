// A pinned state of the store, as readers hold it. While it lives, no fold passes it; a store that needs the space may
// end it, and reads then say so.
import { SnapshotTooOldError } from '../errors/errors.ts'
import { assert } from './assert.ts'
import type { Snapshot } from './block-store-types.ts'
import { readBlock } from './locate.ts'
import type { Pin, StoreState } from './state.ts'

/** Pins the newest published state; `untimed`: no time limit ends it. */
export function pinNewest(state: StoreState, untimed: boolean): Pin {
  const { sequence, sizeBlocks, environment } = state
  const sinceMs = untimed ? Number.POSITIVE_INFINITY : environment.clock.monotonicMs()
  const pin: Pin = { sequence, sizeBlocks, sinceMs, ended: false }
  state.pins.add(pin)
  return pin
}

export class PinnedSnapshot implements Snapshot {
  readonly #state: StoreState
  readonly #pin: Pin

  constructor(state: StoreState, pin: Pin) {
    this.#state = state
    this.#pin = pin
  }

  get sequence(): number {
    return this.#pin.sequence
  }

  get sizeBlocks(): number {
    return this.#pin.sizeBlocks
  }

  read(block: number, into: Uint8Array): void {
    if (this.#pin.ended) {
      throw new SnapshotTooOldError(
        'This snapshot had to end: the store needed its space, or its content was replaced. Read again.',
      )
    }
    assert(this.#state.pins.has(this.#pin), 'a snapshot is not read after its release')
    if (block >= this.#pin.sizeBlocks) into.fill(0)
    else readBlock(this.#state, block, this.#pin.sequence, into)
  }

  release(): void {
    this.#state.pins.delete(this.#pin)
  }
}
