// Views of the wasm module's memory. Memory that grows detaches every view of it, so nobody keeps one across a call into
// SQLite: `bytes()` and `data()` are asked each time and cost one comparison. A detached view has length 0, which is how
// growth is noticed.

export class WasmHeap {
  readonly #renew: () => Uint8Array
  #bytes: Uint8Array
  #data: DataView

  /** `renew` returns a view of the memory as it is now. */
  constructor(renew: () => Uint8Array) {
    this.#renew = renew
    this.#bytes = renew()
    this.#data = new DataView(this.#bytes.buffer)
  }

  /** All of the memory as bytes; valid until the next call into SQLite. */
  bytes(): Uint8Array {
    if (this.#bytes.length === 0) this.#attach()
    return this.#bytes
  }

  /** All of the memory for numbers (little-endian); valid until the next call into SQLite. */
  data(): DataView {
    if (this.#bytes.length === 0) this.#attach()
    return this.#data
  }

  /** The NUL-terminated UTF-8 text at `pointer`; undefined for a null pointer. */
  text(pointer: number): string | undefined {
    if (pointer === 0) return undefined
    const bytes = this.bytes()
    const end = bytes.indexOf(0, pointer)
    return new TextDecoder().decode(bytes.subarray(pointer, end))
  }

  #attach(): void {
    this.#bytes = this.#renew()
    this.#data = new DataView(this.#bytes.buffer)
  }
}
