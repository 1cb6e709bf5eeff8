// Leading: starts the worker of this page while it holds the lock for that, the next one when that has died, and hands over.
// It stands apart from following, with which it shares only the slot that the engine goes into.
//
// Invariant: a worker is started only while this page holds the lock, and only into an empty slot.

import { DataSyncError, LeaderLostError } from '../errors/errors.ts'
import type { StartOptions, WasmSource } from '../protocol/messages.ts'
import type { EngineLink } from './engine-link.ts'
import { aliveLockName, type Transport } from './platform.ts'
import type { TabContext } from './tab-context.ts'

/** After so many workers in a row that lived shorter than this the next one is started only after as long a pause. */
const SHORT_LIVES_MAX = 3
const SHORT_LIFE_MS = 1000
/** After so many workers that were killed while they were opening, opening has failed: it may be what kills them. */
const KILLED_STARTS_MAX = 3
/** A worker that was started for a handover is ended if that has not come by then. */
const PREPARED_MS = 5000

/** A worker whose script loads, and the wasm for it. */
interface Prepared {
  readonly transport: Transport
  readonly wasm: Promise<WasmSource>
}

export class Leading {
  readonly #context: TabContext
  /** Called when no worker can be had: what fails is in the error. */
  readonly #onFailure: (error: Error) => void
  /** Workers in a row that ended without a word while they were opening the database. */
  #killedStarts = 0
  #shortLives = 0
  #readyMs = 0
  #othersSeen = false
  #introduced: EngineLink | undefined
  #prepared: (Prepared & { readonly cancelEnd: () => void }) | undefined

  constructor(context: TabContext, onFailure: (error: Error) => void) {
    this.#context = context
    this.#onFailure = onFailure
  }

  /** `stolen`: the lock was taken from a page that did not answer. */
  lead(stolen: boolean): void {
    const { options, slot, client, newLink, ready } = this.#context
    const { platform, hello, timeoutMs } = options
    let link: EngineLink | undefined
    const failed = (error: unknown) => this.#failed(link, error instanceof Error ? error : new Error(String(error)))
    try {
      const started = newLink({
        ...this.#takeWorker(),
        hello: { ...hello(), client: client(), start: this.#start(stolen) },
        life: { lock: aliveLockName(client()), held: false },
        timeoutMs,
      })
      link = started
      slot.fill(started, 'leader')
      started.start().then((info) => {
        this.#killedStarts = 0
        this.#readyMs = platform.clock.monotonicMs()
        ready(started, info, { role: 'leader', transport: 'worker' })
      }, failed)
    } catch (error) {
      failed(error)
    }
  }

  /** The leader is about to hand over to this page: its script and the wasm are loaded meanwhile. */
  prepare(): void {
    const { clock } = this.#context.options.platform
    if (this.#prepared || this.#context.slot.role === 'leader') return
    try {
      const { transport, wasm } = this.#takeWorker()
      transport.onfailure = () => this.unprepare()
      wasm.catch(() => this.unprepare())
      this.#prepared = { transport, wasm, cancelEnd: clock.after(PREPARED_MS, () => this.unprepare()) }
    } catch {
      // What cannot be started now is tried again, and told, when this page leads.
    }
  }

  /** The worker that was started for a handover is not needed. */
  unprepare(): void {
    this.#prepared?.cancelEnd()
    this.#prepared?.transport.terminate()
    this.#prepared = undefined
  }

  #takeWorker(): Prepared {
    const { platform, files } = this.#context.options
    const prepared = this.#prepared
    this.#prepared = undefined
    prepared?.cancelEnd()
    if (prepared) return { transport: prepared.transport, wasm: prepared.wasm }
    return { transport: platform.startWorker(files.workerUrl), wasm: platform.getWasm(files) }
  }

  /** The worker of this page is no more, and this page still leads: the next one is started. */
  again(): void {
    const { options, slot, election, isActive } = this.#context
    const { clock } = options.platform
    const next = () => {
      if (isActive() && election.held && !slot.link) this.lead(false)
    }
    this.#shortLives = clock.monotonicMs() - this.#readyMs < SHORT_LIFE_MS ? this.#shortLives + 1 : 0
    if (this.#shortLives >= SHORT_LIVES_MAX) clock.after(SHORT_LIFE_MS, next)
    else next()
  }

  /** Lets the worker finish and close, then others lead; resolves when this page no longer does. */
  async handOver(why: string): Promise<void> {
    const { slot, election, lose } = this.#context
    const { link } = slot
    if (!link) return
    // A worker that is still opening has nothing to finish, and whoever waits for it waits on.
    if (slot.isReady) await link.close().catch(() => {}) // it has ended all the same
    election.leave()
    lose(link, new LeaderLostError('unknown', why))
  }

  /** Another client was heard. */
  seen(): void {
    this.#othersSeen = true
    this.introduce()
  }

  /** Clients of other pages get ports to our worker through the broker once there are any. */
  introduce(): void {
    const { slot, tabs, broker } = this.#context
    const { link } = slot
    if (!link || slot.role !== 'leader' || !slot.isReady || link === this.#introduced || !this.#othersSeen) return
    this.#introduced = link
    if (!broker.exists) return
    const [ours, theirs] = tabs.newPorts()
    link.post({ type: 'broker', port: ours }, [ours])
    broker.say({ type: 'lead', port: theirs })
  }

  #start(stolen: boolean): StartOptions {
    const { options, slot } = this.#context
    return {
      ...options.start,
      ...(stolen && { steal: true }),
      ...(slot.storeId !== undefined && { mustExist: true }),
    }
  }

  #failed(link: EngineLink | undefined, error: Error): void {
    const { slot, election, isClosed } = this.#context
    if (slot.link !== link || isClosed()) return
    slot.lose()
    const wasKilled = error instanceof DataSyncError && error.code === 'worker-ended'
    if (wasKilled && election.held && ++this.#killedStarts < KILLED_STARTS_MAX) this.lead(false)
    else this.#onFailure(error)
  }
}
