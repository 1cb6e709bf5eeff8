// A line between one client and one leader over a BroadcastChannel of their own, for browsers or releases that have
// nothing better. A message is copied, not transferred; a large payload travels in pieces, so that neither end copies
// megabytes in one step.
//
// Invariants: one client and one leader per channel; pieces of one message arrive in order and without another message of
// the same speaker between them (channels keep the order); each end hears only what is marked for it.

import type { Channel, Port } from './platform.ts'

const PIECE_BYTES = 256 * 1024

type Side = 'client' | 'engine'

interface Envelope {
  readonly to: Side
  /** The message, without its payload where that comes behind it in pieces. */
  readonly message?: unknown
  /** Bytes of the payload that follows. */
  readonly bytes?: number
  readonly piece?: ArrayBuffer
}

/** This end of a private channel, as a port. */
export class ChannelPort implements Port {
  onmessage: ((data: unknown) => void) | undefined
  readonly #channel: Channel
  readonly #other: Side
  #closed = false
  #awaited: { readonly message: object; readonly payload: Uint8Array<ArrayBuffer>; at: number } | undefined

  constructor(channel: Channel, side: Side) {
    this.#channel = channel
    this.#other = side === 'client' ? 'engine' : 'client'
    channel.onmessage = (data) => {
      const envelope = data as Envelope
      if (envelope.to === side) this.#receive(envelope)
    }
  }

  postMessage(message: unknown): void {
    // Like a message port, and unlike a channel, a closed one takes what nobody will hear.
    if (this.#closed) return
    const { payload } = message as { readonly payload?: ArrayBuffer }
    const to = this.#other
    if (!payload || payload.byteLength <= PIECE_BYTES) {
      this.#channel.postMessage({ to, message } satisfies Envelope)
      return
    }
    const { payload: _, ...head } = message as { readonly payload: ArrayBuffer }
    this.#channel.postMessage({ to, message: head, bytes: payload.byteLength } satisfies Envelope)
    for (let at = 0; at < payload.byteLength; at += PIECE_BYTES)
      this.#channel.postMessage({ to, piece: payload.slice(at, at + PIECE_BYTES) } satisfies Envelope)
  }

  close(): void {
    this.#closed = true
    this.onmessage = undefined
    this.#channel.onmessage = undefined
    this.#channel.close()
  }

  #receive({ message, bytes, piece }: Envelope): void {
    if (piece === undefined) {
      if (bytes === undefined) this.onmessage?.(message)
      else this.#awaited = { message: message as object, payload: new Uint8Array(bytes), at: 0 }
      return
    }
    const awaited = this.#awaited
    // An end that joined in the middle of a message has nothing to put the pieces into.
    if (!awaited) return
    awaited.payload.set(new Uint8Array(piece), awaited.at)
    awaited.at += piece.byteLength
    if (awaited.at < awaited.payload.length) return
    this.#awaited = undefined
    this.onmessage?.({ ...awaited.message, payload: awaited.payload.buffer })
  }
}
