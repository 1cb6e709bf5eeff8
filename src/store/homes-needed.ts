// Segments that the next folds will have to find a new place for. Every commit asks, so it is kept up to date instead
// of counted.
//
// Invariant: a segment without a home needs a place if, at some fold that may come, it holds blocks from a log and no
// fresh segment yet, which could become its home; that is so exactly if its first unfolded commit wrote it in the log.
import { type Geometry, segmentOf } from './format.ts'
import type { SegmentTable } from './segment-table.ts'

interface RecordPlaces {
  readonly blocks: readonly { readonly block: number }[]
  readonly fresh: readonly { readonly segment: number }[]
}

export class HomesNeeded {
  readonly #table: () => SegmentTable
  readonly #g: Geometry
  readonly #needed = new Set<number>()
  readonly #covered = new Set<number>()

  constructor(table: () => SegmentTable, g: Geometry) {
    this.#table = table
    this.#g = g
  }

  /** Enters an accepted commit, in order. */
  add(record: RecordPlaces): void {
    for (const { segment } of record.fresh) if (!this.#isSettled(segment)) this.#covered.add(segment)
    for (const { block } of record.blocks) {
      const segment = segmentOf(block, this.#g)
      if (!this.#isSettled(segment)) this.#needed.add(segment)
    }
  }

  /** Starts over after a fold, with the commits that it left. */
  rebuild(records: Iterable<RecordPlaces>): void {
    this.#needed.clear()
    this.#covered.clear()
    for (const record of records) this.add(record)
  }

  /** Places needed once a transaction with these blocks in the log and these fresh segments is accepted too. */
  countWith(blocks: Iterable<number>, hasFresh: (segment: number) => boolean): number {
    let more: Set<number> | undefined
    for (const block of blocks) {
      const segment = segmentOf(block, this.#g)
      if (!this.#isSettled(segment) && !hasFresh(segment)) more = (more ?? new Set()).add(segment)
    }
    return this.#needed.size + (more?.size ?? 0)
  }

  get count(): number {
    return this.#needed.size
  }

  #isSettled(segment: number): boolean {
    return this.#table().get(segment) !== undefined || this.#needed.has(segment) || this.#covered.has(segment)
  }
}
