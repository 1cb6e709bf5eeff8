// Time for simulations: it moves a little whenever it is looked at, so that slices and deadlines end at places that the
// seed decides, and by jumps when the driver says so. Work that yields goes on when the driver gives it a turn.
import type { Clock } from '../../src/environment.ts'

interface Timer {
  readonly dueMs: number
  readonly callback: () => void
}

export class ScriptedClock implements Clock {
  readonly #paceMs: number
  readonly #timers = new Set<Timer>()
  #waiting: (() => void)[] = []
  #nowMs = 1000

  /** `paceMs`: what each look at the clock costs. */
  constructor(paceMs: number) {
    this.#paceMs = paceMs
  }

  epochMs(): number {
    return 1_700_000_000_000 + Math.floor(this.monotonicMs())
  }

  monotonicMs(): number {
    return (this.#nowMs += this.#paceMs)
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { dueMs: this.#nowMs + ms, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  yield(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Lets what has yielded go on. */
  turn(): void {
    for (const resume of this.#waiting.splice(0)) resume()
  }

  /** Moves time on and calls back what fell due, the earliest first. */
  advance(ms: number): void {
    this.#nowMs += ms
    const due = [...this.#timers].filter(({ dueMs }) => dueMs <= this.#nowMs).sort((a, b) => a.dueMs - b.dueMs)
    for (const timer of due) if (this.#timers.delete(timer)) timer.callback()
  }
}
