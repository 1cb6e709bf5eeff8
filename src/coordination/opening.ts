// The wait for the first engine of a client, with its time limit and its signal. It stands apart because whoever finds an
// engine, or that there is none, does not care who waits.

import type { Clock } from '../environment.ts'
import { AbortError, TimeoutError } from '../errors/errors.ts'

export class Opening {
  #settle: { resolve(): void; reject(error: Error): void } | undefined

  /** True while somebody waits. */
  get waited(): boolean {
    return this.#settle !== undefined
  }

  /** Resolves or rejects as it is told, or with TimeoutError or AbortError; to be called once. */
  async wait(clock: Clock, timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    const aborted = () => new AbortError('Opening was aborted by its signal.', { cause: signal?.reason })
    const endings: (() => void)[] = []
    try {
      await new Promise<void>((resolve, reject) => {
        this.#settle = { resolve, reject }
        const tooLate = () => reject(new TimeoutError(`The database did not open within ${timeoutMs} ms.`))
        if (timeoutMs > 0) endings.push(clock.after(timeoutMs, tooLate))
        const onAbort = () => reject(aborted())
        if (signal?.aborted) onAbort()
        signal?.addEventListener('abort', onAbort, { once: true })
        endings.push(() => signal?.removeEventListener('abort', onAbort))
      })
    } finally {
      this.#settle = undefined
      for (const end of endings) end()
    }
  }

  resolve(): void {
    this.#settle?.resolve()
  }

  reject(error: Error): void {
    this.#settle?.reject(error)
  }
}
