// The place of a page in the queue for leading: a Web Lock that the browser gives to one page at a time, and to the next
// one when that page ends, however it ends.
//
// Invariant: at most one request is made at a time; one that was left is never heard of again.

import { pageLockName } from './names.ts'

export interface ElectionEvents {
  /** The lock is held; `stolen` tells that it was taken from a page that did not answer. */
  elected(stolen: boolean): void
  /** Another page has taken the lock away. */
  robbed(): void
}

interface Candidacy {
  readonly withdraw: AbortController
  release: (() => void) | undefined
}

export class Election {
  readonly #locks: Pick<LockManager, 'request'>
  readonly #name: string
  readonly #events: ElectionEvents
  #candidacy: Candidacy | undefined

  constructor(locks: Pick<LockManager, 'request'>, name: string, events: ElectionEvents) {
    this.#locks = locks
    this.#name = pageLockName(name)
    this.#events = events
  }

  /** True while this page may lead. */
  get held(): boolean {
    return this.#candidacy?.release !== undefined
  }

  /** True while this page is in the queue. */
  get waiting(): boolean {
    return this.#candidacy !== undefined && !this.held
  }

  /** Joins the queue, if not in it. */
  enter(): void {
    if (!this.#candidacy) this.#request(false)
  }

  /** Takes the lock from whoever holds it. */
  rob(): void {
    this.leave()
    this.#request(true)
  }

  /** Leaves the queue, or gives the lock to the next page. */
  leave(): void {
    const candidacy = this.#candidacy
    this.#candidacy = undefined
    if (candidacy?.release) candidacy.release()
    else candidacy?.withdraw.abort()
  }

  #request(steal: boolean): void {
    const candidacy: Candidacy = { withdraw: new AbortController(), release: undefined }
    this.#candidacy = candidacy
    // A request that steals is granted at once and cannot be withdrawn.
    const options: LockOptions = steal ? { steal: true } : { signal: candidacy.withdraw.signal }
    this.#locks
      .request(this.#name, options, () => {
        if (this.#candidacy !== candidacy) return undefined
        const held = new Promise<void>((release) => {
          candidacy.release = release
        })
        this.#events.elected(steal)
        return held
      })
      .catch(() => {
        // A request that was not withdrawn fails when the lock is stolen, perhaps before its holder knew that it had it.
        if (this.#candidacy !== candidacy) return
        this.#candidacy = undefined
        this.#events.robbed()
      })
  }
}
