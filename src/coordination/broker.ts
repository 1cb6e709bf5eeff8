// The broker: a SharedWorker that hands ports to leaders and does nothing else, so that clients of other pages talk to the
// leading worker directly. It keeps no state that anybody misses: a client that gets no word from it takes another way.
//
// A page that leads sends one end of a pair of ports, and its worker introduces itself through the other one. A client that
// has heard of a worker sends one end of a new pair and is told when that has been passed on; it may come before the worker.
// Workers are told apart by their numbers: terms begin anew with each store of a name.

import type { ClientId } from '../protocol/messages.ts'
import type { Port } from './platform.ts'

export type ToBroker =
  | { readonly type: 'lead'; readonly port: Transferable }
  | {
      readonly type: 'connect'
      readonly name: string
      readonly engine: string
      readonly client: ClientId
      readonly port: Transferable
    }
/** The first message through the port of a leader. */
export interface Introduction {
  readonly type: 'introduction'
  readonly name: string
  readonly engine: string
}
export type FromBroker =
  /** The broker runs: said once to each page. */
  { readonly type: 'here' } | { readonly type: 'forwarded'; readonly client: ClientId; readonly engine: string }
/** What a leader's worker gets through its port. */
export interface ForwardedPort {
  readonly type: 'connect'
  readonly client: ClientId
  readonly port: Transferable
}

/** Clients that came before their leader, per name; older ones have taken another way. */
const WAITING_MAX = 64
/** Leaders per name: the newest, and those whose introduction came late. */
const LEADERS_MAX = 4

type Connect = Extract<ToBroker, { type: 'connect' }>

/** The receiving side of the broker; `wrap` makes a port of what was transferred. */
export class Broker {
  readonly #wrap: (transferred: Transferable) => Port
  readonly #leaders = new Map<string, { readonly engine: string; readonly port: Port }[]>()
  readonly #waiting = new Map<string, { readonly message: Connect; readonly from: Port }[]>()

  constructor(wrap: (transferred: Transferable) => Port) {
    this.#wrap = wrap
  }

  /** Serves one more page. */
  serve(page: Port): void {
    page.onmessage = (data) => {
      const message = data as ToBroker
      if (message.type === 'lead') this.#awaitIntroduction(this.#wrap(message.port))
      else if (message.type === 'connect') this.#connect(message, page)
    }
    page.postMessage({ type: 'here' } satisfies FromBroker, [])
  }

  #awaitIntroduction(port: Port): void {
    port.onmessage = (data) => {
      const { name, engine } = data as Introduction
      const leaders = [...(this.#leaders.get(name) ?? []), { engine, port }]
      for (const { port: old } of leaders.splice(0, leaders.length - LEADERS_MAX)) old.close()
      this.#leaders.set(name, leaders)
      const waiting = this.#waiting.get(name) ?? []
      this.#waiting.delete(name)
      for (const { message, from } of waiting) this.#connect(message, from)
    }
  }

  #connect(message: Connect, from: Port): void {
    const { name, engine, client, port } = message
    const leader = this.#leaders.get(name)?.find((known) => known.engine === engine)
    if (leader) {
      leader.port.postMessage({ type: 'connect', client, port } satisfies ForwardedPort, [port])
      from.postMessage({ type: 'forwarded', client, engine } satisfies FromBroker, [])
      return
    }
    const waiting = this.#waiting.get(name) ?? []
    waiting.push({ message, from })
    this.#waiting.set(name, waiting.slice(-WAITING_MAX))
  }
}
