// Places for new content beside old content whose places have another size: the two grids do not line up, so a place is
// free if its bytes meet none that the old content uses. It stands apart because it is arithmetic alone.
import { type Geometry, SEGMENTS_AT } from './format.ts'
import { placesInUse, type StoreState } from './state.ts'

export class FreePlaces {
  readonly #placeBytes: number
  /** Bytes in use, from SEGMENTS_AT on, in order and apart from each other. */
  readonly #used: (readonly [from: number, to: number])[]
  #next = 0
  #range = 0

  constructor(state: StoreState, g: Geometry) {
    this.#placeBytes = g.placeBytes
    const { placeBytes } = state.geometry
    this.#used = [...placesInUse(state)]
      .sort((a, b) => a - b)
      .map((place) => [SEGMENTS_AT + place * placeBytes, SEGMENTS_AT + (place + 1) * placeBytes])
  }

  /** The lowest place that was not given yet and that nothing old uses. */
  take(): number {
    for (;;) {
      const from = SEGMENTS_AT + this.#next * this.#placeBytes
      const to = from + this.#placeBytes
      while ((this.#used[this.#range]?.[1] ?? Number.POSITIVE_INFINITY) <= from) this.#range++
      const range = this.#used[this.#range]
      if (!range || range[0] >= to) return this.#next++
      this.#next = Math.ceil((range[1] - SEGMENTS_AT) / this.#placeBytes)
    }
  }
}
