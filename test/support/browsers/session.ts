// What a test can ask of a browser, the same for all three. It stands apart so that a test names no driver. Every call
// ends: with a result, or with an error that says what was waited for. Values cross as JSON; a page's error comes back
// as a PageError that keeps its class, code and fields.
import type { BrowserKind } from '../../../scripts/browsers.mjs'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }

export interface EvaluateOptions {
  /** Default 60 000. */
  readonly timeoutMs?: number
}

export interface BrowserPage {
  /** Loads the address and waits for the load event. */
  goto(url: string): Promise<void>
  /**
   * Runs source text or a function in the page and awaits its promise. A function sees nothing of the test's scope;
   * source text is an expression that is a function of one argument.
   */
  evaluate<T>(
    source: string | ((argument: never) => T | Promise<T>),
    argument?: Json,
    options?: EvaluateOptions,
  ): Promise<T>
  reload(): Promise<void>
  /** Writes a PNG. */
  screenshot(path: string): Promise<void>
  /** Closes this page; the browser goes on while it has another. */
  close(): Promise<void>
}

export interface BrowserSession {
  readonly kind: BrowserKind
  /** The page that the browser started with. */
  readonly page: BrowserPage
  /** Another tab or window of the same profile. */
  newPage(): Promise<BrowserPage>
  /** Ends the browser with all its processes at once, as a crash would. The profile stays if it was given. */
  kill(): Promise<void>
  /** Ends the browser in order, or by force if it does not answer. A second close does nothing. */
  close(): Promise<void>
}

export interface LaunchOptions {
  /** A directory that outlives the session; default is one of its own, removed at the end. */
  readonly profileDir?: string
  /** Switches of the command line besides the usual ones; Chromium only. */
  readonly switches?: readonly string[]
  /** What a site may store; Firefox only. */
  readonly quotaBytes?: number
  /**
   * Chromium: only the tab in front is visible, as for a user; a tab that is visible cannot be frozen. Without it every tab
   * is held to be visible. In Firefox the others always are hidden. With it timers run as often there as in front.
   */
  readonly hidesTabs?: boolean
}

/** An error that was thrown in the page. */
export class PageError extends Error {
  override readonly name = 'PageError'
  /** The error as the page saw it. */
  readonly thrown: PageErrorFacts
  constructor(thrown: PageErrorFacts) {
    super(`${thrown.name}${thrown.code === undefined ? '' : ` (${thrown.code})`}: ${thrown.message}`)
    this.thrown = thrown
    if (thrown.stack) this.stack = `${this.message}\n    in the page:\n${thrown.stack}`
  }
}

export interface PageErrorFacts {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly stack?: string
  /** Its own enumerable fields. */
  readonly fields: Readonly<Record<string, Json>>
}

/** An expression whose value is a promise of a text that `fromPage` understands, and which never rejects. */
export function forPage(source: string | ((argument: never) => unknown), argument: Json): string {
  return `(async () => {
    const plain = (key, value) => typeof value === 'bigint' ? String(value) : value instanceof Error ? String(value) : value
    try {
      const value = await (${String(source)})(${JSON.stringify(argument)})
      return JSON.stringify({ value: value === undefined ? null : value }, plain)
    } catch (error) {
      if (!(error instanceof Error)) return JSON.stringify({ thrown: { name: 'not an Error', message: String(error), fields: {} } })
      const { name, message, code, stack } = error
      return JSON.stringify({ thrown: { name, message, code, stack, fields: { ...error } } }, plain)
    }
  })()`
}

/** The value that the page returned; throws what it threw. */
export function fromPage<T>(text: string): T {
  const answer: { value: T } | { thrown: PageErrorFacts } = JSON.parse(text)
  if ('thrown' in answer) throw new PageError(answer.thrown)
  return answer.value
}
