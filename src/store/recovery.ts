// Opening a store: from the newest valid superblock along the chain of records to the last commit, as the format
// demands. Nothing is written here; what follows (take-over.ts) starts only when all of it has been understood, and
// nothing is deleted or overwritten on doubt.
//
// Invariants once the store has been taken over: both superblocks name the end E, a term above all before, and E as
// durable; everything up to E is synced; whatever lies beyond E under an older term is dead. A crash at any step repeats
// the same work.
import type { Device } from '../device/device.ts'
import type { Environment } from '../environment.ts'
import { StorageError } from '../errors/errors.ts'
import { BlockIndex } from './block-index.ts'
import { CHECKSUM_IDS, type ChecksumName, type Checksums } from './checksum.ts'
import { DeviceWriter } from './device-writer.ts'
import {
  geometry,
  RECORD_MARK,
  roundUp,
  SECTOR,
  SIDE_AT,
  type Sizes,
  SUPERBLOCK_AT,
  TABLE_AT,
  TABLE_ENTRY,
} from './format.ts'
import { Home } from './home.ts'
import { HomesNeeded } from './homes-needed.ts'
import { type ChainPlace, isMark, Log, type LogNumber, type LogRecord, placeAfter } from './log.ts'
import { LogReader } from './log-reader.ts'
import { Places } from './places.ts'
import type { RecordHead, VerifiedRecord } from './record.ts'
import { SegmentTable } from './segment-table.ts'
import { SideState } from './side-table.ts'
import { noteStored, placesInUse, type StoreState } from './state.ts'
import { chooseSuperblock, decodeSuperblock, type Superblock } from './superblock.ts'
import { type Chain, damaged, type FoundChain, TakeOver } from './take-over.ts'
import { applyRecord } from './write-transaction.ts'

export interface RecoveryOptions {
  readonly device: Device
  readonly environment: Environment
  readonly checksums: Checksums
  /** Algorithm for new blocks. */
  readonly checksum: ChecksumName
  readonly keptBytesMax: number
  readonly sizes: Sizes
}

/** Everything read and understood, nothing written. */
interface Found extends FoundChain {
  readonly table: SegmentTable
  readonly side: SideState
}

/** A store that has been read, and the writes by which it becomes this process's own. */
export interface Recovered {
  readonly state: StoreState
  readonly takeOver: TakeOver
  /** One of the two superblocks could not be read; taking over writes it again. */
  readonly superblockDamaged: boolean
}

/** Reads the store of a device, without writing. Throws StorageError `corrupt`, `format-unknown` or `io`. */
export async function recover(options: RecoveryOptions): Promise<Recovered> {
  const found = await readTwice(() => readStore(options))
  const state = assemble(options, found)
  const superblockDamaged = found.superblocks.some(({ kind }) => kind !== 'valid')
  return { state, takeOver: new TakeOver(state, found, options.checksum), superblockDamaged }
}

/** A read error may be passing, so damage is reported only if it is there a second time. */
async function readTwice<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof StorageError) || (error.code !== 'corrupt' && error.code !== 'format-unknown')) throw error
    return read()
  }
}

async function readStore({ device, checksums, sizes }: RecoveryOptions): Promise<Found> {
  const superblocks = SUPERBLOCK_AT.map((at) => decodeSuperblock(readAll(device, at, SECTOR), checksums))
  const superblock = chooseSuperblock(superblocks)
  const tableBytes = readAll(
    device,
    TABLE_AT[superblock.tablePlace === 0 ? 0 : 1],
    superblock.tableEntries * TABLE_ENTRY.bytes,
  )
  if (checksums.structure(tableBytes) !== superblock.tableChecksum) throw damaged('The segment table')
  const sideBytes = readAll(device, SIDE_AT[superblock.sidePlace === 0 ? 0 : 1], superblock.sideBytes)
  if (checksums.structure(sideBytes) !== superblock.sideChecksum) throw damaged('The side table')
  const reader = new LogReader(device, superblock.storeId, checksums)
  const chain = followChain(reader, superblock, checksums)
  const claimedBySuperblocks = superblocks.map((found) =>
    found.kind === 'valid' ? found.superblock.durableSequence : 0,
  )
  const claim = reader.newestClaim(Math.max(chain.sequence, ...claimedBySuperblocks))
  if (claim > chain.sequence) {
    throw damaged(`The log (commit ${claim} was stored, it can be read only up to commit ${chain.sequence})`)
  }
  const side = SideState.decode(sideBytes, sizes.outcomesBytesMax)
  return { superblocks, superblock, table: SegmentTable.decode(tableBytes), side, chain }
}

function readAll(device: Device, at: number, bytes: number): Uint8Array {
  const into = new Uint8Array(bytes)
  device.read('main', into, at)
  return into
}

/** Records from the replay start along the chain; the next one is behind the last, or at the start of the other log. */
function followChain(reader: LogReader, superblock: Superblock, checksums: Checksums): Chain {
  const records: LogRecord[] = []
  let end: ChainPlace = {
    log: logNumber(superblock.replayLog),
    offset: superblock.replayOffset,
    checksum: superblock.replayChecksum,
    term: superblock.replayTerm,
  }
  let sequence = superblock.foldedSequence
  // By checksum and not by number: a number can be reached by another record than the one that was known at E.
  let passedEnd = end.checksum === superblock.endChecksum && sequence === superblock.endSequence
  const follows = ({ term, previous, sequence: number, type }: RecordHead): boolean =>
    (passedEnd ? term === superblock.term : term >= end.term) &&
    previous === (term === end.term ? end.checksum : checksums.acrossTerms(end.checksum, term)) &&
    number === (type === RECORD_MARK ? sequence : sequence + 1)
  const fits = (log: LogNumber, offset: number): VerifiedRecord | undefined => {
    // What does not follow by its head is not read whole: it may be a large record of long ago.
    const head = reader.headAt(log, offset)
    const record = head && follows(head) ? reader.recordAt(log, offset) : undefined
    return record && follows(record.head) ? record : undefined
  }
  const next = (): LogRecord | undefined => {
    const behind = fits(end.log, end.offset)
    const otherLog: LogNumber = end.log === 0 ? 1 : 0
    const other = fits(otherLog, 0)
    const takeOther = other !== undefined && (!behind || other.head.term > behind.head.term)
    const found = takeOther ? other : behind
    if (!found) return undefined
    const log = takeOther ? otherLog : end.log
    const offset = takeOther ? 0 : end.offset
    return { ...found, log, offset, end: offset + roundUp(found.head.totalBytes, SECTOR) }
  }
  for (;;) {
    let record = next()
    if (!record) {
      // A read error may be passing, and what is taken for the end here is cut off for good.
      reader.readAnew()
      record = next()
    }
    if (!record) break
    records.push(record)
    end = placeAfter(record)
    sequence = record.head.sequence
    if (end.checksum === superblock.endChecksum) passedEnd = true
  }
  if (!passedEnd) throw damaged('The log (before the end that was known to be stored)')
  return { records, end, sequence }
}

const logNumber = (value: number): LogNumber => (value === 0 ? 0 : 1)

function assemble(options: RecoveryOptions, { superblock, table, side, chain }: Found): StoreState {
  const { device, environment, checksums, sizes } = options
  const g = geometry(superblock.blockSize, superblock.segmentBytes || undefined)
  const writer = new DeviceWriter(device, options.keptBytesMax)
  const term = superblock.term + 1
  const index = new BlockIndex()
  const home = new Home({ device, geometry: g, checksums }, table)
  const state: StoreState = {
    environment,
    writer,
    checksums,
    geometry: g,
    sizes,
    log: new Log({
      writer,
      checksums,
      storeId: superblock.storeId,
      term,
      place: chain.end,
      stepBytes: sizes.logStepBytes,
    }),
    index,
    home,
    places: new Places(device, g),
    homesNeeded: new HomesNeeded(() => home.table, g),
    pins: new Set(),
    term,
    algorithm: CHECKSUM_IDS[options.checksum],
    side: side.clone(),
    sideAtFold: side,
    superblock,
    namedPlaces: { table: new Set([superblock.tablePlace]), side: new Set([superblock.sidePlace]) },
    sequence: superblock.foldedSequence,
    sizeBlocks: superblock.sizeBlocks,
    flushed: 0,
    synced: 0,
    claimed: 0,
    transaction: undefined,
    spareBlocks: [],
    onFoldDue: () => {},
    onSpaceShort: () => {},
  }
  for (const record of chain.records) {
    state.log.records.push(record)
    if (!isMark(record)) applyRecord(state, record)
  }
  state.places.reset(placesInUse(state))
  writer.handed = { sequence: state.sequence, claims: 0 }
  writer.onStored = (handed, synced) => noteStored(state, handed, synced)
  return state
}
