// The error of a call that its signal ended. It stands apart because calls are ended in several places and should say so
// in one way; the signal's own reason is kept as the cause.

import { AbortError } from '../errors/errors.ts'

/** `effect` tells what is known about the call's effect. */
export function abortError(signal: AbortSignal, effect: string): AbortError {
  return new AbortError(`The call was aborted by its signal. ${effect}`.trimEnd(), { cause: signal.reason })
}
