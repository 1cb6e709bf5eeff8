// Functions of the application for use in SQL, as their caller gives them. They stand apart because they belong to no
// statement, and because the client remembers them for its next worker.
import { UsageError } from '../errors/errors.ts'
import type { FunctionDefinition } from '../protocol/messages.ts'
import { readDone } from './answer-readers.ts'
import { aFlag, aText, aUrl, CALL_CHECKS, type CallOptions, checkOptions, checkText } from './options.ts'
import type { Session } from './session.ts'

/** Where a function of SQL comes from. */
export interface FunctionSource {
  /**
   * Address of an ES module that the worker can import: `new URL('./functions.js', import.meta.url)`. A text is taken
   * relative to the page.
   */
  readonly module: string | URL
  /** The name of its export; default `default`. */
  readonly export?: string | undefined
}

/** Options of `function`. */
export interface FunctionOptions extends CallOptions {
  /** True: the same arguments always give the same result, so that it may be used in indexes. Default false. */
  readonly deterministic?: boolean | undefined
  /** True: only statements may use it, not views, triggers, indexes, defaults and checks. Default false. */
  readonly directOnly?: boolean | undefined
}

const SOURCE_CHECKS = { module: aUrl, export: aText }
const FUNCTION_CHECKS = { ...CALL_CHECKS, deterministic: aFlag, directOnly: aFlag }

/** Checks the arguments, registers the function in the worker, and remembers it. */
export async function registerFunction(
  session: Session,
  name: string,
  source: FunctionSource,
  options: FunctionOptions = {},
): Promise<void> {
  checkText('The name of a function', name)
  if (!/^[\p{L}_][\p{L}\p{N}_$]*$/u.test(name) || name.length > 60)
    throw new UsageError(
      'invalid-argument',
      `'${name.slice(0, 60)}' cannot name a function of SQL: letters, digits and _, at most 60.`,
    )
  checkOptions('the source of function()', source, SOURCE_CHECKS)
  if (source.module === undefined)
    throw new UsageError(
      'invalid-argument',
      'function() needs { module }, the address of the module that has the function.',
    )
  checkOptions('function()', options, FUNCTION_CHECKS)
  const definition: FunctionDefinition = {
    name,
    module: absolute(source.module),
    export: source.export ?? 'default',
    deterministic: options.deterministic ?? false,
    directOnly: options.directOnly ?? false,
  }
  await session.line.call({
    build: () => ({ type: 'function', definition }),
    reader: readDone,
    signal: options.signal,
    timeoutMs: options.timeoutMs ?? session.options.timeoutMs,
    resend: true,
    ifLost: 'no',
  })
  session.functions.set(name.toLowerCase(), definition)
}

function absolute(url: string | URL): string {
  const base = typeof document === 'undefined' ? globalThis.location?.href : document.baseURI
  try {
    return new URL(url, base).href
  } catch (cause) {
    throw new UsageError('invalid-argument', `'${url}' is no address of a module.`, { cause })
  }
}
