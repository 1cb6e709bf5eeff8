// Which rows are in view. It stands apart from the grid because a browser lays out no element taller than about 17
// million pixels: a longer result gets a shorter scroll range, and this maps one to the other. Small moves stay exact, row
// by row; a jump of the scroll bar goes to its share of the result. Without need for that it is the identity.

export const ROW_PX = 26
const SCROLL_PX_MAX = 15_600_000
const OVERSCAN = 8

export interface VisibleRows {
  readonly first: number
  /** Behind the last one. */
  readonly end: number
  /** Where the first one stands in the scrolled element, in pixels. */
  readonly offsetPx: number
}

export class Viewport {
  readonly rows: number
  /** Height of the scrolled element. */
  readonly scrollPx: number
  heightPx = 600
  /** Where the scroll bar stands. */
  #scrolled = 0
  /** What is at the top of the view, as if there were no limit. */
  #top = 0

  constructor(rows: number) {
    this.rows = rows
    this.scrollPx = Math.min(rows * ROW_PX, SCROLL_PX_MAX)
  }

  /** The user, or the page, has scrolled to `scrolled`. */
  scrollTo(scrolled: number): void {
    const step = scrolled - this.#scrolled
    this.#scrolled = scrolled
    if (this.scrollPx === this.#fullPx) this.#top = scrolled
    else if (scrolled <= 0) this.#top = 0
    else if (scrolled >= this.#scrollMax) this.#top = this.#topMax
    else if (Math.abs(step) <= this.heightPx * 2) this.#top = Math.min(Math.max(0, this.#top + step), this.#topMax)
    else this.#top = (scrolled / this.#scrollMax) * this.#topMax
  }

  /** Brings `row` into view; gives where to scroll to, or undefined if it is in view. */
  reveal(row: number): number | undefined {
    const rowTop = row * ROW_PX
    const room = this.heightPx - ROW_PX * 2
    if (rowTop >= this.#top && rowTop <= this.#top + room) return undefined
    this.#top = Math.min(Math.max(0, rowTop < this.#top ? rowTop : rowTop - room), this.#topMax)
    this.#scrolled = this.#placeOf(this.#top)
    return this.#scrolled
  }

  /** Where the scroll bar should stand when it comes to rest, if exact moves have led it away from there. */
  rest(): number | undefined {
    const place = this.#placeOf(this.#top)
    if (Math.abs(place - this.#scrolled) < 1) return undefined
    this.#scrolled = place
    return place
  }

  visible(): VisibleRows {
    const first = Math.max(0, Math.floor(this.#top / ROW_PX) - OVERSCAN)
    const end = Math.min(this.rows, Math.ceil((this.#top + this.heightPx) / ROW_PX) + OVERSCAN)
    return { first, end, offsetPx: this.#scrolled + first * ROW_PX - this.#top }
  }

  // Whole pixels, since that is what a browser keeps of a scroll position.
  #placeOf(top: number): number {
    if (this.scrollPx === this.#fullPx || this.#topMax === 0) return top
    return Math.round((top / this.#topMax) * this.#scrollMax)
  }

  get #fullPx(): number {
    return this.rows * ROW_PX
  }

  /** The head takes one row of the view, which the scrolled element does not hold. */
  get #scrollMax(): number {
    return Math.max(0, this.scrollPx + HEAD_PX - this.heightPx)
  }

  get #topMax(): number {
    return Math.max(0, this.#fullPx + HEAD_PX - this.heightPx)
  }
}

export const HEAD_PX = 28
