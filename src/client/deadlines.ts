// Ends calls that the engine has not ended in time. It stands apart because a timer per call would cost more than the
// call: there is one timer, set for the earliest deadline.
//
// The engine enforces deadlines itself and knows more about what happened, so the client waits a little longer for its
// word. While calls wait for something that is no fault of theirs (an import, another leader) time stands still for them,
// for both reasons together but once. A timer that fires very late says that this thread slept or was blocked; answers may be waiting behind it in
// the queue of the thread, so they are let through first.

import type { Clock } from '../environment.ts'
import type { Call } from './call.ts'

const GRACE_MS = 500
const LATE_MS = 1000

/** A next leader that takes longer is not waited for any more than an engine that does not answer. */
const FAILOVER_MS_MAX = 30_000

/** Why time stands still. */
export type Standstill = 'import' | 'failover'

export class Deadlines {
  readonly #clock: Clock
  readonly #calls: () => readonly Call[]
  readonly #expire: (call: Call) => void
  #dueMs = Number.POSITIVE_INFINITY
  #cancelTimer: (() => void) | undefined
  #heldSinceMs: number | undefined
  readonly #reasons = new Set<Standstill>()
  #stoodMs = 0
  #cancelGoingOn: (() => void) | undefined

  /** `calls` lists the calls that have not settled; `expire` ends one of them. */
  constructor(clock: Clock, calls: () => readonly Call[], expire: (call: Call) => void) {
    this.#clock = clock
    this.#calls = calls
    this.#expire = expire
  }

  /** The time of calls stands still until `release` for the same reason, or for `FAILOVER_MS_MAX` without a leader. */
  hold(reason: Standstill): void {
    if (this.#reasons.has(reason)) return
    this.#reasons.add(reason)
    if (reason === 'failover') this.#cancelGoingOn = this.#clock.after(FAILOVER_MS_MAX, () => this.release(reason))
    this.stop()
    this.#heldSinceMs ??= this.#clock.monotonicMs()
  }

  release(reason: Standstill): void {
    if (!this.#reasons.delete(reason)) return
    if (reason === 'failover') this.#cancelGoingOn?.()
    if (this.#reasons.size > 0 || this.#heldSinceMs === undefined) return
    const nowMs = this.#clock.monotonicMs()
    for (const call of this.#calls()) call.deadlineMs += nowMs - Math.max(madeMs(call), this.#heldSinceMs)
    this.#stoodMs += nowMs - this.#heldSinceMs
    this.#heldSinceMs = undefined
    for (const call of this.#calls()) this.add(call)
  }

  /** Milliseconds for which time has stood still so far. */
  get stoodMs(): number {
    return this.#stoodMs + (this.#heldSinceMs === undefined ? 0 : this.#clock.monotonicMs() - this.#heldSinceMs)
  }

  /** Calls back after `ms` in which time did not stand still; the returned function cancels it. */
  after(ms: number, callback: () => void): () => void {
    let stoodMs = this.stoodMs
    let cancel = this.#clock.after(ms, look)
    const deadlines = this
    function look(): void {
      const restMs = deadlines.stoodMs - stoodMs
      stoodMs += restMs
      if (restMs > 0) cancel = deadlines.#clock.after(restMs, look)
      else callback()
    }
    return () => cancel()
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
