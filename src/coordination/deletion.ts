// Has everybody let go of a database while it is deleted. It stands apart from the tabs that have it open: whoever deletes
// needs no engine, only the lock of leading, so that nobody leads, opens or makes the database meanwhile.
//
//   asking ----page lock granted----> removing ----> deleted | kept
//      `--- too late, aborted, page left ---> kept
//
// Invariants: nothing is removed before the lock of leading is held; whoever stood aside hears the outcome, or sees that the
// lock of this deletion is free.

import type { Clock, Random } from '../environment.ts'
import { StorageError } from '../errors/errors.ts'
import { hex } from './hex.ts'
import { deletionLockName, pageLockName, rendezvousName } from './names.ts'
import type { TabPlatform } from './platform.ts'
import { Rendezvous } from './rendezvous.ts'

/** How long tabs may take to finish what they do and let go. */
const LET_GO_MS = 5000
/** How often they are asked: one may have begun to listen only now. */
const ASK_MS = 250

export interface DeletionOptions {
  readonly tabs: Pick<TabPlatform, 'locks' | 'openChannel'>
  readonly clock: Clock
  readonly random: Random
  readonly name: string
  /** Rejects where deleting is to be given up before it has begun. */
  readonly givenUp: Promise<never>
}

/**
 * Runs `remove` while nobody has the database `name` open and nobody can open it; it tells whether there was one. Then those
 * who had it open are told that it is gone, or go on with it. Throws StorageError `busy` (retryable) if somebody does not
 * let go in time, with which `givenUp` rejects, and what `remove` throws.
 */
export async function whileNobodyHasIt(options: DeletionOptions, remove: () => Promise<boolean>): Promise<boolean> {
  const { tabs, clock, random, name, givenUp } = options
  givenUp.catch(() => {}) // it is raced below, where it may have rejected long before
  const deletion = hex(random.bytes(16))
  const endings: (() => void)[] = []
  const rendezvous = new Rendezvous(tabs.openChannel(rendezvousName(name)), ({ type }) => {
    // Whoever seeks would rob a page that holds the lock of leading and gives no sign.
    if (type === 'seek') ask()
  })
  const ask = () => {
    rendezvous.say({ type: 'delete', deletion })
    rendezvous.say({ type: 'electing', leader: deletion })
  }
  let isDeleted = false
  try {
    endings.push(await held(tabs.locks, deletionLockName(name, deletion)))
    const withdraw = new AbortController()
    const leading = held(tabs.locks, pageLockName(name), withdraw.signal)
    // Granted after it was given up, it is let go at once.
    endings.push(() => {
      withdraw.abort()
      leading.then((release) => release()).catch(() => {})
    })
    const askAgain = () => {
      ask()
      cancel = clock.after(ASK_MS, askAgain)
    }
    let cancel = () => {}
    endings.push(() => cancel())
    askAgain()
    const tooLate = new Promise<never>((_, reject) => {
      endings.push(clock.after(LET_GO_MS, () => reject(notLetGo(name))))
    })
    await Promise.race([leading.catch(() => Promise.reject(robbed(name))), tooLate, givenUp])
    isDeleted = await remove()
    return isDeleted
  } finally {
    rendezvous.say({ type: isDeleted ? 'deleted' : 'kept', deletion })
    rendezvous.close()
    for (const end of endings.reverse()) end()
  }
}

/** This page gave no sign for seconds, so somebody else took the lock when it was its turn. */
function robbed(name: string): StorageError {
  const text = `The database "${name}" was opened by another tab when its deletion was about to begin. Nothing was deleted.`
  return new StorageError('busy', text, { retryable: true })
}

function notLetGo(name: string): StorageError {
  return new StorageError(
    'busy',
    `The database "${name}" is open in another tab that has not let go of it within ${LET_GO_MS} ms: it may be frozen, or inside a long statement. Nothing was deleted. Close or look at that tab, then try again.`,
    { retryable: true },
  )
}

/** Resolves, once the lock is held, to what releases it. Rejects if it is withdrawn before. */
function held(locks: Pick<LockManager, 'request'>, lock: string, signal?: AbortSignal): Promise<() => void> {
  return new Promise((resolve, reject) => {
    locks
      .request(lock, { ...(signal && { signal }) }, () => new Promise<void>((release) => resolve(release)))
      .catch(reject)
  })
}
