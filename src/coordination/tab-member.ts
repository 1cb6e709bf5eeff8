// A client among many tabs: there while it holds its presence lock, in the queue for leading all the time, and working with
// whoever leads meanwhile. Looking, leading, following and standing aside are files of their own; this one says when.
//
//           `leader` heard                         page lock granted
//   looking --------------> following (a term) ----------------------> leading (own worker)
//      ^                        |  its lock is free: it has ended          |  own worker died: the next one
//      +------------------------+                                          |  robbed, handed over: looking
//      +-------------------------------------------------------------------+
//
// Invariants: the page leads only while it holds the page lock; one that is frozen, left or standing aside neither leads nor
// waits in the queue for it.

import { AbortError, ClosedError, DataSyncError, LeaderLostError } from '../errors/errors.ts'
import { type ClientId, type EngineInfo, PROTOCOL_VERSION } from '../protocol/messages.ts'
import { BrokerLine } from './broker-line.ts'
import { Election } from './election.ts'
import { EngineLink } from './engine-link.ts'
import { EngineSlot } from './engine-slot.ts'
import { Following } from './following.ts'
import { Leading } from './leading.ts'
import { Looking, SEEK_MS } from './looking.ts'
import { type Member, type MemberOptions, newClientId, type Place, type Tab } from './member.ts'
import { clientLockName, clientOfLock, isNext, rendezvousName } from './names.ts'
import { Opening } from './opening.ts'
import type { LifecycleEvent, TabPlatform } from './platform.ts'
import { Rendezvous, type RendezvousMessage } from './rendezvous.ts'
import { StandingAside } from './standing-aside.ts'
import type { LinkParts, TabContext } from './tab-context.ts'

export class TabMember implements Member {
  readonly #options: MemberOptions
  readonly #tabs: TabPlatform
  readonly #name: string
  readonly #election: Election
  readonly #slot = new EngineSlot()
  readonly #broker: BrokerLine
  readonly #looking: Looking
  readonly #leading: Leading
  readonly #following: Following
  readonly #aside: StandingAside
  #client: ClientId
  #state: 'out' | 'in' | 'suspended' | 'frozen' | 'closed' = 'out'
  /** Counts the times that this client joined; what was begun in an earlier one must not end this one. */
  #visit = 0
  #rendezvous: Rendezvous | undefined
  #leavePresence: (() => void) | undefined
  #stopLifecycle: (() => void) | undefined
  readonly #opening = new Opening()

  constructor(options: MemberOptions, tabs: TabPlatform) {
    this.#options = options
    this.#tabs = tabs
    this.#client = options.client
    this.#name = options.start.name
    this.#broker = new BrokerLine(tabs, options.files.workerUrl)
    this.#election = new Election(tabs.locks, this.#name, {
      elected: (stolen) => this.#elected(stolen),
      robbed: () => this.#robbed(),
    })
    const context = this.#context()
    this.#leading = new Leading(context, (error) => this.#failedToLead(error))
    this.#following = new Following(context)
    this.#looking = new Looking({
      clock: options.platform.clock,
      locks: tabs.locks,
      name: this.#name,
      isNeeded: () => this.#isActive && !this.#slot.link,
      isUnderWay: () => this.#following.isConnecting || this.#election.held,
      seek: () => this.#rendezvous?.say({ type: 'seek', client: this.#client, protocol: PROTOCOL_VERSION }),
      rob: () => this.#election.rob(),
    })
    this.#aside = new StandingAside({
      locks: tabs.locks,
      name: this.#name,
      letGo: () => this.#letGo(),
      deleted: () => this.#deleted(),
      goOn: () => this.#stand(),
    })
  }

  get #isActive(): boolean {
    return this.#state === 'in' && !this.#aside.active
  }

  async start(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw new AbortError('Opening was aborted by its signal.', { cause: signal.reason })
    const { timeoutMs, platform } = this.#options
    const opened = this.#opening.wait(platform.clock, timeoutMs, signal)
    this.#join()
    try {
      await opened
    } catch (error) {
      this.terminate()
      throw error
    }
  }

  async tabs(): Promise<readonly Tab[]> {
    const { held = [] } = await this.#tabs.locks.query()
    const leader = this.#slot.role === 'leader' ? this.#client : this.#following.leader
    const ids = held.flatMap(({ name = '' }) => clientOfLock(this.#name, name) ?? [])
    return ids.map((id) => ({ id, self: id === this.#client, leads: id === leader }))
  }

  cancel(seq: number): void {
    if (this.#slot.role === 'follower') this.#rendezvous?.say({ type: 'cancel', client: this.#client, seq })
  }

  want(): void {
    if (this.#state === 'in') this.#looking.look()
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return
    const isIn = this.#state === 'in' || this.#state === 'frozen'
    this.#state = 'closed'
    this.#stopLifecycle?.()
    if (isIn) await this.#leave()
    this.#broker.close()
  }

  terminate(): void {
    this.#state = 'closed'
    this.#stopLifecycle?.()
    this.#out()
    this.#broker.close()
    this.#opening.reject(new ClosedError('The database was closed while it was being opened.'))
  }

  // ---- coming and going ----

  #join(): void {
    this.#visit++
    this.#state = 'in'
    this.#looking.sign()
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
      .catch((error: unknown) => this.#options.onFailure(error instanceof Error ? error : new Error(String(error))))
  }

  /** Joins the queue for leading and looks for who leads meanwhile. */
  #stand(): void {
    if (!this.#isActive || !this.#leavePresence) return
    this.#election.enter()
    this.#looking.look()
  }

  /** Hands over what is led, lets a foreign engine know, and is gone from everywhere. */
  async #leave(): Promise<void> {
    const visit = this.#visit
    if (this.#slot.role !== 'leader') this.#election.leave()
    else this.#sayLeaving()
    try {
      await this.#slot.link?.close()
    } finally {
      if (this.#visit === visit) this.#out()
    }
  }

  #out(): void {
    this.#slot.leave()
    this.#leading.unprepare()
    this.#following.stop()
    this.#looking.stop()
    this.#aside.leave()
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
      this.#leading.unprepare()
      this.#looking.stop()
      this.#election.leave()
      // A worker that was asked to close would stop with its page, and keep the files until somebody looks at this tab.
      const { link, role } = this.#slot
      if (link && role === 'leader') this.#lose(link, new LeaderLostError('unknown', 'The page was frozen.'))
    } else if (event === 'resume' && this.#state === 'frozen') {
      this.#state = 'in'
      this.#looking.sign()
      this.#stand()
    }
  }

  #sayLeaving(): void {
    this.#rendezvous?.say({ type: 'leaving', leader: this.#client })
  }

  async #prepareIfNext(): Promise<void> {
    if (!this.#election.waiting) return
    const locks = await this.#tabs.locks.query()
    if (this.#isActive && this.#election.waiting && isNext(this.#name, this.#client, locks)) this.#leading.prepare()
  }

  async #handOver(why: string): Promise<void> {
    await this.#leading.handOver(why)
    this.#stand()
  }

  // ---- while the database is being deleted ----

  #letGo(): void {
    if (this.#state !== 'in') return
    this.#looking.stop()
    this.#following.stop()
    const why = 'The database is being deleted.'
    const { isReady, role } = this.#slot
    if (role === 'leader') void this.#handOver(why)
    else {
      this.#election.leave()
      // If the deletion is given up, the same engine may still be there.
      this.#slot.leave()
      if (isReady) this.#options.onDeath(new LeaderLostError('unknown', why))
    }
  }

  #deleted(): void {
    // Who was only about to open it opens what is there now.
    if (this.#slot.storeId === undefined) this.#stand()
    else this.#gone(new ClosedError(`The database '${this.#name}' was deleted with deleteDatabase().`))
  }

  #gone(cause: Error): void {
    this.terminate()
    this.#options.onGone(cause)
  }

  // ---- elections ----

  #elected(stolen: boolean): void {
    const { link } = this.#slot
    if (link) this.#drop(() => this.#slot.lose(), new LeaderLostError('unknown', 'The leading page has ended.'))
    this.#following.stop()
    if (this.#isActive && !this.#slot.link) this.#leading.lead(stolen)
  }

  #robbed(): void {
    const { link } = this.#slot
    if (link) this.#lose(link, new LeaderLostError('unknown', 'Another page has taken over.'))
    this.#stand()
  }

  #failedToLead(error: Error): void {
    if (this.#opening.waited) {
      this.#opening.reject(error)
      return
    }
    // It was open here, so it was deleted or removed meanwhile.
    if (error instanceof DataSyncError && error.code === 'evicted') {
      this.#gone(error)
      return
    }
    this.#options.onFailure(error)
    this.#election.leave()
    this.#options.platform.clock.after(SEEK_MS, () => {
      if (!this.#slot.link) this.#stand()
    })
    this.#looking.look()
  }

  #hear(message: RendezvousMessage): void {
    if (this.#state !== 'in') return
    switch (message.type) {
      case 'leader':
        this.#looking.sign()
        if (this.#isActive) this.#following.heard(message, this.#rendezvous as Rendezvous)
        return
      case 'electing':
        this.#looking.sign()
        return
      case 'seek':
        this.#leading.seen()
        if (this.#election.held && !this.#slot.isReady)
          this.#rendezvous?.say({ type: 'electing', leader: this.#client })
        return
      case 'yield':
        if (this.#slot.role !== 'leader' || message.protocol <= PROTOCOL_VERSION) return
        this.#sayLeaving()
        void this.#handOver('The page handed over to a newer release.')
        return
      case 'leaving':
        void this.#prepareIfNext()
        return
      case 'delete':
      case 'deleted':
      case 'kept':
        this.#aside.heard(message)
        return
      case 'cancel':
        if (this.#slot.role === 'leader') this.#options.onCancel(message.client, message.seq)
        return
      case 'connect':
        return
      default:
        message satisfies never
    }
  }

  // ---- an engine's life ----

  #context(): TabContext {
    return {
      options: this.#options,
      tabs: this.#tabs,
      name: this.#name,
      election: this.#election,
      slot: this.#slot,
      broker: this.#broker,
      client: () => this.#client,
      isActive: () => this.#isActive,
      isClosed: () => this.#state === 'closed',
      newLink: (parts) => this.#newLink(parts),
      ready: (link, info, place) => this.#ready(link, info, place),
      lose: (link, cause) => this.#lose(link, cause),
      forget: (link) => this.#forget(link),
      replace: (by) =>
        this.#drop(() => this.#slot.replace(by), new LeaderLostError('unknown', 'Another page leads now.')),
      refuse: (error) => this.#refuse(error),
    }
  }

  #newLink(parts: LinkParts): EngineLink {
    const { platform, onAnswers, onEvent } = this.#options
    const link: EngineLink = new EngineLink({
      ...parts,
      locks: this.#tabs.locks,
      clock: platform.clock,
      onAnswers,
      onEvent,
      onDeath: (cause) => this.#lose(link, cause),
    })
    return link
  }

  #ready(link: EngineLink, info: EngineInfo, place: Place): void {
    if (this.#slot.link !== link) return
    this.#slot.ready(info)
    this.#looking.stop()
    this.#leading.introduce()
    this.#opening.resolve()
    this.#options.onReady(info, place, (message, transfer) => link.post(message, transfer))
  }

  /** An engine in use, or about to be, is no more. If it was our own worker and we still lead, the next one follows. */
  #lose(link: EngineLink, cause: Error): void {
    if (this.#slot.link !== link) return
    this.#drop(() => this.#slot.lose(), cause)
    if (this.#election.held) this.#leading.again()
  }

  #drop(empty: () => void, cause: Error): void {
    const { isReady } = this.#slot
    empty()
    this.#looking.look()
    if (isReady) this.#options.onDeath(cause)
  }

  #forget(link: EngineLink): void {
    if (this.#slot.link !== link) return
    this.#slot.lose()
    this.#looking.look()
  }

  #refuse(error: Error): void {
    this.#opening.reject(error)
    this.#options.onFailure(error)
  }
}
