// Where a cell is measured: a page of a browser, or the process of the native SQLite. Either answers the same steps.
import type { BrowserPage, Json } from '../../test/support/browsers/session.ts'
import type { NativeProcess } from '../native/process.ts'
import type { Steps } from '../pages/steps.ts'

type Argument<F> = F extends () => unknown ? null : F extends (argument: infer A) => unknown ? A : never
type Answer<F> = F extends (...all: never[]) => infer R ? Awaited<R> : never

export interface Asked {
  readonly step: string
  readonly argument: unknown
  readonly timeoutMs: number
}

export interface Place {
  /** A new page or process, with nothing open. */
  renew(): Promise<void>
  call<K extends keyof Steps & string>(
    step: K,
    argument: Argument<Steps[K]>,
    timeoutMs: number,
  ): Promise<Answer<Steps[K]>>
}

export function pagePlace(page: BrowserPage, address: string): Place {
  return {
    renew: () => page.goto(address),
    call: (step, argument, timeoutMs) =>
      page.evaluate(
        `async (argument) => {
          if (!globalThis.steps) await import(document.querySelector('script').src)
          return globalThis.steps[${JSON.stringify(step)}](argument)
        }`,
        argument as Json,
        { timeoutMs },
      ),
  }
}

export function processPlace(native: NativeProcess): Place {
  return {
    renew: () => native.renew(),
    call: async (step, argument, timeoutMs) => (await native.call({ step, argument, timeoutMs })) as never,
  }
}
