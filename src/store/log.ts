// The two logs as one chain of records: where the next record goes, records not yet handed to the device, and records
// that a fold has not brought home. It stands apart from transactions (what a record says) and from checkpoints (when a
// record is no longer needed).
//
// Invariants: records stand one behind another, each at a multiple of 512 bytes, the next one in the same log or at the
// start of the other; a log is entered only when no record or mark of it is needed any more; the last 512 bytes are
// kept for a mark; a published record is readable at once, also before `write`.
import { assert } from './assert.ts'
import type { Checksums } from './checksum.ts'
import type { DeviceWriter, Handed } from './device-writer.ts'
import { MIB, NOT_TRUNCATED, RECORD_COMMIT, RECORD_MARK, roundUp, SECTOR } from './format.ts'
import { encodeRecord, type RecordContent, recordBytes, type VerifiedRecord } from './record.ts'

export type LogNumber = 0 | 1
export const logArea = (log: LogNumber): 'log-0' | 'log-1' => (log === 0 ? 'log-0' : 'log-1')

/** Where something stands in the chain. */
export interface ChainPlace {
  readonly log: LogNumber
  readonly offset: number
  /** Checksum and term of the record that ends here. */
  readonly checksum: bigint
  readonly term: number
}

/** A record of the chain that a fold has not made unnecessary. */
export interface LogRecord extends VerifiedRecord {
  readonly log: LogNumber
  readonly offset: number
  readonly end: number
}

export const isMark = (record: VerifiedRecord): boolean => record.head.type === RECORD_MARK
/** What a record leaves behind: the place of the next one. */
export const placeAfter = (record: LogRecord): ChainPlace => ({
  log: record.log,
  offset: record.end,
  checksum: record.head.checksum,
  term: record.head.term,
})

export interface AppendOptions {
  readonly sequence: number
  readonly durableSequence: number
  readonly timeMs: number
  readonly sizeBlocks: number
  readonly truncatedTo: number
  readonly algorithm: number
}

const NOTHING: RecordContent = { blocks: new Map(), fresh: [], allocations: [], origins: [] }
/** A pending buffer larger than this is not kept for the next commit. */
const BUFFER_KEPT_BYTES = MIB

export class Log {
  readonly records: LogRecord[] = []
  readonly #writer: DeviceWriter
  readonly #checksums: Checksums
  readonly #storeId: string
  readonly #term: number
  readonly #stepBytes: number
  #place: ChainPlace
  /** The place before the switch of logs, until a record has followed it. */
  #left: ChainPlace | undefined
  #buffer = new Uint8Array(64 * 1024)
  #pendingFrom: number
  #pendingBytes = 0
  #appended: Handed = { sequence: 0, claims: 0 }

  constructor(context: {
    writer: DeviceWriter
    checksums: Checksums
    storeId: string
    term: number
    place: ChainPlace
    stepBytes: number
  }) {
    this.#writer = context.writer
    this.#checksums = context.checksums
    this.#storeId = context.storeId
    this.#term = context.term
    this.#stepBytes = context.stepBytes
    this.#place = context.place
    this.#pendingFrom = context.place.offset
  }

  get place(): ChainPlace {
    return this.#place
  }

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  size(log: LogNumber): number {
    return this.#writer.device.size(logArea(log))
  }

  /** Bytes that records may still take in the active log. */
  get room(): number {
    return this.size(this.#place.log) - SECTOR - this.#place.offset
  }

  /** True if the log that is not active could be entered. */
  get otherIsFree(): boolean {
    // A second switch would break the chain: recovery looks behind the last record and at the start of the other log.
    if (this.#left) return false
    // Records stand in the order of the chain, so those of the other log, if any, come first.
    const oldest = this.records[0]
    return oldest === undefined || oldest.log === this.#place.log
  }

  /** Makes the start of the other log the next place, at `usualBytes` where space allows. */
  switchLogs(usualBytes: number): void {
    assert(this.otherIsFree, 'a log is entered only when nothing in it is needed')
    this.write()
    const log = this.#place.log === 0 ? 1 : 0
    const device = this.#writer.device
    if (this.size(log) > usualBytes) device.truncate(logArea(log), usualBytes)
    this.#left = this.#place
    this.#place = { ...this.#place, log, offset: 0 }
    this.#pendingFrom = 0
  }

  /** Undoes a switch that no record has followed, because the log entered has no room and cannot grow. */
  switchBack(): void {
    if (!this.#left) return
    this.#place = this.#left
    this.#pendingFrom = this.#left.offset
    this.#left = undefined
  }

  /** Makes the active log at least `bytes` long. Throws DeviceError `full`. */
  grow(bytes: number): void {
    this.#writer.device.reserve(logArea(this.#place.log), roundUp(bytes, this.#stepBytes))
  }

  /** Adds a commit to the chain; readable at once, on the device after `write`. There must be room. */
  append(content: RecordContent, options: AppendOptions): LogRecord {
    return this.#append(RECORD_COMMIT, content, options)
  }

  /** Adds a mark: it may use the bytes that records may not. There must be room (`markFits`). */
  mark(options: Omit<AppendOptions, 'truncatedTo' | 'algorithm'>): LogRecord {
    assert(this.markFits, 'there is room for a mark')
    return this.#append(RECORD_MARK, NOTHING, { ...options, truncatedTo: NOT_TRUNCATED, algorithm: 0 })
  }

  get markFits(): boolean {
    return this.#place.offset + SECTOR <= this.size(this.#place.log)
  }

  /** Hands pending records to the device in one write. */
  write(): void {
    if (this.#pendingBytes === 0) return
    const bytes = this.#buffer.subarray(0, this.#pendingBytes)
    const at = this.#pendingFrom
    this.#pendingFrom = this.#place.offset
    this.#pendingBytes = 0
    this.#writer.write(logArea(this.#place.log), bytes, at)
    this.#writer.handed = this.#appended
    if (this.#buffer.length > BUFFER_KEPT_BYTES) this.#buffer = new Uint8Array(64 * 1024)
  }

  /** Copies bytes of a log, pending ones included. */
  read(log: LogNumber, offset: number, into: Uint8Array): void {
    const pendingAt = offset - this.#pendingFrom
    if (this.#pendingBytes > 0 && log === this.#place.log && pendingAt >= 0) {
      into.set(this.#buffer.subarray(pendingAt, pendingAt + into.length))
      return
    }
    const count = this.#writer.device.read(logArea(log), into, offset)
    if (count < into.length) into.fill(0, count)
  }

  /** Forgets records up to and including the one whose end is `place`. */
  forget(place: ChainPlace): void {
    const index = this.records.findIndex((record) => record.head.checksum === place.checksum)
    this.records.splice(0, index + 1)
  }

  #append(type: number, content: RecordContent, options: AppendOptions): LogRecord {
    const bytes = roundUp(recordBytes(content), SECTOR)
    const { log, offset, checksum, term } = this.#place
    const { sequence, durableSequence, timeMs, sizeBlocks, truncatedTo, algorithm } = options
    const limit = this.size(log) - (type === RECORD_MARK ? 0 : SECTOR)
    assert(offset + bytes <= limit, 'a record fits the log that it goes to')
    this.#ensure(this.#pendingBytes + bytes)
    const previous = term === this.#term ? checksum : this.#checksums.acrossTerms(checksum, this.#term)
    const verified = encodeRecord(
      this.#buffer.subarray(this.#pendingBytes, this.#pendingBytes + bytes),
      content,
      {
        type,
        storeId: this.#storeId,
        term: this.#term,
        previous,
        sequence,
        durableSequence,
        timeMs,
        sizeBlocks,
        truncatedTo,
        algorithm,
      },
      this.#checksums,
    )
    const { head, blocks, fresh, allocations, origins } = verified
    const record: LogRecord = { head, blocks, fresh, allocations, origins, log, offset, end: offset + bytes }
    this.#pendingBytes += bytes
    this.#place = placeAfter(record)
    this.#left = undefined
    this.#appended = { sequence, claims: durableSequence }
    this.records.push(record)
    return record
  }

  #ensure(bytes: number): void {
    if (bytes <= this.#buffer.length) return
    const grown = new Uint8Array(Math.max(bytes, this.#buffer.length * 2))
    grown.set(this.#buffer.subarray(0, this.#pendingBytes))
    this.#buffer = grown
  }
}
