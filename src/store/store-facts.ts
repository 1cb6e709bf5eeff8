// What an open store tells about itself and its blocks. It stands apart from the store's face because nothing here changes
// anything.
import { assert } from './assert.ts'
import { type ChecksumName, checksumName } from './checksum.ts'
import { typed } from './device-writer.ts'
import { locate } from './locate.ts'
import { databaseBytes, type StoreState } from './state.ts'

/** What is stored about one block (DESIGN section 7). */
export interface BlockMetadata {
  /** The commit that wrote it. */
  readonly sequence: number
  readonly checksumAlgorithm: ChecksumName
  readonly checksum: bigint
  /** Seconds since 1970. */
  readonly modifiedSeconds: number
  readonly lengthBytes: number
}

export function blockMetadata(state: StoreState, block: number): BlockMetadata | undefined {
  const location = typed(() => locate(state, block, state.sequence))
  if (location.kind === 'zero') return undefined
  const { sequence, checksum, algorithm, modifiedSeconds, length } = location.stored
  const name = checksumName(algorithm)
  assert(name !== undefined, 'a stored algorithm is known')
  return { sequence, checksumAlgorithm: name, checksum, modifiedSeconds, lengthBytes: length }
}

export function storeMetrics(state: StoreState): Record<string, number> {
  const { writer, home, log, places, pins, index, superblock, sequence, synced } = state
  return {
    ...writer.counts,
    ...home.counts,
    ...home.readAhead.counts,
    failedSyncs: writer.failedSyncs,
    keptBytes: writer.keptBytes,
    logBytes: log.size(0) + log.size(1),
    logBytesUsed: logBytesUsed(state),
    logRecords: log.records.length,
    blocksInLog: index.versionCount,
    places: places.usedCount,
    pins: pins.size,
    liveBytes: databaseBytes(state),
    sequence,
    syncedSequence: synced,
    foldedSequence: superblock.foldedSequence,
    unsyncedCommits: sequence - synced,
  }
}

/** Bytes of the logs that records take which are not folded. */
export function logBytesUsed({ log }: StoreState): number {
  return log.records.reduce((bytes, record) => bytes + record.end - record.offset, 0)
}
