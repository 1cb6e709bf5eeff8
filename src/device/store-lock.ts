// The lock that makes one worker the owner of a database's storage, whatever the storage is, and the patience with which
// everything about a storage that is held is tried again. It stands apart because opening and deleting both need it.

import type { Clock } from '../environment.ts'
import { StorageError } from '../errors/errors.ts'
import { storeLockNameOf } from './names.ts'
import type { Platform } from './platform.ts'

/** One browser keeps the handles of a worker that was ended inside a statement for two seconds. */
export const WAIT_MS = 5000
const STEP_MS = 50

/** Until when a storage that is held is tried again. */
export class Patience {
  readonly #clock: Clock
  readonly #until: number

  constructor(clock: Clock, waitMs: number) {
    this.#clock = clock
    this.#until = clock.monotonicMs() + waitMs
  }

  /** Waits a little; false, at once, if the time is over. */
  async another(): Promise<boolean> {
    if (this.#clock.monotonicMs() >= this.#until) return false
    await new Promise<void>((resolve) => this.#clock.after(STEP_MS, resolve))
    return true
  }

  /** Runs `action` until it succeeds, the time is over, or it fails in a way that `again` does not want repeated. */
  async retry<T>(action: () => Promise<T>, again: (error: unknown) => boolean | Promise<boolean>): Promise<T> {
    for (;;) {
      try {
        return await action()
      } catch (error) {
        if (!(await again(error)) || !(await this.another())) throw error
      }
    }
  }
}

/**
 * Acquires the lock of database `name`; the returned function releases it, once. Where there are no Web Locks it does
 * nothing. `steal` takes it from its holder. Throws StorageError `busy` (retryable) when the patience is over.
 */
export async function acquireStoreLock(
  platform: Platform,
  name: string,
  patience: Patience,
  steal = false,
): Promise<() => void> {
  const { locks } = platform
  if (!locks) return () => {}
  for (;;) {
    const release = await new Promise<(() => void) | undefined>((resolve, reject) => {
      locks
        .request(storeLockNameOf(name), steal ? { steal } : { ifAvailable: true }, (lock) => {
          if (!lock) return void resolve(undefined)
          return new Promise<void>((letGo) => resolve(letGo))
        })
        .catch(reject)
    })
    if (release) return release
    if (await patience.another()) continue
    throw new StorageError(
      'busy',
      `The database "${name}" is open in another tab, window or worker. Close it there, then try again.`,
      { retryable: true },
    )
  }
}
