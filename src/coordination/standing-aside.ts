// A client while somebody deletes the database: it has let go of everything and waits for the outcome. It stands apart because
// a deletion may fail, or die with its page, and then the client goes on as if nothing had been asked.
//
// Invariants: a deletion counts as under way only while its lock is held, so that nobody waits for one that has died; that a
// database is gone is believed only of a deletion that was under way when this client let go of it, since what is said of
// an earlier one may come late, and then it is another database that is open here.

import { deletionLockName } from './names.ts'
import type { RendezvousMessage } from './rendezvous.ts'

export type DeletionMessage = Extract<RendezvousMessage, { type: 'delete' | 'deleted' | 'kept' }>

export interface StandingAsideOptions {
  readonly locks: Pick<LockManager, 'request'>
  readonly name: string
  /** The first deletion has begun: let go of everything. */
  letGo(): void
  /** The database is no more. */
  deleted(): void
  /** No deletion is under way any more, and the database may still be there. */
  goOn(): void
}

export class StandingAside {
  readonly #options: StandingAsideOptions
  readonly #waiting = new Map<string, { readonly stop: AbortController; readonly wasUnderWay: Promise<boolean> }>()

  constructor(options: StandingAsideOptions) {
    this.#options = options
  }

  /** True while a deletion is under way. */
  get active(): boolean {
    return this.#waiting.size > 0
  }

  heard({ type, deletion }: DeletionMessage): void {
    const waiting = this.#waiting.get(deletion)
    if (type === 'delete') this.#begin(deletion)
    else if (type === 'kept') this.#end(deletion, false)
    else void waiting?.wasUnderWay.then((wasUnderWay) => this.#end(deletion, wasUnderWay))
  }

  /** This client goes: what becomes of the database is not waited for. */
  leave(): void {
    for (const { stop } of this.#waiting.values()) stop.abort()
    this.#waiting.clear()
  }

  #begin(deletion: string): void {
    if (this.#waiting.has(deletion)) return
    const wasActive = this.active
    const stop = new AbortController()
    const { locks, name, letGo } = this.#options
    const lock = deletionLockName(name, deletion)
    const wasUnderWay = locks.request(lock, { mode: 'shared', ifAvailable: true }, (granted) => granted === null)
    this.#waiting.set(deletion, { stop, wasUnderWay })
    const { signal } = stop
    locks.request(lock, { mode: 'shared', signal }, () => this.#end(deletion, false)).catch(() => {}) // withdrawn: the outcome was heard, or is not waited for
    if (!wasActive) letGo()
  }

  #end(deletion: string, isDeleted: boolean): void {
    const waiting = this.#waiting.get(deletion)
    if (!waiting) return
    this.#waiting.delete(deletion)
    waiting.stop.abort()
    if (isDeleted) this.#options.deleted()
    else if (!this.active) this.#options.goOn()
  }
}
