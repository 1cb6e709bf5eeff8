// Journals and temporary files: plain bytes that never have to survive anything. They live outside the wasm heap, which
// never shrinks, in chunks of 64 KiB: up to `memoryBytesMax` of them in JavaScript buffers, the rest in the store's
// scratch area. Invariants: a chunk is in memory or in one scratch slot, never both; the scratch area is empty whenever
// no file uses a slot; bytes at or beyond a file's size are never read.
import type { ScratchArea } from '../store/block-store-types.ts'

const CHUNK_BYTES = 64 * 1024
const SPARE_CHUNKS_MAX = 4

/** A buffer, or the number of a slot of the scratch area. */
type Chunk = Uint8Array | number

/** The space that all shadow files of one engine share. */
export class ShadowSpace {
  readonly #scratch: ScratchArea
  readonly #memoryChunksMax: number
  readonly #spare: Uint8Array[] = []
  readonly #freeSlots: number[] = []
  #memoryChunks = 0
  #slotEnd = 0
  #slotsUsed = 0

  /** Empties the scratch area. `memoryBytesMax` (default 3 MiB) is what all files may keep in memory together. */
  constructor(scratch: ScratchArea, memoryBytesMax = 3 * 1024 * 1024) {
    this.#scratch = scratch
    this.#memoryChunksMax = Math.floor(memoryBytesMax / CHUNK_BYTES)
    if (scratch.size > 0) scratch.truncate(0)
  }

  /** Bytes that files hold in memory and in the scratch area. */
  get used(): { readonly memoryBytes: number; readonly scratchBytes: number } {
    return { memoryBytes: this.#memoryChunks * CHUNK_BYTES, scratchBytes: this.#slotsUsed * CHUNK_BYTES }
  }

  allocate(): Chunk {
    if (this.#memoryChunks < this.#memoryChunksMax) {
      this.#memoryChunks++
      return this.#spare.pop() ?? new Uint8Array(CHUNK_BYTES)
    }
    this.#slotsUsed++
    return this.#freeSlots.pop() ?? this.#slotEnd++
  }

  free(chunk: Chunk): void {
    if (typeof chunk !== 'number') {
      this.#memoryChunks--
      if (this.#spare.length < SPARE_CHUNKS_MAX) this.#spare.push(chunk)
      return
    }
    this.#freeSlots.push(chunk)
    if (--this.#slotsUsed > 0) return
    this.#freeSlots.length = 0
    this.#slotEnd = 0
    this.#scratch.truncate(0)
  }

  read(chunk: Chunk, into: Uint8Array, at: number): void {
    if (typeof chunk !== 'number') into.set(chunk.subarray(at, at + into.length))
    else {
      const count = this.#scratch.read(into, chunk * CHUNK_BYTES + at)
      if (count < into.length) into.fill(0, count)
    }
  }

  /** Throws StorageError `quota` when the scratch area cannot grow. */
  write(chunk: Chunk, bytes: Uint8Array, at: number): void {
    if (typeof chunk !== 'number') chunk.set(bytes, at)
    else this.#scratch.write(bytes, chunk * CHUNK_BYTES + at)
  }
}

const ZEROS = new Uint8Array(CHUNK_BYTES)

/** One journal or temporary file. */
export class ShadowFile {
  readonly #space: ShadowSpace
  readonly #chunks: Chunk[] = []
  #size = 0

  constructor(space: ShadowSpace) {
    this.#space = space
  }

  get size(): number {
    return this.#size
  }

  /** Fills `into` from byte `at`; returns how many bytes the file had there. */
  read(into: Uint8Array, at: number): number {
    const count = Math.max(0, Math.min(into.length, this.#size - at))
    this.#eachPart(at, count, (chunk, inChunk, from, to) => this.#space.read(chunk, into.subarray(from, to), inChunk))
    return count
  }

  /** Puts `bytes` at byte `at`; a gap before it reads as zeros. Throws StorageError `quota`. */
  write(bytes: Uint8Array, at: number): void {
    while (at > this.#size) this.#put(ZEROS.subarray(0, Math.min(ZEROS.length, at - this.#size)), this.#size)
    this.#put(bytes, at)
  }

  /** Cuts the file to `size` bytes; never grows it. */
  truncate(size: number): void {
    if (size >= this.#size) return
    this.#size = size
    const keep = Math.ceil(size / CHUNK_BYTES)
    while (this.#chunks.length > keep) this.#space.free(this.#chunks.pop()!)
  }

  #put(bytes: Uint8Array, at: number): void {
    const end = at + bytes.length
    while (this.#chunks.length * CHUNK_BYTES < end) this.#chunks.push(this.#space.allocate())
    this.#eachPart(at, bytes.length, (chunk, inChunk, from, to) =>
      this.#space.write(chunk, bytes.subarray(from, to), inChunk),
    )
    if (end > this.#size) this.#size = end
  }

  #eachPart(at: number, count: number, visit: (chunk: Chunk, inChunk: number, from: number, to: number) => void): void {
    for (let done = 0; done < count; ) {
      const inChunk = (at + done) % CHUNK_BYTES
      const part = Math.min(count - done, CHUNK_BYTES - inChunk)
      visit(this.#chunks[Math.floor((at + done) / CHUNK_BYTES)]!, inChunk, done, done + part)
      done += part
    }
  }
}
