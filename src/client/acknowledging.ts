// When an engine hears which requests are settled on its client's side, since it keeps their outcomes until then: with
// whatever is sent, and alone where nothing else is. It stands apart from the line, which knows what is settled.

import type { Clock } from '../environment.ts'

/** How long settled requests may stay unacknowledged without other traffic, in milliseconds. */
const ACKNOWLEDGE_MS = 1000
/** Settled requests that are acknowledged at once: what an engine keeps of them has its bounds. */
const ACKNOWLEDGE_COUNT = 1024

export interface AcknowledgingOptions {
  readonly clock: Clock
  /** The number up to which every request is settled. */
  readonly settledThrough: () => number
  readonly hasEngine: () => boolean
  /** Sends the acknowledgement alone; asks `through` for it. */
  readonly send: () => void
}

export class Acknowledging {
  readonly #options: AcknowledgingOptions
  #through = 0
  #cancelTimer: (() => void) | undefined

  constructor(options: AcknowledgingOptions) {
    this.#options = options
  }

  /** What is to be said with a message that is being sent. */
  through(): number {
    this.#through = this.#options.settledThrough()
    return this.#through
  }

  /** Sees to it that what has been settled is said, soon or with the next message. */
  soon(): void {
    const { clock, settledThrough, hasEngine, send } = this.#options
    const settled = settledThrough() - this.#through
    if (settled >= ACKNOWLEDGE_COUNT && hasEngine()) {
      send()
      return
    }
    if (settled <= 0 || this.#cancelTimer) return
    this.#cancelTimer = clock.after(ACKNOWLEDGE_MS, () => {
      this.#cancelTimer = undefined
      if (hasEngine() && settledThrough() > this.#through) send()
    })
  }

  /** The numbers begin anew. */
  restart(): void {
    this.#through = 0
  }

  stop(): void {
    this.#cancelTimer?.()
  }
}
