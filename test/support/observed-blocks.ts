// Any `Blocks` with switches and counters around it: it refuses space, rots a block, fails or delays a flush or sync, and
// tells what was called. Suites of the layers above the store run with it over plain blocks and over the real store.
import { MemoryDevice } from '../../src/device/memory.ts'
import { StorageError } from '../../src/errors/errors.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import type { Blocks, Origin, ScratchArea, Snapshot, WriteTransaction } from '../../src/store/block-store-types.ts'
import { MemoryBlocks } from './memory-blocks.ts'

/** The implementations that a suite runs against. */
export const IMPLEMENTATIONS: readonly (readonly [string, () => Promise<Blocks>])[] = [
  ['plain blocks', async () => new MemoryBlocks()],
  ['the block store', () => BlockStore.open({ device: new MemoryDevice() })],
]

export class ObservedBlocks implements Blocks {
  readonly inner: Blocks
  readonly faults = {
    /** `write` answers `quota` once this many blocks are staged; 0: never. */
    stagedBlocksMax: 0,
    /** `reserve` answers `quota`, or what stands here. */
    reserve: false as boolean | Error,
    /** `publish` throws this. */
    publish: undefined as Error | undefined,
    /** These blocks read as damaged. */
    damaged: new Set<number>(),
    /** Every flush and sync fails with this. */
    durability: undefined as Error | undefined,
  }
  readonly counts = { pins: 0, released: 0, reads: 0, publishes: 0, reserves: 0, prepares: 0, flushes: 0, syncs: 0 }
  /** What each publish carried. */
  readonly published: (readonly Origin[])[] = []
  /** Makes flush and sync wait for this. */
  delay: (() => Promise<void>) | undefined
  /** Makes prepare wait for this. */
  delayRoom: (() => Promise<void>) | undefined
  /** A write transaction is open. */
  writing = false
  readonly scratch: ScratchArea & { readonly peak: number }
  #flushed: number
  #synced: number

  constructor(inner: Blocks = new MemoryBlocks()) {
    this.inner = inner
    this.scratch = observedScratch(inner.scratch)
    this.#flushed = inner.flushedSequence
    this.#synced = inner.syncedSequence
  }

  get blockSize(): number {
    return this.inner.blockSize
  }

  get sequence(): number {
    return this.inner.sequence
  }

  get sizeBlocks(): number {
    return this.inner.sizeBlocks
  }

  get flushedSequence(): number {
    return this.#flushed
  }

  get syncedSequence(): number {
    return this.#synced
  }

  pin(): Snapshot {
    const pin = this.inner.pin()
    this.counts.pins++
    let released = false
    return {
      sequence: pin.sequence,
      sizeBlocks: pin.sizeBlocks,
      read: (block, into) => this.#read(pin, block, into),
      release: () => {
        if (!released) this.counts.released++
        released = true
        pin.release()
      },
    }
  }

  begin(): WriteTransaction {
    const transaction = this.inner.begin()
    const staged = new Set<number>()
    const { faults } = this
    this.writing = true
    return {
      get sizeBlocks() {
        return transaction.sizeBlocks
      },
      get dirty() {
        return transaction.dirty
      },
      read: (block, into) => {
        if (staged.has(block)) transaction.read(block, into)
        else this.#read(transaction, block, into)
      },
      write: (block, bytes) => {
        if (faults.stagedBlocksMax > 0 && staged.size >= faults.stagedBlocksMax && !staged.has(block))
          throw new StorageError('quota', 'the quota is used up')
        staged.add(block)
        transaction.write(block, bytes)
      },
      truncate: (sizeBlocks) => transaction.truncate(sizeBlocks),
      reserve: () => {
        this.counts.reserves++
        if (faults.reserve instanceof Error) throw faults.reserve
        if (faults.reserve) throw new StorageError('quota', 'there is no space for the commit record')
        transaction.reserve()
      },
      publish: (origins) => {
        if (faults.publish) throw faults.publish
        this.writing = false
        this.counts.publishes++
        this.published.push(origins)
        return transaction.publish(origins)
      },
      rollback: () => {
        this.writing = false
        transaction.rollback()
      },
    }
  }

  prepare(): void | Promise<void> {
    this.counts.prepares++
    return this.delayRoom ? this.delayRoom().then(() => this.inner.prepare()) : this.inner.prepare()
  }

  flush(): void | Promise<void> {
    this.counts.flushes++
    return this.#store(() => this.inner.flush(), false)
  }

  sync(): void | Promise<void> {
    this.counts.syncs++
    return this.#store(() => this.inner.sync(), true)
  }

  outcomeOf(client: string, seq: number): Uint8Array | undefined {
    return this.inner.outcomeOf(client, seq)
  }

  /** An operation covers what was published when it began, and counts when it has ended. */
  #store(operation: () => void | Promise<void>, sync: boolean): void | Promise<void> {
    const { sequence } = this.inner
    const ended = () => {
      if (this.faults.durability) throw this.faults.durability
      this.#flushed = Math.max(this.#flushed, sequence)
      if (sync) this.#synced = Math.max(this.#synced, sequence)
    }
    const waits = [operation(), this.delay?.()].filter((wait) => wait !== undefined)
    return waits.length === 0 ? ended() : Promise.all(waits).then(ended)
  }

  #read(from: Pick<Snapshot, 'read'>, block: number, into: Uint8Array): void {
    this.counts.reads++
    if (this.faults.damaged.has(block)) throw new StorageError('corrupt', `block ${block} is damaged`, { block })
    from.read(block, into)
  }
}

function observedScratch(inner: ScratchArea): ScratchArea & { readonly peak: number } {
  let peak = 0
  return {
    get size() {
      return inner.size
    },
    get peak() {
      return peak
    },
    read: (into, at) => inner.read(into, at),
    write: (bytes, at) => {
      inner.write(bytes, at)
      peak = Math.max(peak, inner.size)
    },
    truncate: (size) => inner.truncate(size),
  }
}
