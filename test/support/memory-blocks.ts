// A plain implementation of `Blocks`, for suites of the layers above the store: one Map of blocks per published sequence,
// nothing durable, nothing checked twice. Faults and counts are `observed-blocks.ts`, over this or over the real store.
import { StorageError } from '../../src/errors/errors.ts'
import type { Blocks, Origin, ScratchArea, Snapshot, WriteTransaction } from '../../src/store/block-store-types.ts'

interface State {
  readonly sequence: number
  readonly blocks: ReadonlyMap<number, Uint8Array>
  readonly sizeBlocks: number
}

export class MemoryBlocks implements Blocks {
  readonly blockSize: number
  flushedSequence = 0
  syncedSequence = 0
  readonly scratch: MemoryScratch
  readonly #outcomes = new Map<string, Uint8Array>()
  #state: State = { sequence: 0, blocks: new Map(), sizeBlocks: 0 }
  #transaction: MemoryTransaction | undefined

  constructor({ blockSize = 4096, scratchBytesMax = 1 << 30 } = {}) {
    this.blockSize = blockSize
    this.scratch = new MemoryScratch(scratchBytesMax)
  }

  get sequence(): number {
    return this.#state.sequence
  }

  get sizeBlocks(): number {
    return this.#state.sizeBlocks
  }

  pin(): Snapshot {
    const { sequence, sizeBlocks, blocks } = this.#state
    let pinned = true
    return {
      sequence,
      sizeBlocks,
      read: (block, into) => {
        if (!pinned) throw new Error('read after release')
        this.readBlock(blocks, block, into)
      },
      release: () => {
        pinned = false
      },
    }
  }

  begin(): WriteTransaction {
    if (this.#transaction) throw new Error('a second write transaction')
    const transaction = new MemoryTransaction(this, this.#state)
    this.#transaction = transaction
    return transaction
  }

  end(next: State | undefined, origins: readonly Origin[]): void {
    this.#transaction = undefined
    if (!next) return
    this.#state = next
    for (const origin of origins) this.#outcomes.set(`${origin.client} ${origin.seq}`, origin.outcome)
  }

  readBlock(blocks: ReadonlyMap<number, Uint8Array>, block: number, into: Uint8Array): void {
    if (into.length !== this.blockSize) throw new Error('a read of something else than one block')
    const bytes = blocks.get(block)
    if (bytes) into.set(bytes)
    else into.fill(0)
  }

  prepare(): void {}

  flush(): void {
    this.flushedSequence = this.sequence
  }

  sync(): void {
    this.flushedSequence = this.syncedSequence = this.sequence
  }

  outcomeOf(client: string, seq: number): Uint8Array | undefined {
    return this.#outcomes.get(`${client} ${seq}`)
  }
}

class MemoryTransaction implements WriteTransaction {
  readonly #store: MemoryBlocks
  readonly #base: State
  readonly #staged = new Map<number, Uint8Array>()
  readonly #cut = new Set<number>()
  #size: number
  #reserved = false
  dirty = false

  constructor(store: MemoryBlocks, base: State) {
    this.#store = store
    this.#base = base
    this.#size = base.sizeBlocks
  }

  get sizeBlocks(): number {
    return this.#size
  }

  read(block: number, into: Uint8Array): void {
    const staged = this.#staged.get(block)
    if (staged) into.set(staged)
    else if (this.#cut.has(block)) into.fill(0)
    else this.#store.readBlock(this.#base.blocks, block, into)
  }

  write(block: number, bytes: Uint8Array): void {
    if (bytes.length !== this.#store.blockSize) throw new Error('a write of something else than one block')
    this.#staged.set(block, bytes.slice())
    this.#size = Math.max(this.#size, block + 1)
    this.dirty = true
    this.#reserved = false
  }

  truncate(sizeBlocks: number): void {
    for (let block = sizeBlocks; block < this.#size; block++) {
      this.#staged.delete(block)
      this.#cut.add(block)
    }
    this.#size = sizeBlocks
    this.dirty = true
    this.#reserved = false
  }

  reserve(): void {
    this.#reserved = true
  }

  publish(origins: readonly Origin[]): number {
    if (!this.dirty) {
      this.#store.end(undefined, [])
      return this.#store.sequence
    }
    if (!this.#reserved) throw new Error('publish without a reservation')
    const blocks = new Map(this.#base.blocks)
    for (const block of this.#cut) blocks.delete(block)
    for (const [block, bytes] of this.#staged) blocks.set(block, bytes)
    const sequence = this.#base.sequence + 1
    this.#store.end({ sequence, blocks, sizeBlocks: this.#size }, origins)
    return sequence
  }

  rollback(): void {
    this.#store.end(undefined, [])
  }
}

class MemoryScratch implements ScratchArea {
  readonly #bytesMax: number
  #bytes = new Uint8Array(0)
  size = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  read(into: Uint8Array, at: number): number {
    const part = this.#bytes.subarray(at, Math.min(at + into.length, this.size))
    into.set(part)
    return part.length
  }

  write(bytes: Uint8Array, at: number): void {
    const end = at + bytes.length
    if (end > this.#bytesMax) throw new StorageError('quota', 'the scratch area is full')
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2))
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    this.#bytes.set(bytes, at)
    this.size = Math.max(this.size, end)
  }

  truncate(size: number): void {
    this.size = size
  }
}
