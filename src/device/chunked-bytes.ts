// A growable run of bytes kept as chunks of one size; a chunk that was never written costs nothing and reads as zeros.
// It stands apart because the memory device is four of them and the IndexedDB device keeps its resident content so.
//
// Invariants: bytes of a chunk at or behind `size` are zero; a present chunk has exactly `chunkBytes` bytes.

export class ChunkedBytes {
  readonly chunkBytes: number
  #chunks: (Uint8Array<ArrayBuffer> | undefined)[] = []
  #size = 0
  #allocated = 0

  constructor(chunkBytes = 65536) {
    this.chunkBytes = chunkBytes
  }

  get size(): number {
    return this.#size
  }

  /** Bytes of the chunks that are really there. */
  get allocatedBytes(): number {
    return this.#allocated * this.chunkBytes
  }

  /** Bytes that a write of `length` bytes at `at` would newly allocate. */
  allocationFor(length: number, at: number): number {
    let missing = 0
    for (let index = Math.floor(at / this.chunkBytes); index * this.chunkBytes < at + length; index++) {
      if (!this.#chunks[index]) missing++
    }
    return missing * this.chunkBytes
  }

  /** Fills `into` from byte `at` and returns how many bytes there were. */
  read(into: Uint8Array, at: number): number {
    const length = Math.max(0, Math.min(into.length, this.#size - at))
    for (let done = 0; done < length; ) {
      const index = Math.floor((at + done) / this.chunkBytes)
      const start = at + done - index * this.chunkBytes
      const count = Math.min(length - done, this.chunkBytes - start)
      const chunk = this.#chunks[index]
      if (chunk) into.set(chunk.subarray(start, start + count), done)
      else into.fill(0, done, done + count)
      done += count
    }
    return length
  }

  write(bytes: Uint8Array, at: number): void {
    for (let done = 0; done < bytes.length; ) {
      const index = Math.floor((at + done) / this.chunkBytes)
      const start = at + done - index * this.chunkBytes
      const count = Math.min(bytes.length - done, this.chunkBytes - start)
      let chunk = this.#chunks[index]
      if (!chunk) {
        chunk = new Uint8Array(this.chunkBytes)
        this.setChunk(index, chunk)
      }
      chunk.set(bytes.subarray(done, done + count), start)
      done += count
    }
    if (bytes.length > 0) this.#size = Math.max(this.#size, at + bytes.length)
  }

  /** Makes it at least `size` bytes long; new bytes are zero and cost nothing yet. */
  grow(size: number): void {
    this.#size = Math.max(this.#size, size)
  }

  /** Cuts it to `size` bytes; never grows it. */
  truncate(size: number): void {
    if (size >= this.#size) return
    const index = Math.floor(size / this.chunkBytes)
    const within = size - index * this.chunkBytes
    const keep = within > 0 ? index + 1 : index
    for (let beyond = keep; beyond < this.#chunks.length; beyond++) this.setChunk(beyond, undefined)
    this.#chunks.length = Math.min(this.#chunks.length, keep)
    if (within > 0) this.#chunks[index]?.fill(0, within)
    this.#size = size
  }

  /** The chunk itself, not a copy. */
  chunk(index: number): Uint8Array<ArrayBuffer> | undefined {
    return this.#chunks[index]
  }

  /** Puts a chunk in place (undefined: zeros) without changing `size`. */
  setChunk(index: number, chunk: Uint8Array<ArrayBuffer> | undefined): void {
    const before = this.#chunks[index]
    if (before === chunk) return
    this.#allocated += (chunk ? 1 : 0) - (before ? 1 : 0)
    while (this.#chunks.length < index) this.#chunks.push(undefined)
    this.#chunks[index] = chunk
  }

  clone(): ChunkedBytes {
    const copy = new ChunkedBytes(this.chunkBytes)
    copy.#chunks = this.#chunks.map((chunk) => chunk?.slice())
    copy.#size = this.#size
    copy.#allocated = this.#allocated
    return copy
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#size)
    this.read(bytes, 0)
    return bytes
  }
}
