// The memory that a device and its helper share, through which fetched chunks come. It stands apart because both threads
// must agree on its bytes.
//
//  offset  size     field     meaning
//  0       4        number    of the fetch that is answered; written last, and notified
//  4       4        reason    0: chunks follow; else 1 + index of the reason why not
//  8       4        piece     of the stored head, as the chunks were read
//  12      4        count     chunks that follow
//  16      4        length    bytes of the text
//  64      960      text      owner in the stored head, or what went wrong; UTF-8
//  1024    32 * 64 KiB        the chunks
//
// One fetch is under way at a time; who asked reads everything before it asks again.

import { DeviceError, type DeviceErrorReason } from './device.ts'
import { CHUNK_BYTES, type Head } from './indexeddb-format.ts'
import type { Chunk } from './main-chunks.ts'

/** Most chunks of one fetch: a scan waits once in 2 MiB. */
export const EXCHANGE_CHUNKS = 32
const TEXT_AT = 64
const DATA_AT = 1024
export const EXCHANGE_BYTES = DATA_AT + EXCHANGE_CHUNKS * CHUNK_BYTES
const NUMBER = 0
const REASON = 1
const PIECE = 2
const COUNT = 3
const TEXT_LENGTH = 4
const REASONS: readonly DeviceErrorReason[] = ['full', 'io', 'fenced', 'evicted', 'closed']

/** Chunks with the head under which they were read, all in one transaction. */
export interface FetchedChunks {
  readonly owner: string
  readonly piece: number
  readonly chunks: readonly Chunk[]
}

export class ChunkExchange {
  /** For waiting at `number`. */
  readonly control: Int32Array<SharedArrayBuffer>
  readonly #bytes: Uint8Array<SharedArrayBuffer>

  constructor(shared: SharedArrayBuffer) {
    this.control = new Int32Array(shared, 0, TEXT_AT / 4)
    this.#bytes = new Uint8Array(shared)
  }

  /** Number of the fetch that was answered last. */
  get answered(): number {
    return Atomics.load(this.control, NUMBER)
  }

  /** Answers fetch `number` with what was found. */
  give(number: number, { owner, piece }: Pick<Head, 'owner' | 'piece'>, chunks: readonly Uint8Array[]): void {
    chunks.forEach((chunk, index) => {
      this.#bytes.set(chunk, DATA_AT + index * CHUNK_BYTES)
    })
    this.control[PIECE] = piece
    this.control[COUNT] = chunks.length
    this.#answer(number, 0, owner)
  }

  /** Answers fetch `number` with a failure. */
  fail(number: number, { reason, message }: DeviceError): void {
    this.#answer(number, 1 + REASONS.indexOf(reason), message)
  }

  /** The answer, copied. Throws the DeviceError that it was. */
  take(): FetchedChunks {
    const text = new TextDecoder().decode(this.#bytes.slice(TEXT_AT, TEXT_AT + this.control[TEXT_LENGTH]!))
    const reason = REASONS[this.control[REASON]! - 1]
    if (reason) throw new DeviceError(reason, text)
    const chunks: Chunk[] = []
    for (let index = 0; index < this.control[COUNT]!; index++) {
      const chunk = new Uint8Array(CHUNK_BYTES)
      chunk.set(this.#bytes.subarray(DATA_AT + index * CHUNK_BYTES, DATA_AT + (index + 1) * CHUNK_BYTES))
      chunks.push(chunk)
    }
    return { owner: text, piece: this.control[PIECE]!, chunks }
  }

  #answer(number: number, reason: number, text: string): void {
    const bytes = new TextEncoder().encode(text).subarray(0, DATA_AT - TEXT_AT)
    this.#bytes.set(bytes, TEXT_AT)
    this.control[TEXT_LENGTH] = bytes.length
    this.control[REASON] = reason
    Atomics.store(this.control, NUMBER, number)
    Atomics.notify(this.control, NUMBER)
  }
}
