// Which stored values of a log area still show: a log is kept as one numbered value per write, and a later write may lie
// over any part of earlier ones. It stands apart because it decides what may be deleted from storage.
//
// Rule: the content of the area is what all its values give when they are laid down in the order of their numbers.
// A value is dead, and only then may be deleted, once every byte of it lies under newer values. So nothing stored is
// ever trimmed or rewritten, and the same rule rebuilds the content after a reload.
//
// Invariants: segments are sorted, disjoint and not empty; a value is live if and only if it owns a segment.

export interface Extent {
  readonly start: number
  readonly end: number
}

interface Segment {
  start: number
  end: number
  readonly number: number
}

export class LogValues {
  #segments: Segment[] = []
  /** Segments that each live value owns. */
  readonly #owned = new Map<number, number>()
  readonly #extents = new Map<number, Extent>()

  /** Live values and the places that they were written to. */
  get extents(): ReadonlyMap<number, Extent> {
    return this.#extents
  }

  /** Byte behind the last one of any live value, also where newer values lie over it. */
  get reach(): number {
    let reach = 0
    for (const { end } of this.#extents.values()) reach = Math.max(reach, end)
    return reach
  }

  /** Lays value `number`, newer than all others, over [start, end); returns the numbers that are dead now. */
  cover(number: number, start: number, end: number): number[] {
    const dead = this.uncover(start, end)
    if (start < end) {
      this.#segments.splice(this.#firstBehind(start), 0, { start, end, number })
      this.#owned.set(number, 1)
      this.#extents.set(number, { start, end })
    }
    return dead
  }

  /** Takes [start, end) from the values that show there; returns the numbers that are dead now. */
  uncover(start: number, end: number): number[] {
    const dead: number[] = []
    const first = this.#firstBehind(start)
    let last = first
    const remains: Segment[] = []
    for (; last < this.#segments.length; last++) {
      const segment = this.#segments[last]!
      if (segment.start >= end) break
      const left = segment.start < start
      const right = segment.end > end
      if (left) remains.push({ start: segment.start, end: start, number: segment.number })
      if (right) remains.push({ start: end, end: segment.end, number: segment.number })
      const owned = this.#owned.get(segment.number)! - 1 + (left ? 1 : 0) + (right ? 1 : 0)
      this.#owned.set(segment.number, owned)
      if (owned > 0) continue
      this.#owned.delete(segment.number)
      this.#extents.delete(segment.number)
      dead.push(segment.number)
    }
    if (last > first) this.#segments.splice(first, last - first, ...remains)
    return dead
  }

  /** Index of the first segment that ends behind byte `at`. */
  #firstBehind(at: number): number {
    let low = 0
    let high = this.#segments.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#segments[middle]!.end > at) high = middle
      else low = middle + 1
    }
    return low
  }
}
