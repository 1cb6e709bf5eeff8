// Ends calls that the engine has not ended in time. It stands apart because a timer per call would cost more than the
// call: there is one timer, set for the earliest deadline.
//
// The engine enforces deadlines itself and knows more about what happened, so the client waits a little longer for its
// word. A timer that fires very late says that this thread slept or was blocked; answers may be waiting behind it in
// the queue of the thread, so they are let through first.

import type { Clock } from '../environment.ts'
import type { Call } from './call.ts'

const GRACE_MS = 500
const LATE_MS = 1000

export class Deadlines {
  readonly #clock: Clock
  readonly #calls: () => readonly Call[]
  readonly #expire: (call: Call) => void
  #dueMs = Number.POSITIVE_INFINITY
  #cancelTimer: (() => void) | undefined
  #heldSinceMs: number | undefined

  /** `calls` lists the calls that have not settled; `expire` ends one of them. */
  constructor(clock: Clock, calls: () => readonly Call[], expire: (call: Call) => void) {
    this.#clock = clock
    this.#calls = calls
    this.#expire = expire
  }

  /** The time of calls stands still until `release`, because they wait for something that is no fault of theirs. */
  hold(): void {
    this.stop()
    this.#heldSinceMs ??= this.#clock.monotonicMs()
  }

  release(): void {
    if (this.#heldSinceMs === undefined) return
    const nowMs = this.#clock.monotonicMs()
    for (const call of this.#calls()) call.deadlineMs += nowMs - Math.max(madeMs(call), this.#heldSinceMs)
    this.#heldSinceMs = undefined
    for (const call of this.#calls()) this.add(call)
  }

  add(call: Call): void {
    if (this.#heldSinceMs !== undefined) return
    if (call.deadlineMs + GRACE_MS < this.#dueMs) this.#arm(call.deadlineMs + GRACE_MS)
  }

  stop(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#dueMs = Number.POSITIVE_INFINITY
  }

  #arm(dueMs: number): void {
    this.#cancelTimer?.()
    this.#dueMs = dueMs
    this.#cancelTimer = this.#clock.after(Math.max(0, dueMs - this.#clock.monotonicMs()), () => this.#fire())
  }

  #fire(): void {
    const nowMs = this.#clock.monotonicMs()
    const late = nowMs - this.#dueMs > LATE_MS
    this.#cancelTimer = undefined
    this.#dueMs = Number.POSITIVE_INFINITY
    if (late) {
      this.#arm(nowMs + LATE_MS)
      return
    }
    for (const call of this.#calls()) {
      const dueMs = call.deadlineMs + GRACE_MS
      if (dueMs <= nowMs) this.#expire(call)
      else if (dueMs < this.#dueMs) this.#dueMs = dueMs
    }
    if (this.#dueMs !== Number.POSITIVE_INFINITY) this.#arm(this.#dueMs)
  }
}

/** When it was made, later by the time that it was held. */
const madeMs = ({ deadlineMs, plan }: Call): number =>
  deadlineMs === Number.POSITIVE_INFINITY ? 0 : deadlineMs - plan.timeoutMs
