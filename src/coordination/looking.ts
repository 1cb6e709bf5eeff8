// Looking for a leader while there is no engine: asks on the rendezvous channel who leads, and robs the page that holds the
// lock of leading and neither announces a term nor answers. It stands apart as the only place where time decides anything.
//
// Invariant: a page is robbed only if no term's lock is held and nobody has shown a sign of being at it for SILENT_MS.

import type { Clock } from '../environment.ts'
import { isLeaderLock } from './names.ts'
import type { TabPlatform } from './platform.ts'

/** How often a client without an engine asks who leads. */
export const SEEK_MS = 500
const SILENT_MS = 3000

export interface LookingOptions {
  readonly clock: Clock
  readonly locks: Pick<TabPlatform['locks'], 'query'>
  readonly name: string
  /** True while there is no engine and one is wanted. */
  isNeeded(): boolean
  /** True while a line to a leader comes about, or this page leads: then nobody is asked. */
  isUnderWay(): boolean
  seek(): void
  rob(): void
}

export class Looking {
  readonly #options: LookingOptions
  #lastSignMs = 0
  #cancelTick: (() => void) | undefined

  constructor(options: LookingOptions) {
    this.#options = options
  }

  /** Somebody leads or is at it. */
  sign(): void {
    this.#lastSignMs = this.#options.clock.monotonicMs()
  }

  /** Asks now and then again and again, for as long as it is needed. */
  look(): void {
    this.stop()
    const { clock, isNeeded, isUnderWay, seek } = this.#options
    if (!isNeeded()) return
    this.#cancelTick = clock.after(SEEK_MS, () => this.look())
    if (isUnderWay()) return
    seek()
    if (clock.monotonicMs() - this.#lastSignMs >= SILENT_MS) void this.#robIfSilent()
  }

  stop(): void {
    this.#cancelTick?.()
    this.#cancelTick = undefined
  }

  async #robIfSilent(): Promise<void> {
    const { clock, locks, name, isNeeded, isUnderWay, rob } = this.#options
    const { held = [] } = await locks.query()
    const announced = held.some(({ name: lock = '' }) => isLeaderLock(name, lock))
    const isSilent = clock.monotonicMs() - this.#lastSignMs >= SILENT_MS
    if (announced || !isSilent || !isNeeded() || isUnderWay()) return
    this.sign()
    rob()
  }
}
