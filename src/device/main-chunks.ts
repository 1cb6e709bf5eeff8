// The main area of an IndexedDB device in memory: all of it, or, with a source to fetch from, a bounded part. It stands
// apart because what may leave memory and when must hold whatever the device above is doing.
//
// Invariants: a chunk is here, away (stored, and to be fetched) or nothing but zeros; what is here and not pinned is
// exactly what is stored, so only that leaves; a pinned chunk never leaves and is never fetched over. Bytes of a chunk at
// or behind `size` are zeros. A scan does not push out everything: what was used a second time, with another chunk in
// between, has a half of its own.

import type { ChunkedBytes } from './chunked-bytes.ts'
import { CHUNK_BYTES } from './indexeddb-format.ts'

export type Chunk = Uint8Array<ArrayBuffer>
/** Stored and not in memory. */
export const AWAY = 'away'
/** Undefined: zeros, and nothing stored. */
export type ChunkState = Chunk | typeof AWAY | undefined

export interface ChunkSource {
  /** Most chunks of one call. */
  readonly chunksMax: number
  /** The stored chunks from `first` on, `count` of them, all stored. Blocks. Throws DeviceError. */
  fetch(first: number, count: number): readonly Chunk[]
}

/** Sequential readers that are told apart. */
const STREAMS_MAX = 4

interface Stream {
  next: number
  chunks: number
}

/** `ChunkedBytes` of the size of a stored chunk, some of which may be away. */
export class MainChunks implements Pick<ChunkedBytes, 'read' | 'write' | 'grow' | 'truncate' | 'size'> {
  readonly #roomBytes: () => number
  #source: ChunkSource | undefined
  #chunks: (Chunk | undefined)[] = []
  readonly #away = new Set<number>()
  readonly #pins = new Map<number, number>()
  /** Chunks that are here, oldest use first; kept only where some may leave. */
  readonly #fresh = new Set<number>()
  readonly #proven = new Set<number>()
  /** Fetched ahead and not used yet. */
  readonly #unused = new Set<number>()
  readonly #streams: Stream[] = []
  #last = -1
  #size = 0
  #here = 0
  /** Fetches and chunks fetched so far. */
  readonly counts = { fetches: 0, chunks: 0 }

  /** `roomBytes`: how many bytes more may be taken into memory now. */
  constructor(roomBytes: () => number) {
    this.#roomBytes = roomBytes
  }

  get size(): number {
    return this.#size
  }

  /** Bytes of the chunks that are here. */
  get allocatedBytes(): number {
    return this.#here * CHUNK_BYTES
  }

  get pinnedCount(): number {
    return this.#pins.size
  }

  /** From now on chunks may leave, and come back from `source`. */
  attach(source: ChunkSource): void {
    this.#source = source
    this.#chunks.forEach((chunk, index) => {
      if (chunk) this.#fresh.add(index)
    })
  }

  read(into: Uint8Array, at: number): number {
    const length = Math.max(0, Math.min(into.length, this.#size - at))
    const end = at + length
    for (let done = 0; done < length; ) {
      const index = Math.floor((at + done) / CHUNK_BYTES)
      const start = at + done - index * CHUNK_BYTES
      const count = Math.min(length - done, CHUNK_BYTES - start)
      const chunk = this.chunk(index, end)
      if (chunk) into.set(chunk.subarray(start, start + count), done)
      else into.fill(0, done, done + count)
      done += count
    }
    return length
  }

  /** Writes into chunks that are here, in place. */
  write(bytes: Uint8Array, at: number): void {
    for (let done = 0; done < bytes.length; ) {
      const index = Math.floor((at + done) / CHUNK_BYTES)
      const start = at + done - index * CHUNK_BYTES
      const count = Math.min(bytes.length - done, CHUNK_BYTES - start)
      this.#chunks[index]!.set(bytes.subarray(done, done + count), start)
      done += count
    }
    if (bytes.length > 0) this.#size = Math.max(this.#size, at + bytes.length)
  }

  grow(size: number): void {
    this.#size = Math.max(this.#size, size)
  }

  /** Cuts it to `size` bytes; a chunk that the cut goes through must be here or zeros. */
  truncate(size: number): void {
    if (size >= this.#size) return
    const index = Math.floor(size / CHUNK_BYTES)
    const within = size - index * CHUNK_BYTES
    const keep = within > 0 ? index + 1 : index
    for (let beyond = keep; beyond < this.#chunks.length; beyond++) this.set(beyond, undefined)
    this.#chunks.length = Math.min(this.#chunks.length, keep)
    for (const away of this.#away) if (away >= keep) this.#away.delete(away)
    if (within > 0) this.#chunks[index]?.fill(0, within)
    this.#size = size
  }

  /** Where the chunk is, without fetching it. */
  state(index: number): ChunkState {
    return this.#chunks[index] ?? (this.#away.has(index) ? AWAY : undefined)
  }

  /** The chunk itself, fetched if it is away; the caller will go on to byte `end`. Throws DeviceError. */
  chunk(index: number, end = 0): Chunk | undefined {
    const chunk = this.#chunks[index]
    if (!this.#source) return chunk
    if (chunk) this.#use(index)
    else if (this.#away.has(index)) return this.#fetch(index, Math.ceil(end / CHUNK_BYTES))
    return chunk
  }

  /** Puts a chunk in place without changing `size`. */
  set(index: number, chunk: ChunkState): void {
    if (chunk === AWAY) this.#away.add(index)
    else this.#away.delete(index)
    const after = chunk === AWAY ? undefined : chunk
    const before = this.#chunks[index]
    if (before === after) return
    this.#here += (after ? 1 : 0) - (before ? 1 : 0)
    while (this.#chunks.length < index) this.#chunks.push(undefined)
    this.#chunks[index] = after
    if (!after) this.#unlist(index)
    else if (this.#source && !this.#proven.has(index)) this.#fresh.add(index)
  }

  /** What is here of it differs from what is stored, or may; each pin is taken off once. */
  pin(index: number): void {
    this.#pins.set(index, (this.#pins.get(index) ?? 0) + 1)
  }

  unpin(index: number): void {
    const pins = this.#pins.get(index)! - 1
    if (pins > 0) this.#pins.set(index, pins)
    else this.#pins.delete(index)
  }

  /** Lets at least `bytes` of chunks leave, if so much is not pinned; none of [from, to). */
  makeRoom(bytes: number, from = 0, to = 0): void {
    if (!this.#source) return
    const enough = this.#here - Math.ceil(bytes / CHUNK_BYTES)
    for (const list of [this.#fresh, this.#proven]) {
      for (let left = list.size; left > 0 && this.#here > enough; left--) {
        const [index] = list
        if (index === undefined) break
        if (this.#pins.has(index) || (index >= from && index < to)) {
          list.delete(index) // to its end, so that it is not met again soon
          list.add(index)
        } else {
          this.set(index, AWAY)
        }
      }
    }
  }

  #fetch(index: number, end: number): Chunk {
    const source = this.#source!
    const wanted = Math.min(source.chunksMax, Math.max(1, end - index, this.#ahead(index, end)))
    let count = 1
    while (count < wanted && this.#away.has(index + count)) count++
    this.makeRoom(count * CHUNK_BYTES - this.#roomBytes())
    const fitting = Math.max(0, Math.floor(this.#roomBytes() / CHUNK_BYTES))
    count = Math.max(1, Math.min(count, fitting))
    const fetched = source.fetch(index, count)
    this.counts.fetches++
    this.counts.chunks += count
    this.#last = index
    // Where nothing can leave, what was fetched is not kept.
    if (fitting > 0) {
      for (const [offset, chunk] of fetched.entries()) {
        this.set(index + offset, chunk)
        if (offset > 0) this.#unused.add(index + offset)
      }
    }
    return fetched[0]!
  }

  /** How many chunks a reader who went on until here will want at once: twice as many each time. */
  #ahead(index: number, end: number): number {
    const found = this.#streams.findIndex(({ next }) => next === index)
    const stream = this.#streams.splice(found >= 0 ? found : STREAMS_MAX - 1, 1)[0] ?? { next: 0, chunks: 0 }
    const most = Math.max(1, Math.floor((this.allocatedBytes + this.#roomBytes()) / CHUNK_BYTES / 8))
    stream.chunks = found >= 0 ? Math.min(stream.chunks * 2, most, this.#source!.chunksMax) : 1
    stream.next = Math.max(index + stream.chunks, end)
    this.#streams.unshift(stream)
    return stream.chunks
  }

  #use(index: number): void {
    if (index === this.#last) return
    this.#last = index
    if (this.#unused.delete(index)) return
    if (this.#proven.delete(index)) this.#proven.add(index)
    else if (this.#fresh.delete(index)) {
      this.#proven.add(index)
      if (this.#proven.size * 2 * CHUNK_BYTES <= this.allocatedBytes + this.#roomBytes()) return
      const [oldest] = this.#proven
      this.#proven.delete(oldest!)
      this.#fresh.add(oldest!)
    }
  }

  #unlist(index: number): void {
    this.#unused.delete(index)
    this.#fresh.delete(index)
    this.#proven.delete(index)
  }
}
