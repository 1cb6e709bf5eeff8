// Calls the steps that a test page offers, typed by the page's own module. A page puts an object of functions into
// `globalThis.steps`; each takes one JSON value and returns one, or a promise of one.
import type { BrowserPage, EvaluateOptions, Json } from './session.ts'

type Argument<F> = F extends () => unknown ? null : F extends (argument: infer A) => unknown ? A : never
type Answer<F> = F extends (...all: never[]) => infer R ? Awaited<R> : never

/** Runs one step in the page. `S` is the type of the page's steps. */
export async function call<S extends object, K extends keyof S & string>(
  page: BrowserPage,
  step: K,
  argument: Argument<S[K]> & Json,
  options?: EvaluateOptions,
): Promise<Answer<S[K]>> {
  // A script that failed is imported once more for the sake of its error.
  const source = `async (argument) => {
    if (!globalThis.steps) await import(document.querySelector('script').src)
    return globalThis.steps[${JSON.stringify(step)}](argument)
  }`
  return page.evaluate<Answer<S[K]>>(source, argument, options)
}
