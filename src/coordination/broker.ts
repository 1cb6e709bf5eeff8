// The broker: a SharedWorker that hands ports to leaders and does nothing else, so that clients of other pages talk to the
// leading worker directly. It keeps no state that anybody misses: a client that gets no word from it takes another way.
//
// A leader introduces itself once with a port to its worker; a client that knows a term sends one end of a new pair and is
// told when that has been passed on. A client may come before the leader has introduced itself.

import type { ClientId } from '../protocol/messages.ts'
import type { Port } from './platform.ts'

export type ToBroker =
  | { readonly type: 'lead'; readonly name: string; readonly term: number; readonly port: Transferable }
  | {
      readonly type: 'connect'
      readonly name: string
      readonly term: number
      readonly client: ClientId
      readonly port: Transferable
    }
export interface FromBroker {
  readonly type: 'forwarded'
  readonly client: ClientId
  readonly term: number
}
/** What a leader's worker gets through its port. */
export interface ForwardedPort {
  readonly type: 'connect'
  readonly client: ClientId
  readonly port: Transferable
}

/** Clients that came before their leader, per name; older ones have taken another way. */
const WAITING_MAX = 64

/** The receiving side of the broker; `wrap` makes a port of what was transferred. */
export class Broker {
  readonly #wrap: (transferred: Transferable) => Port
  readonly #leaders = new Map<string, { readonly term: number; readonly port: Port }>()
  readonly #waiting = new Map<
    string,
    { readonly message: Extract<ToBroker, { type: 'connect' }>; readonly from: Port }[]
  >()

  constructor(wrap: (transferred: Transferable) => Port) {
    this.#wrap = wrap
  }

  /** Serves one more page. */
  serve(page: Port): void {
    page.onmessage = (data) => {
      const message = data as ToBroker
      if (message.type === 'lead') this.#lead(message)
      else if (message.type === 'connect') this.#connect(message, page)
    }
  }

  #lead({ name, term, port }: Extract<ToBroker, { type: 'lead' }>): void {
    const before = this.#leaders.get(name)
    if (before && before.term >= term) return
    before?.port.close()
    this.#leaders.set(name, { term, port: this.#wrap(port) })
    const waiting = this.#waiting.get(name) ?? []
    this.#waiting.delete(name)
    for (const { message, from } of waiting) this.#connect(message, from)
  }

  #connect(message: Extract<ToBroker, { type: 'connect' }>, from: Port): void {
    const { name, term, client, port } = message
    const leader = this.#leaders.get(name)
    if (leader && leader.term > term) return
    if (leader?.term === term) {
      leader.port.postMessage({ type: 'connect', client, port } satisfies ForwardedPort, [port])
      from.postMessage({ type: 'forwarded', client, term } satisfies FromBroker, [])
      return
    }
    const waiting = this.#waiting.get(name) ?? []
    waiting.push({ message, from })
    this.#waiting.set(name, waiting.slice(-WAITING_MAX))
  }
}
