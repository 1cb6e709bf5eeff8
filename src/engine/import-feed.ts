// The bytes of a file on their way into an import: what has arrived and was not taken. Parts may arrive before their import
// has begun. The sender keeps to its credit, so what waits here is bounded.

export class ImportFeed {
  readonly #parts: Uint8Array[] = []
  #ended = false
  #wake: (() => void) | undefined

  add(bytes: Uint8Array, last: boolean): void {
    this.#parts.push(bytes)
    this.#ended ||= last
    this.wake()
  }

  /** Lets the taker look whether it should go on. */
  wake(): void {
    this.#wake?.()
    this.#wake = undefined
  }

  /** The next part, undefined after the last one. Calls `goOn` before and after each wait; what that throws ends it. */
  async next(goOn: () => void): Promise<Uint8Array | undefined> {
    // Before, too: nobody wakes for what happened while the taker was busy elsewhere.
    goOn()
    while (this.#parts.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      goOn()
    }
    return this.#parts.shift()
  }
}
