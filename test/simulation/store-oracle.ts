// What a simulated store must hold: the plain list of its states, commit by commit, and the comparison with the store.
import { DataSyncError, StorageError } from '../../src/errors/errors.ts'
import type { BlockStore } from '../../src/store/block-store.ts'
import type { Snapshot } from '../../src/store/block-store-types.ts'

/** A promise of the store was broken. */
export class Broken extends Error {
  override readonly name = 'Broken'
}

/** One commit's state. Each block is filled with one value. */
export interface State {
  readonly size: number
  readonly values: ReadonlyMap<number, number>
  /** The newest request of each client. */
  readonly outcomes: ReadonlyMap<string, number>
}

export const EMPTY: State = { size: 0, values: new Map(), outcomes: new Map() }

/** Damage is reported. A version that rotted looks like another version, which is never touched. */
export const isCorrupt = (error: unknown): boolean =>
  error instanceof DataSyncError && (error.code === 'corrupt' || error.code === 'format-unknown')
/** The disk refused; nothing is wrong with what it holds. */
export const isRefused = (error: unknown): boolean =>
  error instanceof StorageError && (error.code === 'io' || error.code === 'quota')

export class Comparison {
  readonly #bytes: Uint8Array
  readonly #words: Uint32Array

  constructor(blockSize: number) {
    this.#bytes = new Uint8Array(blockSize)
    this.#words = new Uint32Array(this.#bytes.buffer)
  }

  /** Compares every block. Returns how many were reported as damaged, which only a disk that lost data may do. */
  all(snapshot: Snapshot, state: State, what: string, damagedDisk: boolean): number {
    if (snapshot.sizeBlocks !== state.size)
      throw new Broken(`${what} has ${snapshot.sizeBlocks} blocks, expected ${state.size} (silent)`)
    let reported = 0
    for (let block = 0; block < state.size; block++) {
      try {
        snapshot.read(block, this.#bytes)
      } catch (error) {
        if (!damagedDisk || !isCorrupt(error)) throw error
        reported++
        continue
      }
      const value = state.values.get(block) ?? 0
      if (this.#words.every((word) => word === value)) continue
      throw new Broken(`${what}: block ${block} at commit ${snapshot.sequence} is not what was written (silent)`)
    }
    return reported
  }
}

/** Throws Broken if a request of this state would be run again. */
export function checkOutcomes(store: BlockStore, state: State): void {
  for (const [client, seq] of state.outcomes) {
    const outcome = store.outcomeOf(client, seq)
    if (!outcome || new DataView(outcome.buffer, outcome.byteOffset).getUint32(0, true) !== seq) {
      throw new Broken(`the outcome of ${client} ${seq} is lost`)
    }
  }
}
