// Where the newest versions of blocks are while they are not home yet: in a log, or in a fresh segment that a large
// transaction wrote. It stands apart because it is pure memory: rebuilt from the records at every opening.
//
// Invariants: versions of a block are kept newest first, with falling sequences; all sequences here are newer than the
// fold that the table describes; a block of one commit is in the log or in a fresh segment, never in both.

/** Where bytes of a block are stored, and what they must look like. */
export interface Stored {
  readonly sequence: number
  readonly checksum: bigint
  readonly algorithm: number
  readonly length: number
  readonly modifiedSeconds: number
}

export interface LogVersion extends Stored {
  readonly log: 0 | 1
  /** Byte offset of the payload in the log. */
  readonly offset: number
  older: LogVersion | undefined
}

/** One fresh segment named by a commit record. Which blocks it holds stands in its header (slot 0 of the place). */
export interface FreshSegment {
  readonly segment: number
  readonly place: number
  readonly headerChecksum: bigint
  readonly sequence: number
}

interface Truncation {
  readonly sequence: number
  readonly sizeBlocks: number
}

export class BlockIndex {
  readonly #versions = new Map<number, LogVersion>()
  readonly #fresh = new Map<number, FreshSegment[]>()
  #truncations: Truncation[] = []
  /** No truncation that is kept cut to less: blocks below are never cut off, and need no search. */
  #smallestCut = Number.POSITIVE_INFINITY

  addVersion(block: number, version: Omit<LogVersion, 'older'>): void {
    const { sequence, checksum, algorithm, length, modifiedSeconds, log, offset } = version
    const older = this.#versions.get(block)
    this.#versions.set(block, { sequence, checksum, algorithm, length, modifiedSeconds, log, offset, older })
  }

  addFresh(fresh: FreshSegment): void {
    const list = this.#fresh.get(fresh.segment)
    if (list) list.unshift(fresh)
    else this.#fresh.set(fresh.segment, [fresh])
  }

  addTruncation(sequence: number, sizeBlocks: number): void {
    this.#truncations.push({ sequence, sizeBlocks })
    this.#smallestCut = Math.min(this.#smallestCut, sizeBlocks)
  }

  /** Newest version in a log at or before `sequence`. */
  versionAt(block: number, sequence: number): LogVersion | undefined {
    let version = this.#versions.get(block)
    while (version && version.sequence > sequence) version = version.older
    return version
  }

  /** Fresh segments of `segment` at or before `sequence`, newest first. */
  freshAt(segment: number, sequence: number): readonly FreshSegment[] {
    const list = this.#fresh.get(segment)
    if (!list) return NONE
    return list[0] && list[0].sequence <= sequence ? list : list.filter((fresh) => fresh.sequence <= sequence)
  }

  /** True if block `block` as of commit `written` had been cut off by `sequence`. */
  cutOff(block: number, written: number, sequence: number): boolean {
    if (block < this.#smallestCut) return false
    for (const cut of this.#truncations) {
      if (cut.sequence > written && cut.sequence <= sequence && block >= cut.sizeBlocks) return true
    }
    return false
  }

  /** Smallest size that any commit in (after, upTo] passed through; Infinity if none cut anything off. */
  smallestSize(upTo: number): number {
    let smallest = Number.POSITIVE_INFINITY
    for (const cut of this.#truncations) if (cut.sequence <= upTo) smallest = Math.min(smallest, cut.sizeBlocks)
    return smallest
  }

  /** Blocks with a version in a log at or before `sequence`. */
  *blocksUpTo(sequence: number): IterableIterator<number> {
    for (const block of this.#versions.keys()) if (this.versionAt(block, sequence)) yield block
  }

  /** All fresh segments. */
  *fresh(): IterableIterator<FreshSegment> {
    for (const list of this.#fresh.values()) yield* list
  }

  /** Forgets what a fold up to `sequence` has brought home. */
  fold(sequence: number): void {
    for (const [block, newest] of this.#versions) {
      if (newest.sequence <= sequence) {
        this.#versions.delete(block)
        continue
      }
      let version = newest
      while (version.older && version.older.sequence > sequence) version = version.older
      version.older = undefined
    }
    for (const [segment, list] of this.#fresh) {
      const kept = list.filter((fresh) => fresh.sequence > sequence)
      if (kept.length) this.#fresh.set(segment, kept)
      else this.#fresh.delete(segment)
    }
    this.#truncations = this.#truncations.filter((cut) => cut.sequence > sequence)
    this.#smallestCut = this.smallestSize(Number.POSITIVE_INFINITY)
  }

  get versionCount(): number {
    return this.#versions.size
  }
}

const NONE: readonly FreshSegment[] = []
