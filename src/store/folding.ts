// At most one checkpoint at a time, in slices beside other work; who asks while one runs joins it.
import type { Environment } from '../environment.ts'
import type { BlockStoreOptions } from './block-store-options.ts'
import { type FoldCounts, runCheckpoint, type Slice } from './checkpoint.ts'
import { typed } from './device-writer.ts'
import { SEGMENTS_AT } from './format.ts'
import type { StoreState } from './state.ts'

const SLICE_MS = 8

/** A fold in idle time is worth its writes once the log holds this share of its usual size. */
export const IDLE_FOLD_SHARE = 0.25

/** Told when a fold failed that nobody waits for, and how many blocks a fold found damaged. */
type FoldReports = Pick<BlockStoreOptions, 'onCheckpointFailure' | 'onDamage'>

export class Folding {
  readonly counts: FoldCounts = { folds: 0, restarts: 0, segments: 0, blocks: 0, damaged: 0 }
  readonly #state: StoreState
  readonly #slice: Slice
  readonly #reports: FoldReports
  #running: Promise<void> | undefined

  constructor(state: StoreState, slice: Slice | undefined, reports: FoldReports) {
    this.#state = state
    this.#slice = slice ?? timeSlice(state.environment)
    this.#reports = reports
  }

  /** The fold that is running, if any. */
  get running(): Promise<void> | undefined {
    return this.#running
  }

  /** Starts a fold or joins the one that is running. Throws StorageError. */
  run(): Promise<void> {
    const { damaged } = this.counts
    this.#running ??= runCheckpoint(this.#state, this.#slice, this.counts).finally(() => {
      this.#running = undefined
      if (this.counts.damaged > damaged) this.#reports.onDamage?.(this.counts.damaged - damaged)
    })
    return this.#running
  }

  /**
   * Starts a fold beside new commits, after the commit that asks for it; who needs its room later runs into the same
   * failure and throws it.
   */
  start(): void {
    Promise.resolve()
      .then(() => this.run())
      .catch((error) => this.#reports.onCheckpointFailure?.(error))
  }
}

/** Gives free space at the end of the main area back. Throws StorageError. */
export function cutMain({ places, homesNeeded, geometry, writer: { device } }: StoreState): void {
  const bytes = SEGMENTS_AT + (places.end + homesNeeded.count) * geometry.placeBytes
  if (bytes < device.size('main')) typed(() => device.truncate('main', bytes))
}

function timeSlice({ clock }: Environment): () => Promise<void> {
  let since = clock.monotonicMs()
  return async () => {
    if (clock.monotonicMs() - since < SLICE_MS) return
    await clock.yield()
    since = clock.monotonicMs()
  }
}
