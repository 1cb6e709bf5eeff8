// The leader's side of many tabs, in its worker: it shows that it leads, lets clients of other pages in by the broker's
// ports or by private channels, and learns from their locks when they are gone.
//
// Invariants: the lock of the term is held before anybody is answered and until the worker ends or has closed the
// database; a client is attended from the moment it is let in, by one waiting request for its lock.

import type { TabCoordination } from '../engine/tab-coordination.ts'
import type { Random } from '../environment.ts'
import { type ClientId, PROTOCOL_VERSION } from '../protocol/messages.ts'
import type { ForwardedPort, Introduction } from './broker.ts'
import { ChannelPort } from './channel-transport.ts'
import { hex } from './hex.ts'
import { clientLockName, leaderLockName, privateChannelName, rendezvousName } from './names.ts'
import type { Port, TabPlatform } from './platform.ts'
import { Rendezvous, type RendezvousMessage } from './rendezvous.ts'

/** The part of the tabs' platform that a worker has. */
export interface LeadershipPlatform extends Pick<TabPlatform, 'openChannel' | 'wrapPort'> {
  readonly locks: Pick<LockManager, 'request'>
  readonly random: Random
}

interface Attended {
  readonly waiting: AbortController
  gone: () => void
}

export class Leadership implements TabCoordination {
  readonly #platform: LeadershipPlatform
  readonly #serve: (port: Port) => void
  readonly #attended = new Map<ClientId, Attended>()
  readonly #channels = new Map<ClientId, ChannelPort>()
  #name = ''
  #leader: ClientId = ''
  #rendezvous: Rendezvous | undefined
  #term = 0
  #storeId = ''
  readonly #engine: string
  #announced = false
  #release: (() => void) | undefined

  /** `serve` is given each port through which a client of another page speaks. */
  constructor(platform: LeadershipPlatform, serve: (port: Port) => void) {
    this.#platform = platform
    this.#serve = serve
    this.#engine = hex(platform.random.bytes(8))
  }

  begin(name: string, leader: ClientId): void {
    this.#name = name
    this.#leader = leader
    this.#rendezvous = new Rendezvous(this.#platform.openChannel(rendezvousName(name)), (message) =>
      this.#hear(message),
    )
    this.#rendezvous.say({ type: 'electing', leader })
  }

  lead(term: number, storeId: string): Promise<void> {
    this.#term = term
    this.#storeId = storeId
    return new Promise((resolve, reject) => {
      this.#platform.locks
        .request(leaderLockName(this.#name, term, this.#engine), () => {
          resolve()
          return new Promise<void>((release) => {
            this.#release = release
          })
        })
        .catch(reject)
    })
  }

  announce(): void {
    this.#announced = true
    this.#say()
  }

  async attend(client: ClientId, gone: () => void): Promise<boolean> {
    const before = this.#attended.get(client)
    if (before) {
      before.gone = gone
      return true
    }
    const { locks } = this.#platform
    const lock = clientLockName(this.#name, client)
    const isFree = await locks.request(lock, { mode: 'shared', ifAvailable: true }, (granted) => granted !== null)
    if (isFree) return false
    const meanwhile = this.#attended.get(client)
    if (meanwhile) {
      meanwhile.gone = gone
      return true
    }
    const attended: Attended = { waiting: new AbortController(), gone }
    this.#attended.set(client, attended)
    const { signal } = attended.waiting
    locks
      .request(lock, { mode: 'shared', signal }, () => {
        if (this.#attended.get(client) !== attended) return
        this.#attended.delete(client)
        attended.gone()
      })
      .catch((error: unknown) => {
        if (!signal.aborted) throw error
      })
    return true
  }

  forget(client: ClientId): void {
    this.#attended.get(client)?.waiting.abort()
    this.#attended.delete(client)
    this.#channels.get(client)?.close()
    this.#channels.delete(client)
  }

  takeBroker(transferred: Transferable): void {
    const broker = this.#platform.wrapPort(transferred)
    broker.onmessage = (data) => {
      const { port } = data as ForwardedPort
      this.#serve(this.#platform.wrapPort(port))
    }
    const introduction: Introduction = { type: 'introduction', name: this.#name, engine: this.#engine }
    broker.postMessage(introduction, [])
  }

  end(): void {
    this.#announced = false
    this.#rendezvous?.close()
    for (const client of [...this.#attended.keys()]) this.forget(client)
    this.#release?.()
  }

  #hear(message: RendezvousMessage): void {
    if (message.type === 'seek') this.#say()
    else if (message.type === 'connect' && this.#announced && message.engine === this.#engine)
      this.#connect(message.client, message.line)
  }

  #say(): void {
    const leader = this.#leader
    if (!this.#announced) this.#rendezvous?.say({ type: 'electing', leader })
    else {
      this.#rendezvous?.say({
        type: 'leader',
        engine: this.#engine,
        term: this.#term,
        storeId: this.#storeId,
        leader,
        protocol: PROTOCOL_VERSION,
      })
    }
  }

  #connect(client: ClientId, line: string): void {
    this.#channels.get(client)?.close()
    const channel = this.#platform.openChannel(privateChannelName(this.#name, client, line))
    const port = new ChannelPort(channel, 'engine')
    this.#channels.set(client, port)
    this.#serve(port)
    port.postMessage({ type: 'connected' })
  }
}
