// A client among many tabs. It stands in the queue for leading all the time, and works with whoever leads meanwhile.
//
//           seek, `leader` heard                   page lock granted
//   out --> looking ------> following (a term) ----------------------> leading (own worker)
//              ^                 |  its lock is free: it has ended            |  own worker died: the next one
//              +-----------------+                                            |  robbed, handed over: looking
//              +--------------------------------------------------------------+
//
// Invariants: at most one engine is in use; an engine that was lost, or of an older term than that,
// is never taken; the page
// leads only while it holds the page lock; nothing is decided by a clock except asking again, and robbing a page that
// has not announced a term and has not answered for `SILENT_MS`.

import {
  AbortError,
  ClosedError,
  DataSyncError,
  LeaderLostError,
  TimeoutError,
  VersionTooNewError,
} from '../errors/errors.ts'
import { type ClientId, type EngineInfo, PROTOCOL_VERSION } from '../protocol/messages.ts'
import type { ToBroker } from './broker.ts'
import { connect } from './connect.ts'
import { Election } from './election.ts'
import { EngineLink } from './engine-link.ts'
import { type Member, type MemberOptions, newClientId, type Place, type Role, type Tab } from './member.ts'
import { clientLockName, clientOfLock, rendezvousName, termLockName, termOfLock } from './names.ts'
import { aliveLockName, type LifecycleEvent, type Port, type TabPlatform } from './platform.ts'
import { Rendezvous, type RendezvousMessage } from './rendezvous.ts'

/** How often a client without an engine asks who leads. */
const SEEK_MS = 500
/** A connection that has not come about in this time is tried again. */
const CONNECT_MS = 2000
const SILENT_MS = 3000
/** After so many workers in a row that lived shorter than this the next one is started only after as long a pause. */
const SHORT_LIVES_MAX = 3
const SHORT_LIFE_MS = 1000

/** After so many workers that were killed while they were opening, opening has failed: it may be what kills them. */
const KILLED_STARTS_MAX = 3

interface Waiter {
  resolve(): void
  reject(error: Error): void
}

export class TabMember implements Member {
  readonly #options: MemberOptions
  readonly #tabs: TabPlatform
  readonly #name: string
  readonly #election: Election
  #client: ClientId
  #state: 'out' | 'in' | 'suspended' | 'frozen' | 'closed' = 'out'
  /** Counts the times that this client joined; what was begun in an earlier one must not end this one. */
  #visit = 0
  #rendezvous: Rendezvous | undefined
  #broker: Port | undefined
  #link: EngineLink | undefined
  #role: Role | undefined
  #term = 0
  /** The newest term whose engine was lost, and the engines of it that were. */
  #lostTerm = 0
  readonly #lostEngines = new Set<string>()
  /** The foreign engine in use or about to be. */
  #engine: string | undefined
  /** The client of the page that was last heard to lead. */
  #leader: ClientId | undefined
  #storeId: string | undefined
  /** Workers in a row that ended without a word while they were opening the database. */
  #killedStarts = 0
  #shortLives = 0
  #connecting: { readonly term: number; readonly sinceMs: number; readonly abort: AbortController } | undefined
  #leavePresence: (() => void) | undefined
  #othersSeen = false
  #introducedTerm = 0
  #lastSignMs = 0
  /** When the engine in use became ready; 0 before. */
  #readyMs = 0
  #cancelTick: (() => void) | undefined
  #stopLifecycle: (() => void) | undefined
  readonly #waiters = new Set<Waiter>()

  constructor(options: MemberOptions, tabs: TabPlatform) {
    this.#options = options
    this.#tabs = tabs
    this.#client = options.client
    this.#name = options.start.name
    this.#election = new Election(tabs.locks, this.#name, {
      elected: (stolen) => this.#elected(stolen),
      robbed: () => this.#robbed(),
    })
  }

  async start(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw new AbortError('Opening was aborted by its signal.', { cause: signal.reason })
    const { timeoutMs, platform } = this.#options
    const endings: (() => void)[] = []
    const ready = new Promise<void>((resolve, reject) => {
      const waiter = { resolve, reject }
      this.#waiters.add(waiter)
      endings.push(() => this.#waiters.delete(waiter))
      if (timeoutMs > 0) endings.push(platform.clock.after(timeoutMs, () => reject(this.#openingTimeout(timeoutMs))))
      const onAbort = () => reject(new AbortError('Opening was aborted by its signal.', { cause: signal?.reason }))
      signal?.addEventListener('abort', onAbort, { once: true })
      endings.push(() => signal?.removeEventListener('abort', onAbort))
    })
    this.#join()
    try {
      await ready
    } catch (error) {
      this.terminate()
      throw error
    } finally {
      for (const end of endings) end()
    }
  }

  async tabs(): Promise<readonly Tab[]> {
    const { held = [] } = await this.#tabs.locks.query()
    const leader = this.#role === 'leader' ? this.#client : this.#leader
    const ids = held.flatMap(({ name = '' }) => clientOfLock(this.#name, name) ?? [])
    return ids.map((id) => ({ id, self: id === this.#client, leads: id === leader }))
  }

  cancel(seq: number): void {
    if (this.#role === 'follower') this.#rendezvous?.say({ type: 'cancel', client: this.#client, seq })
  }

  want(): void {
    if (this.#state === 'in') this.#tick()
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return
    const isIn = this.#state === 'in' || this.#state === 'frozen'
    this.#state = 'closed'
    this.#stopLifecycle?.()
    if (isIn) await this.#leave()
    this.#broker?.close()
  }

  terminate(): void {
    this.#state = 'closed'
    this.#stopLifecycle?.()
    this.#out()
    this.#broker?.close()
    for (const { reject } of this.#waiters)
      reject(new ClosedError('The database was closed while it was being opened.'))
  }

  // ---- coming and going ----

  #join(): void {
    const { platform } = this.#options
    this.#visit++
    this.#state = 'in'
    // An engine that was left is not one that was lost.
    this.#lostEngines.clear()
    this.#lastSignMs = platform.clock.monotonicMs()
    this.#stopLifecycle ??= this.#tabs.onLifecycle((event) => this.#lifecycle(event))
    this.#rendezvous = new Rendezvous(this.#tabs.openChannel(rendezvousName(this.#name)), (message) =>
      this.#hear(message),
    )
    const visit = this.#visit
    this.#tabs.locks
      .request(clientLockName(this.#name, this.#client), () => {
        if (this.#visit !== visit || this.#state === 'suspended' || this.#state === 'closed') return undefined
        const left = new Promise<void>((resolve) => {
          this.#leavePresence = resolve
        })
        this.#stand()
        return left
      })
      .catch((error: unknown) => this.#options.onFailure(toError(error)))
  }

  /** Joins the queue for leading and looks for who leads meanwhile. */
  #stand(): void {
    if (this.#state !== 'in' || !this.#leavePresence) return
    this.#election.enter()
    this.#tick()
  }

  /** Hands over what is led, lets a foreign engine know, and is gone from everywhere. */
  async #leave(): Promise<void> {
    const visit = this.#visit
    const wasLeading = this.#role === 'leader'
    if (!wasLeading) this.#election.leave()
    try {
      await this.#link?.close()
    } finally {
      if (this.#visit === visit) this.#out()
    }
  }

  #out(): void {
    this.#link?.terminate()
    this.#link = undefined
    this.#role = undefined
    this.#engine = undefined
    this.#term = 0
    this.#readyMs = 0
    this.#stopConnecting()
    this.#cancelTick?.()
    this.#cancelTick = undefined
    this.#election.leave()
    this.#rendezvous?.close()
    this.#rendezvous = undefined
    this.#leavePresence?.()
    this.#leavePresence = undefined
  }

  #lifecycle(event: LifecycleEvent): void {
    const isIn = this.#state === 'in' || this.#state === 'frozen'
    if ((event === 'hide' || event === 'unload') && isIn) {
      this.#state = 'suspended'
      const next = newClientId(this.#options.platform)
      this.#options.onSuspend(next)
      // A page that is kept would keep a worker and its locks too if it stopped before the worker has closed.
      if (event === 'hide') this.#out()
      else this.#leave().catch(() => {}) // the page ends; what was not handed over ends with it
      this.#client = next
    } else if (event === 'show' && this.#state === 'suspended') {
      this.#out()
      this.#join()
    } else if (event === 'freeze' && this.#state === 'in') {
      this.#state = 'frozen'
      this.#cancelTick?.()
      if (this.#role === 'leader') this.#handOver('The page was frozen.')
      else this.#election.leave()
    } else if (event === 'resume' && this.#state === 'frozen') {
      this.#state = 'in'
      this.#lastSignMs = this.#options.platform.clock.monotonicMs()
      this.#stand()
    }
  }

  // ---- leading ----

  #elected(stolen: boolean): void {
    if (this.#link) this.#drop(this.#link, new LeaderLostError('unknown', 'The leading page has ended.'))
    this.#stopConnecting()
    if (this.#state === 'in' && !this.#link) this.#lead(stolen)
  }

  #lead(stolen: boolean): void {
    const { platform, files, hello, start, timeoutMs } = this.#options
    try {
      const link = this.#newLink({
        transport: platform.startWorker(files.workerUrl),
        hello: { ...hello(), client: this.#client, start: stolen ? { ...start, steal: true } : start },
        wasm: platform.getWasm(files),
        life: { lock: aliveLockName(this.#client), held: false },
        timeoutMs,
      })
      this.#role = 'leader'
      link.start().then(
        (info) => this.#ready(link, info, { role: 'leader', transport: 'worker' }),
        (error: unknown) => this.#failedToLead(link, toError(error)),
      )
    } catch (error) {
      this.#failedToLead(undefined, toError(error))
    }
  }

  #failedToLead(link: EngineLink | undefined, error: Error): void {
    if (this.#link !== link || this.#state === 'closed') return
    this.#link = undefined
    this.#role = undefined
    const wasKilled = error instanceof DataSyncError && error.code === 'worker-ended'
    if (wasKilled && this.#election.held && ++this.#killedStarts < KILLED_STARTS_MAX) {
      this.#lead(false)
      return
    }
    if (this.#waiters.size > 0) {
      for (const { reject } of this.#waiters) reject(error)
      return
    }
    this.#options.onFailure(error)
    this.#election.leave()
    this.#options.platform.clock.after(SEEK_MS, () => {
      if (!this.#link) this.#stand()
    })
    this.#tick()
  }

  #robbed(): void {
    if (this.#link) this.#lose(this.#link, new LeaderLostError('unknown', 'Another page has taken over.'))
    this.#stand()
  }

  #handOver(why: string): void {
    const link = this.#link
    if (!link) return
    const finish = () => {
      this.#election.leave()
      if (this.#link === link) this.#lose(link, new LeaderLostError('unknown', why))
      this.#stand()
    }
    link.close().then(finish, finish)
  }

  /** Clients of other pages get ports to our worker through the broker once there are any. */
  #introduce(): void {
    if (this.#role !== 'leader' || this.#introducedTerm === this.#term || !this.#link || !this.#othersSeen) return
    this.#introducedTerm = this.#term
    const broker = this.#brokerLine()
    if (!broker) return
    const [ours, theirs] = this.#tabs.newPorts()
    this.#link.post({ type: 'broker', port: ours }, [ours])
    broker.postMessage({ type: 'lead', name: this.#name, term: this.#term, port: theirs } satisfies ToBroker, [theirs])
  }

  #brokerLine(): Port | undefined {
    this.#broker ??= this.#tabs.connectBroker(this.#options.files.workerUrl)
    return this.#broker
  }

  // ---- following ----

  #hear(message: RendezvousMessage): void {
    if (this.#state !== 'in') return
    switch (message.type) {
      case 'leader':
        this.#heardLeader(message)
        return
      case 'electing':
        this.#lastSignMs = this.#options.platform.clock.monotonicMs()
        return
      case 'seek':
        this.#othersSeen = true
        if (this.#term > 0) this.#introduce()
        if (this.#election.held && this.#term === 0) this.#rendezvous?.say({ type: 'electing', leader: this.#client })
        return
      case 'yield':
        if (this.#role === 'leader' && message.protocol > PROTOCOL_VERSION)
          this.#handOver('The page handed over to a newer release.')
        return
      case 'cancel':
        if (this.#role === 'leader') this.#options.onCancel(message.client, message.seq)
        return
      case 'connect':
        return
      default:
        message satisfies never
    }
  }

  #heardLeader({ engine, leader, term, storeId, protocol }: Extract<RendezvousMessage, { type: 'leader' }>): void {
    this.#lastSignMs = this.#options.platform.clock.monotonicMs()
    // A store made anew begins with its first term; who had the other one open learns that it is gone.
    const isOther = this.#storeId !== undefined && this.#storeId !== storeId
    const isNewer = isOther || term > Math.max(this.#term, this.#connecting?.term ?? 0)
    const isBusy = this.#link !== undefined || this.#connecting !== undefined
    if (this.#election.held || engine === this.#engine || this.#lostEngines.has(engine)) return
    if ((isBusy && !isNewer) || (!isOther && term < this.#lostTerm)) return
    if (protocol < PROTOCOL_VERSION) {
      this.#rendezvous?.say({ type: 'yield', client: this.#client, protocol: PROTOCOL_VERSION })
      return
    }
    if (protocol > PROTOCOL_VERSION) {
      this.#tooOld(protocol)
      return
    }
    if (this.#link) this.#lose(this.#link, new LeaderLostError('unknown', 'Another page leads now.'))
    this.#leader = leader
    this.#follow(term, engine)
  }

  async #follow(term: number, engine: string): Promise<void> {
    const { platform, hello } = this.#options
    this.#stopConnecting()
    const abort = new AbortController()
    this.#connecting = { term, sinceMs: platform.clock.monotonicMs(), abort }
    this.#engine = engine
    const { transport, name } = await connect({
      tabs: this.#tabs,
      clock: platform.clock,
      name: this.#name,
      client: this.#client,
      term,
      broker: this.#brokerLine(),
      rendezvous: this.#rendezvous as Rendezvous,
      signal: abort.signal,
    })
    if (abort.signal.aborted) {
      transport.terminate()
      return
    }
    this.#connecting = undefined
    const link = this.#newLink({
      transport,
      hello: { ...hello(), client: this.#client },
      wasm: undefined,
      life: { lock: termLockName(this.#name, term), held: true },
      timeoutMs: 0,
    })
    this.#role = 'follower'
    this.#term = term
    link.start().then(
      (info) => this.#ready(link, info, { role: 'follower', transport: name }),
      () => this.#forget(link), // it ended meanwhile or is ending; the next one is asked for
    )
  }

  #stopConnecting(): void {
    if (!this.#connecting) return
    this.#connecting.abort.abort()
    this.#connecting = undefined
    this.#engine = undefined
  }

  #tooOld(protocol: number): void {
    const error = new VersionTooNewError(
      `Another tab runs a newer release of this application (protocol ${protocol}, here ${PROTOCOL_VERSION}). Reload this page.`,
    )
    for (const { reject } of this.#waiters) reject(error)
    this.#options.onFailure(error)
  }

  // ---- an engine's life ----

  #newLink(
    parts: Pick<ConstructorParameters<typeof EngineLink>[0], 'transport' | 'hello' | 'wasm' | 'life' | 'timeoutMs'>,
  ) {
    const { platform, onAnswers, onEvent } = this.#options
    const link: EngineLink = new EngineLink({
      ...parts,
      locks: this.#tabs.locks,
      clock: platform.clock,
      onAnswers,
      onEvent,
      onDeath: (cause) => this.#lose(link, cause),
    })
    this.#link = link
    return link
  }

  #ready(link: EngineLink, info: EngineInfo, place: Place): void {
    if (this.#link !== link) return
    if (this.#storeId !== info.storeId) this.#lostTerm = 0
    this.#storeId = info.storeId
    this.#term = info.term
    this.#role = place.role
    this.#readyMs = this.#options.platform.clock.monotonicMs()
    this.#killedStarts = 0
    this.#cancelTick?.()
    this.#introduce()
    for (const { resolve } of this.#waiters) resolve()
    this.#options.onReady(info, place, (message, transfer) => link.post(message, transfer))
  }

  /** An engine in use, or about to be, is no more. If it was our own worker and we still lead, the next one follows. */
  #lose(link: EngineLink, cause: Error): void {
    if (this.#link !== link) return
    const { clock } = this.#options.platform
    const livedMs = clock.monotonicMs() - this.#readyMs
    this.#drop(link, cause)
    const again = () => {
      if (this.#state === 'in' && this.#election.held && !this.#link) this.#lead(false)
    }
    this.#shortLives = livedMs < SHORT_LIFE_MS ? this.#shortLives + 1 : 0
    if (this.#shortLives >= SHORT_LIVES_MAX) clock.after(SHORT_LIFE_MS, again)
    else again()
  }

  #drop(link: EngineLink, cause: Error): void {
    const wasReady = this.#readyMs > 0
    this.#forget(link)
    if (wasReady) this.#options.onDeath(cause)
  }

  #forget(link: EngineLink): void {
    if (this.#link !== link) return
    link.terminate()
    this.#link = undefined
    this.#role = undefined
    this.#readyMs = 0
    if (this.#term > this.#lostTerm) this.#lostEngines.clear()
    this.#lostTerm = Math.max(this.#lostTerm, this.#term)
    if (this.#engine) this.#lostEngines.add(this.#engine)
    this.#engine = undefined
    this.#term = 0
    this.#tick()
  }

  /** While there is no engine: asks who leads, tries again what takes too long, and robs whoever is silent. */
  #tick(): void {
    this.#cancelTick?.()
    if (this.#state !== 'in' || this.#link) return
    const { clock } = this.#options.platform
    this.#cancelTick = clock.after(SEEK_MS, () => this.#tick())
    const now = clock.monotonicMs()
    if (this.#connecting && now - this.#connecting.sinceMs >= CONNECT_MS) this.#stopConnecting()
    if (this.#connecting || this.#election.held) return
    this.#rendezvous?.say({ type: 'seek', client: this.#client, protocol: PROTOCOL_VERSION })
    if (now - this.#lastSignMs >= SILENT_MS) void this.#robIfSilent()
  }

  async #robIfSilent(): Promise<void> {
    const { held = [] } = await this.#tabs.locks.query()
    const announced = held.some(({ name }) => name !== undefined && termOfLock(this.#name, name) !== undefined)
    const { clock } = this.#options.platform
    const isSilent = clock.monotonicMs() - this.#lastSignMs >= SILENT_MS
    if (announced || !isSilent || this.#state !== 'in' || this.#link || this.#connecting || this.#election.held) return
    this.#lastSignMs = clock.monotonicMs()
    this.#election.rob()
  }

  #openingTimeout(timeoutMs: number): TimeoutError {
    return new TimeoutError(`The database did not open within ${timeoutMs} ms.`)
  }
}

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))
