// Where the time of one call went. It stands apart because it measures across all others: the engine tells its share in
// the answer, the page's share is taken around the decoding, and what is left was spent on the way.

import type { Clock } from '../environment.ts'
import type { AnswerReader, FinalAnswer } from './answer-readers.ts'

/**
 * Where the milliseconds of one call went. The parts add up to `totalMs`, and to more where the page decodes the first rows
 * of a large result while the engine still works on the last.
 */
export interface CallTiming {
  /** In the engine's queue, behind other requests. */
  readonly queueMs: number
  /** In SQLite, with the packing of its rows and, for a write, its commit. */
  readonly runMs: number
  /** The rest: messages there and back, and for a write the wait until it was as durable as was asked for. */
  readonly transferMs: number
  /** In the page, making rows of what arrived. */
  readonly decodeMs: number
  readonly totalMs: number
}

/** Options of calls that can tell where their time went. */
export interface TimedOptions {
  /** Called once when the call has succeeded, before its promise settles. What it throws is an uncaught error of the page. */
  readonly onTiming?: ((timing: CallTiming) => void) | undefined
}

export class Stopwatch {
  readonly #clock: Clock
  readonly #onTiming: (timing: CallTiming) => void
  readonly #startedMs: number
  #decodeMs = 0

  constructor(clock: Clock, onTiming: (timing: CallTiming) => void) {
    this.#clock = clock
    this.#onTiming = onTiming
    this.#startedMs = clock.monotonicMs()
  }

  decode<T>(work: () => T): T {
    const startedMs = this.#clock.monotonicMs()
    const result = work()
    this.#decodeMs += this.#clock.monotonicMs() - startedMs
    return result
  }

  /** To be called with the last answer, after it has been decoded. */
  end(answer: FinalAnswer): void {
    const { queuedMs, ranMs } = engineShare(answer)
    const totalMs = this.#clock.monotonicMs() - this.#startedMs
    const transferMs = Math.max(0, totalMs - queuedMs - ranMs - this.#decodeMs)
    const timing = { queueMs: queuedMs, runMs: ranMs, transferMs, decodeMs: this.#decodeMs, totalMs }
    // In a turn of its own: what the callback throws must not make a write that was applied look failed.
    queueMicrotask(() => this.#onTiming(timing))
  }
}

/** `reader`, measured if somebody wants to know. */
export function timed<T>(reader: AnswerReader<T>, clock: Clock, options: TimedOptions | undefined): AnswerReader<T> {
  if (!options?.onTiming) return reader
  const watch = new Stopwatch(clock, options.onTiming)
  return {
    chunk: (answer, payload) => watch.decode(() => reader.chunk(answer, payload)),
    finish(answer, payload) {
      const result = watch.decode(() => reader.finish(answer, payload))
      watch.end(answer)
      return result
    },
    restart: () => reader.restart(),
  }
}

function engineShare(answer: FinalAnswer): { queuedMs: number; ranMs: number } {
  if (answer.type === 'result') return answer
  // The items of a batch run as one request and share its times.
  const first = answer.type === 'batch-result' ? answer.results[0] : undefined
  return first ?? { queuedMs: 0, ranMs: 0 }
}
