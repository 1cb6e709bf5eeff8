// Bytes of one area of the simulated disk. Chunks that were never written are not held; a copy shares all chunks until
// one side writes, so that thousands of disks can be tried from one moment.

const CHUNK = 4096

export class SparseBytes {
  chunks = new Map<number, Uint8Array>()
  size = 0
  /** Chunks that nobody else holds. */
  #own = new Set<number>()

  read(into: Uint8Array, at: number): number {
    const count = Math.max(0, Math.min(into.length, this.size - at))
    for (let done = 0; done < count; ) {
      const offset = (at + done) % CHUNK
      const n = Math.min(CHUNK - offset, count - done)
      const chunk = this.chunks.get(Math.floor((at + done) / CHUNK))
      if (chunk) into.set(chunk.subarray(offset, offset + n), done)
      else into.fill(0, done, done + n)
      done += n
    }
    return count
  }

  write(bytes: Uint8Array, at: number): void {
    for (let done = 0; done < bytes.length; ) {
      const offset = (at + done) % CHUNK
      const n = Math.min(CHUNK - offset, bytes.length - done)
      const index = Math.floor((at + done) / CHUNK)
      this.#owned(index).set(bytes.subarray(done, done + n), offset)
      done += n
    }
    this.size = Math.max(this.size, at + bytes.length)
  }

  resize(size: number): void {
    if (size < this.size) {
      for (const index of [...this.chunks.keys()]) {
        if (index * CHUNK >= size) this.chunks.delete(index)
        else if ((index + 1) * CHUNK > size) this.#owned(index).fill(0, size - index * CHUNK)
      }
    }
    this.size = size
  }

  copy(): SparseBytes {
    const copy = new SparseBytes()
    copy.size = this.size
    copy.chunks = new Map(this.chunks)
    this.#own = new Set()
    return copy
  }

  #owned(index: number): Uint8Array {
    const held = this.chunks.get(index)
    if (held && this.#own.has(index)) return held
    const chunk = held ? held.slice() : new Uint8Array(CHUNK)
    this.chunks.set(index, chunk)
    this.#own.add(index)
    return chunk
  }
}
