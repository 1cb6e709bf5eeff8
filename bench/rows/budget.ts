// The time that a run may take, given out row by row: each row gets its share of what is left, and repeats its rounds while it
// has time, at least once and at most as often as was asked for.

/** Of one step, if the whole run may take as long as it likes. */
const STEP_MS = 300_000
/** A single step of a bounded run may take this much of its row's time. */
const STEP_SHARE = 1 / 3
const STEP_MS_MIN = 15_000

export class Budget {
  readonly #untilMs: number
  #rows: number
  #rowUntilMs = 0
  #stepMs = STEP_MS

  /** What takes longer is given up and said to. */
  get stepMs(): number {
    return this.#stepMs
  }

  constructor(minutes: number | undefined, rows: number) {
    this.#untilMs = minutes === undefined ? Number.POSITIVE_INFINITY : performance.now() + minutes * 60_000
    this.#rows = rows
  }

  beginRow(): void {
    const now = performance.now()
    const rowMs = Math.max(0, this.#untilMs - now) / Math.max(1, this.#rows)
    this.#rowUntilMs = now + rowMs
    this.#stepMs = Math.min(STEP_MS, Math.max(STEP_MS_MIN, rowMs * STEP_SHARE))
    this.#rows -= 1
  }

  /** Whether another round that takes so long fits into the row's time. */
  allows(roundMs: number): boolean {
    return performance.now() + roundMs <= this.#rowUntilMs
  }
}
