// What tabs say to everybody on the rendezvous channel. It stands apart because tabs of different releases hear each
// other there: a message keeps its meaning for good, and what is not understood is ignored.

import type { ClientId, RequestSeq } from '../protocol/messages.ts'
import type { Channel } from './platform.ts'

export type RendezvousMessage =
  /** A client looks for the leader, and will connect to whoever answers. */
  | { readonly type: 'seek'; readonly client: ClientId; readonly protocol: number }
  /**
   * This term of this store leads and takes connections. `leader` is the client of the leading page. `engine` is made anew
   * by each worker: one that can only read, for lack of space, has the term of the one before it.
   */
  | {
      readonly type: 'leader'
      readonly engine: string
      readonly term: number
      readonly storeId: string
      readonly leader: ClientId
      readonly protocol: number
    }
  /** A page or its worker is on the way to leading: starting, opening, replaying, waiting for handles. */
  | { readonly type: 'electing'; readonly leader: ClientId }
  /** This page is about to hand over: whoever is next may start a worker meanwhile. */
  | { readonly type: 'leaving'; readonly leader: ClientId }
  /** The leader with that number shall open the private channel of `client`. */
  | { readonly type: 'connect'; readonly client: ClientId; readonly engine: string; readonly line: string }
  /** A client gives a request up; the leader's page can tell its worker inside a statement, as nobody else can. */
  | { readonly type: 'cancel'; readonly client: ClientId; readonly seq: RequestSeq }
  /** A client of a newer protocol asks the leader to hand over. */
  | { readonly type: 'yield'; readonly client: ClientId; readonly protocol: number }
  /** Somebody wants to delete the database: everybody lets go of it and waits for the outcome. */
  | { readonly type: 'delete'; readonly deletion: string }
  /** That deletion is done, and the database is no more. */
  | { readonly type: 'deleted'; readonly deletion: string }
  /** That deletion was given up, or there was nothing to delete. */
  | { readonly type: 'kept'; readonly deletion: string }

export class Rendezvous {
  readonly #channel: Channel

  constructor(channel: Channel, onMessage: (message: RendezvousMessage) => void) {
    this.#channel = channel
    channel.onmessage = (data) => {
      const message = parseRendezvous(data)
      if (message) onMessage(message)
    }
  }

  say(message: RendezvousMessage): void {
    this.#channel.postMessage(message)
  }

  close(): void {
    this.#channel.onmessage = undefined
    this.#channel.close()
  }
}

/** Undefined for what is no message of this release. */
export function parseRendezvous(data: unknown): RendezvousMessage | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const { type, client, leader, engine, term, seq, storeId, protocol, deletion, line } = data as Readonly<
    Record<string, unknown>
  >
  const isNumber = (value: unknown) => typeof value === 'number' && Number.isSafeInteger(value)
  const isText = (value: unknown) => typeof value === 'string'
  switch (type) {
    case 'seek':
    case 'yield':
      return isText(client) && isNumber(protocol) ? (data as RendezvousMessage) : undefined
    case 'leader': {
      const texts = isText(leader) && isText(engine) && isText(storeId)
      return texts && isNumber(term) && isNumber(protocol) ? (data as RendezvousMessage) : undefined
    }
    case 'electing':
    case 'leaving':
      return isText(leader) ? (data as RendezvousMessage) : undefined
    case 'cancel':
      return isText(client) && isNumber(seq) ? (data as RendezvousMessage) : undefined
    case 'delete':
    case 'deleted':
    case 'kept':
      return isText(deletion) ? (data as RendezvousMessage) : undefined
    case 'connect':
      return isText(client) && isText(engine) && isText(line) ? (data as RendezvousMessage) : undefined
    default:
      return undefined
  }
}
