// Reads records of a log that nobody has vouched for yet. It stands apart from the log because only recovery looks at
// bytes that may be torn, stale, or another store's.
import type { Device } from '../device/device.ts'
import type { Checksums } from './checksum.ts'
import { MIB, RECORD, RECORD_MAGIC, SECTOR } from './format.ts'
import { type LogNumber, logArea } from './log.ts'
import { peekRecord, type RecordHead, type VerifiedRecord, verifyRecord } from './record.ts'

/** Read where one record is wanted; a record that is longer is read whole. */
const RECORD_READ_BYTES = 64 * 1024

export class LogReader {
  readonly #device: Device
  readonly #checksums: Checksums
  readonly #storeId: string
  readonly #window: Uint8Array
  readonly #windowView: DataView
  #windowLog: LogNumber | -1 = -1
  #windowFrom = 0
  #windowTo = 0
  readonly #starts: { head?: RecordHead | 'none'; record?: VerifiedRecord | 'none' }[] = [{}, {}]

  constructor(device: Device, storeId: string, checksums: Checksums) {
    this.#device = device
    this.#checksums = checksums
    this.#storeId = storeId
    this.#window = new Uint8Array(Math.min(MIB, Math.max(device.size('log-0'), device.size('log-1'))))
    this.#windowView = new DataView(this.#window.buffer)
  }

  /** What the record at this place would say in its head, or undefined: its checksum has not been looked at. */
  headAt(log: LogNumber, offset: number): RecordHead | undefined {
    if (offset !== 0) return this.#head(log, offset)
    // The start of the other log is tried at every step of the chain.
    const start = this.#starts[log]!
    start.head ??= this.#head(log, 0) ?? 'none'
    return start.head === 'none' ? undefined : start.head
  }

  /** The record whose checksum holds at this place, or undefined. */
  recordAt(log: LogNumber, offset: number): VerifiedRecord | undefined {
    if (offset !== 0) return this.#verify(log, offset)
    const start = this.#starts[log]!
    start.record ??= this.#verify(log, 0) ?? 'none'
    return start.record === 'none' ? undefined : start.record
  }

  /** Forgets what was read, so that it is read from the device again. */
  readAnew(): void {
    this.#windowLog = -1
    this.#starts[0] = {}
    this.#starts[1] = {}
  }

  /** The newest durableSequence beyond `floor` that any record in either log claims, or `floor`. */
  newestClaim(floor: number): number {
    let newest = floor
    for (const log of [0, 1] as const) {
      const size = this.#device.size(logArea(log))
      for (let offset = 0; ; offset += SECTOR) {
        offset = this.#nextBeginning(log, offset, size)
        if (offset + RECORD.bytes > size) break
        const head = peekRecord(this.#read(log, offset, RECORD.bytes), this.#storeId)
        if (!head || head.durableSequence <= newest) continue
        if (this.#verify(log, offset)) newest = head.durableSequence
      }
    }
    return newest
  }

  /** The next sector from `offset` on that may begin a record. Most begin none: told by four bytes, not looking at more. */
  #nextBeginning(log: LogNumber, offset: number, size: number): number {
    let at = offset
    while (at + RECORD.bytes <= size) {
      this.#showWindow(log, at, RECORD.bytes, MIB)
      const from = this.#windowFrom
      const to = Math.min(this.#windowTo, size) - from - RECORD.bytes
      for (let inWindow = at - from; inWindow <= to; inWindow += SECTOR)
        if (this.#windowView.getUint32(inWindow, true) === RECORD_MAGIC) return from + inWindow
      at += Math.floor((to - (at - from)) / SECTOR + 1) * SECTOR
    }
    return at
  }

  #head(log: LogNumber, offset: number): RecordHead | undefined {
    const size = this.#device.size(logArea(log))
    if (offset + RECORD.bytes > size) return undefined
    const head = peekRecord(this.#read(log, offset, RECORD.bytes), this.#storeId)
    return head && offset + head.totalBytes <= size ? head : undefined
  }

  #verify(log: LogNumber, offset: number): VerifiedRecord | undefined {
    const head = this.#head(log, offset)
    if (!head) return undefined
    return verifyRecord(this.#read(log, offset, head.totalBytes), head, this.#checksums)
  }

  #read(log: LogNumber, offset: number, bytes: number): Uint8Array {
    if (bytes > this.#window.length) {
      const whole = new Uint8Array(bytes)
      const count = this.#device.read(logArea(log), whole, offset)
      return count < bytes ? whole.fill(0, count) : whole
    }
    this.#showWindow(log, offset, bytes)
    return this.#window.subarray(offset - this.#windowFrom, offset - this.#windowFrom + bytes)
  }

  /** Has the window hold `bytes` from `offset`; where they have to be read, up to `aheadBytes` are. */
  #showWindow(log: LogNumber, offset: number, bytes: number, aheadBytes = RECORD_READ_BYTES): void {
    if (log === this.#windowLog && offset >= this.#windowFrom && offset + bytes <= this.#windowTo) return
    const window = this.#window.subarray(0, Math.max(bytes, aheadBytes))
    const count = this.#device.read(logArea(log), window, offset)
    window.fill(0, count)
    this.#windowLog = log
    this.#windowFrom = offset
    this.#windowTo = offset + window.length
  }
}
