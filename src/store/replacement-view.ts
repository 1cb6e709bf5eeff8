// New content before it is in force, as a store that can only be read: what SQLite checks before an import counts. Reads
// go the same way as later, through table, header and checksums, to the bytes on the device.
import { StorageError } from '../errors/errors.ts'
import type { Blocks, ScratchArea, Snapshot, WriteTransaction } from './block-store-types.ts'
import { typed } from './device-writer.ts'
import type { Geometry } from './format.ts'
import { Home } from './home.ts'
import { scratchOf } from './scratch.ts'
import type { SegmentTable } from './segment-table.ts'
import type { StoreState } from './state.ts'

export interface NewContent {
  readonly geometry: Geometry
  readonly table: SegmentTable
  readonly sizeBlocks: number
}

export class ReplacementView implements Blocks {
  readonly blockSize: number
  readonly sequence = 0
  readonly flushedSequence = 0
  readonly syncedSequence = 0
  readonly sizeBlocks: number
  readonly scratch: ScratchArea
  readonly #state: StoreState
  readonly #home: Home

  constructor(state: StoreState, { geometry, table, sizeBlocks }: NewContent) {
    const { device } = state.writer
    this.#state = state
    this.#home = new Home({ device, geometry, checksums: state.checksums }, table)
    this.blockSize = geometry.blockSize
    this.sizeBlocks = sizeBlocks
    this.scratch = scratchOf(device)
  }

  pin(): Snapshot {
    const { sequence, sizeBlocks } = this
    return { sequence, sizeBlocks, read: (block, into) => this.#read(block, into), release: () => {} }
  }

  begin(): WriteTransaction {
    throw new StorageError('unavailable', 'Content that is not in force yet cannot be written.')
  }

  prepare(): void {}
  flush(): void {}
  sync(): void {}

  outcomeOf(): undefined {
    return undefined
  }

  #read(block: number, into: Uint8Array): void {
    this.#state.writer.check()
    const entry = block < this.sizeBlocks ? typed(() => this.#home.entry(block)) : undefined
    if (entry) typed(() => this.#home.read(block, entry.place, entry.index, entry.stored, into))
    else into.fill(0)
  }
}
