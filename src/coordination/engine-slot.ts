// The engine that a client among tabs works with: the worker of its own page, or that of another one. It stands apart
// because leading and following both fill it, and because what was lost must be remembered across both.
//
//   empty --fill()--> filled --ready()--> ready --lose()--> empty, the engine is remembered as lost
//                        |                  |--leave()--> empty, nothing is remembered: it may be taken again
//
// Invariants: at most one engine is in use; an engine that was lost is never taken again, nor one of an older term of its
// store. Of different stores it is not known which is older, so an engine that was left for one of another store is not lost.

import type { EngineInfo } from '../protocol/messages.ts'
import type { EngineLink } from './engine-link.ts'
import type { Role } from './member.ts'
import type { RendezvousMessage } from './rendezvous.ts'

export type LeaderMessage = Extract<RendezvousMessage, { type: 'leader' }>

interface InUse {
  readonly link: EngineLink
  readonly role: Role
  /** What another page's worker said of itself. */
  readonly leader: LeaderMessage | undefined
  /** 0 until it is known. */
  term: number
  isReady: boolean
}

export class EngineSlot {
  /** The store that this client has open; undefined before its first engine was ready. */
  storeId: string | undefined
  #inUse: InUse | undefined
  /** By store, the newest term whose engine was lost, and the engines of it that were. */
  readonly #lost = new Map<string, { readonly term: number; readonly engines: Set<string> }>()

  get link(): EngineLink | undefined {
    return this.#inUse?.link
  }

  get role(): Role | undefined {
    return this.#inUse?.role
  }

  get term(): number {
    return this.#inUse?.term ?? 0
  }

  get isReady(): boolean {
    return this.#inUse?.isReady ?? false
  }

  /** An engine is about to be used: this page's own, or the one that announced itself. */
  fill(link: EngineLink, role: Role, leader?: LeaderMessage): void {
    this.#inUse = { link, role, leader, term: leader?.term ?? 0, isReady: false }
  }

  /** The engine has answered. */
  ready({ storeId, term }: EngineInfo): void {
    this.storeId = storeId
    if (!this.#inUse) return
    this.#inUse.term = term
    this.#inUse.isReady = true
  }

  /** The engine has ended, or nothing can be had from it. */
  lose(): void {
    const { term, leader } = this.#inUse ?? { term: 0, leader: undefined }
    this.#empty()
    const storeId = leader?.storeId ?? this.storeId
    if (storeId === undefined) return
    let lost = this.#lost.get(storeId)
    if (!lost || term > lost.term) this.#lost.set(storeId, (lost = { term, engines: new Set() }))
    if (leader) lost.engines.add(leader.engine)
  }

  /** Another leader is taken instead. */
  replace({ storeId }: LeaderMessage): void {
    if ((this.#inUse?.leader?.storeId ?? this.storeId) === storeId) this.lose()
    else this.#empty()
  }

  /** This client goes; if it comes back it may take the same engine again. */
  leave(): void {
    this.#empty()
    for (const { engines } of this.#lost.values()) engines.clear()
  }

  /** Whether a leader that announces itself is to be taken; `connecting` is the one that is about to be. */
  takes({ engine, term, storeId }: LeaderMessage, connecting: LeaderMessage | undefined): boolean {
    if (engine === this.#inUse?.leader?.engine || engine === connecting?.engine) return false
    const lost = this.#lost.get(storeId)
    if (lost && (term < lost.term || lost.engines.has(engine))) return false
    if (!this.#inUse && !connecting) return true
    // A store made anew begins with its first term; who had the other one open learns that it is gone.
    const heading = (connecting ?? this.#inUse?.leader)?.storeId ?? this.storeId
    if (heading !== undefined && heading !== storeId) return storeId !== this.storeId
    return term > Math.max(this.term, connecting?.term ?? 0)
  }

  #empty(): void {
    this.#inUse?.link.terminate()
    this.#inUse = undefined
  }
}
