// Finds a transaction that waits on itself: its callback awaits `db` instead of `tx` for something that needs the writer,
// which the transaction holds. Browsers cannot tell which code made a call, so this rests on the rule of
// docs/adr/0002-transaction-deadlock.md:
//
//  1. Only a call that surely needs the writer is looked at, and only while a transaction of this client surely holds it.
//  2. It counts as made by the callback if it was made while the callback ran: in its synchronous part, or before the
//     next macrotask after an answer to the transaction. It rejects with TransactionDeadlockError, and is not applied,
//     once it has waited, and the transaction has had no request under way, for DEADLOCK_MS.
//  3. Any other call waits until the transaction ends. If that is because it was idle for its whole time, the
//     transaction's own error is a TransactionDeadlockError.

import type { Clock } from '../environment.ts'
import { TransactionDeadlockError } from '../errors/errors.ts'
import type { CallObserver } from './call.ts'

export const DEADLOCK_MS = 1000
/** Calls that one piece of code makes without waiting are made within this time. */
const TOGETHER_MS = 50

/** A call that needs the writer and waits for it. */
class WaitingCall implements CallObserver {
  readonly #watch: WriterWatch
  #abandon: ((error: Error) => void) | undefined
  readonly holder: HolderWatch
  readonly sinceMs: number
  readonly inside: boolean
  ended = false

  constructor(watch: WriterWatch, holder: HolderWatch, nowMs: number) {
    this.#watch = watch
    this.holder = holder
    this.sinceMs = nowMs
    this.inside = holder.running
  }

  made(abandon: (error: Error) => void): void {
    this.#abandon = abandon
    this.#watch.waits(this)
  }

  settled(): void {
    this.#watch.waitsNoMore(this)
  }

  end(): void {
    this.ended = true
    this.#abandon?.(
      new TransactionDeadlockError(
        "A write on `db` waited for the very transaction whose callback made it. Use the callback's argument (`tx`) for everything inside a transaction. The write was not applied.",
      ),
    )
  }
}

/** What is known of one interactive transaction that may hold the writer. */
export class HolderWatch implements CallObserver {
  readonly #watch: WriterWatch
  readonly #clock: Clock
  #underWay = 0
  #turnEnds = false
  /** True while code of the callback is known to run. */
  running = false
  idleSinceMs: number
  /** A call of this client got the writer although the transaction was still open here: it had been idle too long. */
  overstayed = false

  constructor(watch: WriterWatch, clock: Clock) {
    this.#watch = watch
    this.#clock = clock
    this.idleSinceMs = clock.monotonicMs()
  }

  get idle(): boolean {
    return this.#underWay === 0
  }

  made(): void {
    this.#underWay++
  }

  settled(): void {
    this.#underWay--
    this.idleSinceMs = this.#clock.monotonicMs()
    this.startTurn()
    this.#watch.look()
  }

  /** The callback runs until the end of this task and its microtasks. */
  startTurn(): void {
    this.running = true
    if (this.#turnEnds) return
    this.#turnEnds = true
    this.#clock.after(0, () => {
      this.#turnEnds = false
      this.running = false
    })
  }
}

export class WriterWatch {
  readonly #clock: Clock
  readonly #waiting = new Set<WaitingCall>()
  #cancelTimer: (() => void) | undefined
  /** The transaction of this client that holds the writer. */
  holder: HolderWatch | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** For a call on `db` that surely needs the writer. Undefined where no transaction of ours is in its way. */
  observe(): CallObserver | undefined {
    return this.holder && new WaitingCall(this, this.holder, this.#clock.monotonicMs())
  }

  waits(call: WaitingCall): void {
    this.#waiting.add(call)
    this.look()
  }

  waitsNoMore(call: WaitingCall): void {
    this.#waiting.delete(call)
    const { holder } = call
    if (call.ended || holder !== this.holder) return
    if (holder.idle && this.#clock.monotonicMs() - holder.idleSinceMs >= DEADLOCK_MS) {
      holder.overstayed = true
    }
  }

  /** Ends the calls that have waited on themselves long enough and sets the timer for the next. */
  look(): void {
    const { holder } = this
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (!holder?.idle) return
    const nowMs = this.#clock.monotonicMs()
    const inside = [...this.#waiting].filter((call) => call.holder === holder && call.inside)
    const dueMs = (call: WaitingCall) => Math.max(call.sinceMs, holder.idleSinceMs) + DEADLOCK_MS
    const isDue = inside.some((call) => dueMs(call) <= nowMs)
    let nextMs = Number.POSITIVE_INFINITY
    for (const call of inside) {
      // What was made together ends together: the first error rolls the transaction back, and the rest would be applied.
      if (isDue && dueMs(call) <= nowMs + TOGETHER_MS) call.end()
      else nextMs = Math.min(nextMs, dueMs(call))
    }
    if (nextMs !== Number.POSITIVE_INFINITY) this.#cancelTimer = this.#clock.after(nextMs - nowMs, () => this.look())
  }
}
