// Following: from a leader that announces itself to a line to its worker. It stands apart from leading, with which it shares
// only the slot that the engine goes into.
//
// Invariant: at most one line is on its way to coming about, and none while this page leads.

import { VersionTooNewError } from '../errors/errors.ts'
import { PROTOCOL_VERSION } from '../protocol/messages.ts'
import { connect } from './connect.ts'
import type { LeaderMessage } from './engine-slot.ts'
import { leaderLockName } from './names.ts'
import type { Rendezvous } from './rendezvous.ts'
import type { TabContext } from './tab-context.ts'

/** A connection that has not come about in this time is tried again. */
const CONNECT_MS = 2000

interface Connecting {
  readonly to: LeaderMessage
  readonly sinceMs: number
  readonly abort: AbortController
}

export class Following {
  readonly #context: TabContext
  #connecting: Connecting | undefined
  /** Lines made so far. */
  #lines = 0
  /** The page that was last heard to lead. */
  leader: string | undefined

  constructor(context: TabContext) {
    this.#context = context
  }

  /** True while a line comes about; one that takes too long is given up. */
  get isConnecting(): boolean {
    const { clock } = this.#context.options.platform
    if (this.#connecting && clock.monotonicMs() - this.#connecting.sinceMs >= CONNECT_MS) this.stop()
    return this.#connecting !== undefined
  }

  stop(): void {
    this.#connecting?.abort.abort()
    this.#connecting = undefined
  }

  /** A leader has announced itself. */
  heard(message: LeaderMessage, rendezvous: Rendezvous): void {
    const { slot, election, client, replace } = this.#context
    const { protocol, leader } = message
    if (election.held || !slot.takes(message, this.#connecting?.to)) return
    if (protocol < PROTOCOL_VERSION) {
      rendezvous.say({ type: 'yield', client: client(), protocol: PROTOCOL_VERSION })
      return
    }
    if (protocol > PROTOCOL_VERSION) {
      this.#context.refuse(tooOld(protocol))
      return
    }
    if (slot.link) replace(message)
    this.leader = leader
    void this.#follow(message, rendezvous)
  }

  async #follow(to: LeaderMessage, rendezvous: Rendezvous): Promise<void> {
    const { options, tabs, name, client, broker, slot, newLink, ready, forget } = this.#context
    const { term, engine } = to
    const { clock, random } = options.platform
    this.stop()
    const abort = new AbortController()
    this.#connecting = { to, sinceMs: clock.monotonicMs(), abort }
    const { signal } = abort
    const connected = await connect({
      ...{ tabs, clock, random, name, engine, rendezvous, signal },
      client: client(),
      broker,
    })
    if (signal.aborted) {
      connected.transport.terminate()
      return
    }
    this.#connecting = undefined
    const link = newLink({
      transport: connected.transport,
      hello: { ...options.hello(), client: client(), line: ++this.#lines },
      wasm: undefined,
      life: { lock: leaderLockName(name, term, engine), held: true },
      timeoutMs: 0,
    })
    slot.fill(link, 'follower', to)
    link.start().then(
      (info) => ready(link, info, { role: 'follower', transport: connected.name }),
      () => forget(link), // it ended meanwhile or is ending; the next one is asked for
    )
  }
}

function tooOld(protocol: number): VersionTooNewError {
  return new VersionTooNewError(
    `Another tab runs a newer release of this application (protocol ${protocol}, here ${PROTOCOL_VERSION}). Reload this page.`,
  )
}
