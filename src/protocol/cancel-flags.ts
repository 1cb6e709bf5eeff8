// Requests that were given up, in memory that page and worker share: a statement that runs sees them there, although the
// worker takes no message before the statement's end. Only pages that are cross-origin isolated can share memory, and only
// with a worker of their own; everywhere else the message `cancel` alone tells.
//
// Two 32-bit cells per slot: the request's number, bits of its client's id. A slot that is taken again forgets
// what it held: the message about that follows anyway. A number is written last and read twice, so a slot that is being
// written is never taken for another request.
import type { ClientId, RequestSeq } from './messages.ts'

const SLOTS = 1024
const CELLS = 2
/** Of the memory behind `CancelFlags`. */
export const CANCEL_FLAGS_BYTES = SLOTS * CELLS * Int32Array.BYTES_PER_ELEMENT

export class CancelFlags {
  readonly #cells: Int32Array

  constructor(memory: SharedArrayBuffer) {
    this.#cells = new Int32Array(memory)
  }

  /** The request is given up; noticed by a statement that runs. */
  raise(client: ClientId, seq: RequestSeq): void {
    const at = slotOf(client, seq)
    Atomics.store(this.#cells, at, 0)
    Atomics.store(this.#cells, at + 1, bitsOf(client))
    Atomics.store(this.#cells, at, seq | 0)
  }

  raised(client: ClientId, seq: RequestSeq): boolean {
    return this.watch(client, seq)()
  }

  /** Tells again and again whether one request was given up. */
  watch(client: ClientId, seq: RequestSeq): () => boolean {
    const cells = this.#cells
    const bits = bitsOf(client)
    const number = seq | 0
    const at = slotOf(client, seq)
    return () =>
      Atomics.load(cells, at) === number && Atomics.load(cells, at + 1) === bits && Atomics.load(cells, at) === number
  }
}

/** Ids are random, so 32 bits made of all their digits tell two clients apart. */
function bitsOf(client: ClientId): number {
  let bits = 0
  for (let at = 0; at < client.length; at += 8) bits ^= Number.parseInt(client.slice(at, at + 8), 16)
  return bits
}

const slotOf = (client: ClientId, seq: RequestSeq): number => ((bitsOf(client) + (seq | 0)) & (SLOTS - 1)) * CELLS
