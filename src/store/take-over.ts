// The writes by which an opened store becomes this process's own: the tail written again, then both superblocks with a
// higher term. It stands apart from reading (recovery.ts) because a store can be read without it: where there is no
// space for these writes the store is open for reading, and they are tried again later.
//
// Invariants: a step is done once it is synced, and only a step that failed is done again, whole; the second superblock
// is written only when the first is synced, so one of them always holds; nothing is appended before the last step.
import { StorageError } from '../errors/errors.ts'
import { syncAll } from './checkpoint.ts'
import { type ChecksumName, checksumBit } from './checksum.ts'
import { RECORD, roundUp, SECTOR, SUPERBLOCK_AT } from './format.ts'
import { type ChainPlace, isMark, type LogRecord, logArea } from './log.ts'
import { verifyRecord } from './record.ts'
import { noteStored, type StoreState } from './state.ts'
import { encodeSuperblock, type Superblock, type SuperblockFound } from './superblock.ts'

/** Records from the replay start to the last commit. */
export interface Chain {
  readonly records: readonly LogRecord[]
  readonly end: ChainPlace
  readonly sequence: number
}

/** What reading has found that the writes depend on. */
export interface FoundChain {
  readonly superblocks: readonly SuperblockFound[]
  readonly superblock: Superblock
  readonly chain: Chain
}

export class TakeOver {
  readonly #state: StoreState
  readonly #found: FoundChain
  readonly #next: Superblock
  readonly #bytes: Uint8Array
  #tailRewritten = false
  /** Superblocks that are written and synced. */
  #written = 0

  constructor(state: StoreState, found: FoundChain, checksum: ChecksumName) {
    this.#state = state
    this.#found = found
    const { superblock, chain } = found
    const { end, sequence } = chain
    this.#next = {
      ...superblock,
      generation: superblock.generation + 1,
      term: state.term,
      endLog: end.log,
      endOffset: end.offset,
      endTerm: end.term,
      endChecksum: end.checksum,
      endSequence: sequence,
      durableSequence: sequence,
      checksumsUsed: superblock.checksumsUsed | checksumBit(checksum),
      writtenMs: state.environment.clock.epochMs(),
    }
    this.#bytes = encodeSuperblock(this.#next, state.checksums)
  }

  /** Does what is left to be done. Throws StorageError; after `quota` nothing is harmed and it can be called again. */
  async run(): Promise<void> {
    const { writer } = this.#state
    try {
      await this.#write()
    } catch (error) {
      // What failed is written anew, as a whole, by the next attempt.
      if (error instanceof StorageError && error.code === 'quota') writer.startAnew()
      throw error
    }
  }

  async #write(): Promise<void> {
    const state = this.#state
    const { sequence } = this.#found.chain
    if (!this.#tailRewritten) {
      rewriteTail(state, this.#found)
      await syncAll(state)
      this.#tailRewritten = true
    }
    const order = writingOrder(this.#found.superblocks)
    for (const i of order.slice(this.#written)) {
      state.writer.write('main', this.#bytes, SUPERBLOCK_AT[i])
      await syncAll(state)
      this.#written++
    }
    state.superblock = this.#next
    noteStored(state, { sequence, claims: sequence }, true)
  }
}

/** A bad superblock first, else the older. */
function writingOrder(superblocks: readonly SuperblockFound[]): readonly (0 | 1)[] {
  const generationOf = (i: 0 | 1): number => {
    const found = superblocks[i]
    return found?.kind === 'valid' ? found.superblock.generation : -1
  }
  return generationOf(0) <= generationOf(1) ? [0, 1] : [1, 0]
}

/**
 * An earlier process's sync may have failed and left pages clean that never reached the disk, so what nothing synced
 * vouches for is written again, with the same bytes. A device that undoes what it fails to store leaves no such pages.
 */
function rewriteTail(state: StoreState, { superblocks, superblock, chain }: FoundChain): void {
  if (state.writer.device.afterFailedSync === 'undone') return
  const claimed = chain.records.reduce(
    (newest, { head }) => Math.max(newest, head.durableSequence),
    superblock.durableSequence,
  )
  for (const record of chain.records) {
    if (record.head.sequence <= claimed && !isMark(record)) continue
    state.writer.write(logArea(record.log), bytesOf(state, record), record.offset)
  }
  superblocks.forEach((found, i) => {
    if (found.kind === 'valid') state.writer.write('main', found.bytes, SUPERBLOCK_AT[i === 0 ? 0 : 1])
  })
}

/** A record's bytes, read and verified anew: a read that is wrong now must not be written over what was right. */
function bytesOf({ writer, checksums }: StoreState, { log, offset, head }: LogRecord): Uint8Array {
  const bytes = new Uint8Array(roundUp(head.totalBytes, SECTOR))
  for (let attempt = 0; attempt < 2; attempt++) {
    writer.device.read(logArea(log), bytes, offset)
    bytes.fill(0, head.totalBytes)
    // The checksum's own field is not under the checksum.
    new DataView(bytes.buffer).setBigUint64(RECORD.at.checksum, head.checksum, true)
    if (verifyRecord(bytes, head, checksums)) return bytes
  }
  throw damaged('The log')
}

export const damaged = (what: string): StorageError =>
  new StorageError(
    'corrupt',
    `${what} of this database is damaged. Nothing was changed or deleted: what is stored is as it was found.`,
  )

export const isQuota = (error: unknown): boolean => error instanceof StorageError && error.code === 'quota'

export const readOnlyError = (): StorageError =>
  new StorageError('quota', 'The storage is full: there is not even the space to take this database over for writing.')
