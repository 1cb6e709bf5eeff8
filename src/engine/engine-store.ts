// What the engine uses of a store besides its blocks: housekeeping, outcomes, new content. It stands apart because engine,
// runner and housekeeping all name it.
import type { Blocks } from '../store/block-store-types.ts'

/** The store's housekeeping, as far as it has it. */
export interface MaintenanceStore {
  checkpoint?(): Promise<void>
  compact?(): Promise<void>
  verify?(options: {
    readonly onProgress: (done: number, total: number) => void
  }): Promise<{ readonly blocks: number; readonly damaged: readonly number[] }>
  metrics?(): Readonly<Record<string, number>>
  replace?(blockSize: number): Promise<NewContent>
  /** Commits wait until outcomes are acknowledged or sessions end. */
  readonly outcomesFull?: boolean
  /** Stores what clients have acknowledged, and ended sessions, at once. Not beside a transaction. */
  acknowledge?(acknowledged: Iterable<{ readonly client: string; readonly ackedThrough: number }>): Promise<void>
  readonly term?: number
  /** Made anew whenever the whole content is replaced. */
  readonly contentId?: string
  /** What ended the store, if something did. */
  readonly latched?: unknown
}

/** New content of the store, as far as an import uses it. */
export interface NewContent {
  readonly sizeBlocks: number
  append(block: Uint8Array): void | Promise<void>
  view(): Blocks
  commit(): Promise<void>
  abandon(): Promise<void>
}
