// A clock that stands still until a test moves it.

import type { Clock } from '../../src/environment.ts'

interface Timer {
  readonly dueMs: number
  readonly callback: () => void
}

export class ManualClock implements Clock {
  #nowMs = 1000
  readonly #timers = new Set<Timer>()

  epochMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { dueMs: this.#nowMs + ms, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  yield(): Promise<void> {
    return settle()
  }

  /** Moves time on, calling back what falls due in order, and lets promises settle in between. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    await settle()
    for (;;) {
      const due = [...this.#timers].filter(({ dueMs }) => dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)[0]
      if (!due) break
      this.#timers.delete(due)
      this.#nowMs = Math.max(this.#nowMs, due.dueMs)
      due.callback()
      await settle()
    }
    this.#nowMs = endMs
  }

  /** Moves time on as a thread that slept does: timers fire late, all at the new time. */
  async sleep(ms: number): Promise<void> {
    this.#nowMs += ms
    await this.advance(0)
  }
}

/** Lets every promise that can settle do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
