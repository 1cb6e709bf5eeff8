// How a call's signal and time limit end it where no engine has a part in it, and the error of a call that its signal ended.
// It stands apart because calls are ended in several places and should say so in one way; the signal's own reason is kept as
// the cause.

import type { Clock } from '../environment.ts'
import { AbortError, TimeoutError } from '../errors/errors.ts'
import type { CallOptions } from './options.ts'

/** `effect` tells what is known about the call's effect. */
export function abortError(signal: AbortSignal, effect: string): AbortError {
  return new AbortError(`The call was aborted by its signal. ${effect}`.trimEnd(), { cause: signal.reason })
}

/** What `work` gives, unless its limits end the call before. Throws AbortError, TimeoutError. */
export async function withinLimits<T>(
  clock: Clock,
  { signal, timeoutMs = 0 }: CallOptions,
  work: () => Promise<T>,
): Promise<T> {
  if (signal?.aborted) throw abortError(signal, '')
  const endings: (() => void)[] = []
  const ended = new Promise<never>((_, reject) => {
    const late = () => reject(new TimeoutError(`The call has not ended within its ${timeoutMs} ms.`))
    if (timeoutMs > 0) endings.push(clock.after(timeoutMs, late))
    const onAbort = () => signal && reject(abortError(signal, ''))
    signal?.addEventListener('abort', onAbort, { once: true })
    endings.push(() => signal?.removeEventListener('abort', onAbort))
  })
  try {
    return await Promise.race([work(), ended])
  } finally {
    for (const end of endings) end()
  }
}
