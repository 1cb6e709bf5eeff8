// Whoever can die alone in a simulated browser: a page or a worker. It stands apart because death is one fact with many
// consequences: timers do not fire, messages are not delivered, locks are released, channels are closed.
//
// Timers and turns are Node's own, taken past the globals, so that a test's fake timers do not stop the database.

import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { clearTimeout, setImmediate, setTimeout } from 'node:timers'
import type { Environment } from '../environment.ts'

export class Agent {
  #alive = true
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #onEnd: (() => void)[] = []

  get alive(): boolean {
    return this.#alive
  }

  /** Time and chance of this agent; neither calls a dead one back. */
  readonly environment: Environment = {
    clock: {
      epochMs: () => Date.now(),
      monotonicMs: () => performance.now(),
      after: (ms, callback) => {
        if (!this.#alive) return () => {}
        const timer = setTimeout(() => {
          this.#timers.delete(timer)
          callback()
        }, ms)
        this.#timers.add(timer)
        return () => {
          this.#timers.delete(timer)
          clearTimeout(timer)
        }
      },
      yield: () => new Promise((resolve) => this.deliver(resolve)),
    },
    random: { bytes: (count) => new Uint8Array(randomBytes(count)) },
  }

  /** Calls `take` in a turn of its own, behind everything delivered before; never if the agent has died by then. */
  deliver(take: () => void): void {
    setImmediate(() => {
      if (this.#alive) take()
    })
  }

  /** Called once, when the agent dies. */
  onEnd(listener: () => void): void {
    this.#onEnd.push(listener)
  }

  /** Dies at once and without a word. */
  end(): void {
    if (!this.#alive) return
    this.#alive = false
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    for (const listener of this.#onEnd.splice(0)) listener()
  }
}

/** Resolves after everything that is on its way now. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
