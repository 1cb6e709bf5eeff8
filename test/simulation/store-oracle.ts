// What a simulated store must hold: the plain list of its states, commit by commit, and the comparison with the store.
import { DataSyncError, StorageError } from '../../src/errors/errors.ts'
import type { BlockStore } from '../../src/store/block-store.ts'
import type { Snapshot } from '../../src/store/block-store-types.ts'
import { OUTCOME_BYTES_KEPT } from '../../src/store/sessions.ts'

/** A promise of the store was broken. */
export class Broken extends Error {
  override readonly name = 'Broken'
}

/** One commit's state. Each block is filled with one value. */
export interface State {
  readonly size: number
  readonly values: ReadonlyMap<number, number>
  /** Requests of each client that it has not acknowledged. */
  readonly outcomes: ReadonlyMap<string, readonly number[]>
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

/** What is recorded of a request; every other one is longer than what is kept where space is short. */
export function outcomeOf(seq: number): Uint8Array {
  return new Uint8Array(new Uint32Array(seq % 2 === 0 ? [seq] : Array.from({ length: 16 }, () => seq)).buffer)
}

/** Throws Broken if a request of this state would be run again, or answered with something else. */
export function checkOutcomes(store: BlockStore, state: State): void {
  for (const [client, requests] of state.outcomes) {
    for (const seq of requests) {
      const outcome = store.outcomeOf(client, seq)
      const recorded = outcomeOf(seq)
      const least = Math.min(recorded.length, OUTCOME_BYTES_KEPT)
      if (!outcome || outcome.length < least || outcome.some((byte, i) => byte !== recorded[i]))
        throw new Broken(`the outcome of ${client} ${seq} is lost`)
    }
  }
}
