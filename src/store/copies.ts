// Copies of bytes that live one after another and end in the order in which they began, such as writes until the next sync.
// It stands apart because a buffer for each of them would cost more than the copying: they share large ones.
//
// Invariant: the place of a copy is used again only after `reset`, which whoever holds copies calls when he holds none.

const SHARED_BYTES = 256 * 1024

export class Copies {
  #shared = new Uint8Array(0)
  #used = 0

  /** A copy of `bytes`, good until `reset`. */
  of(bytes: Uint8Array): Uint8Array {
    if (bytes.length > SHARED_BYTES / 4) return bytes.slice()
    if (this.#used + bytes.length > this.#shared.length) {
      this.#shared = new Uint8Array(SHARED_BYTES)
      this.#used = 0
    }
    const copy = this.#shared.subarray(this.#used, this.#used + bytes.length)
    copy.set(bytes)
    this.#used += bytes.length
    return copy
  }

  /** Nobody holds a copy any more. */
  reset(): void {
    this.#used = 0
  }
}
