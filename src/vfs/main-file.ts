// One connection's view of the database file: SQLite's pages are the store's blocks (block n is page n + 1).
//
//   lock       reads come from                          writes
//   NONE       -                                        -
//   SHARED     the snapshot pinned when it was taken    -
//   RESERVED+  the write transaction, over the newest   staged in the write transaction
//              published state; after the publish: a
//              snapshot pinned anew at the next read
//
// A transaction ends in one of two ways. COMMIT_PHASETWO publishes what is staged; or the lock falls below RESERVED
// without it, and everything staged is dropped together with the journal, so that SQLite has nothing to play back.
// Invariants, asserted: nothing is published outside a commit that the engine announced, nor without a reservation after
// the last write, nor without a moved change counter in block 0, by which other connections notice the change.

import { assert } from '../store/assert.ts'
import type { Blocks, Origin, Snapshot, WriteTransaction } from '../store/block-store-types.ts'
import { SQLITE_BUSY, SQLITE_LOCK_NONE, SQLITE_LOCK_RESERVED, SQLITE_LOCK_SHARED, SQLITE_OK } from './result-codes.ts'
import type { ShadowFile } from './shadow-files.ts'

const HEADER_BYTES = 100
const CHANGE_COUNTER_AT = 24

/** What the connections of one database share: who may write. */
export interface WriterSeat {
  holder: MainFile | undefined
}

export class MainFile {
  readonly #blocks: Blocks
  readonly #seat: WriterSeat
  readonly #blockSize: number
  readonly #part: Uint8Array
  readonly #stagedHeader = new Uint8Array(HEADER_BYTES)
  #header = new Uint8Array(HEADER_BYTES)
  #headerSequence = -1
  #lock = SQLITE_LOCK_NONE
  #snapshot: Snapshot | undefined
  #transaction: WriteTransaction | undefined
  #headerStaged = false
  #reserved = false
  #refused = false
  #cutSinceReserve = false
  #announced: (() => readonly Origin[]) | undefined
  #journal: ShadowFile | undefined
  #stagedBytes = 0

  constructor(blocks: Blocks, seat: WriterSeat) {
    this.#blocks = blocks
    this.#seat = seat
    this.#blockSize = blocks.blockSize
    this.#part = new Uint8Array(blocks.blockSize)
  }

  /** Bytes staged by this connection since it was opened; only ever grows. */
  get stagedBytes(): number {
    return this.#stagedBytes
  }

  /** The sequence that reads see now; undefined while no lock is held. */
  get snapshotSequence(): number | undefined {
    return this.#snapshot?.sequence
  }

  get lock(): number {
    return this.#lock
  }

  set journal(file: ShadowFile | undefined) {
    this.#journal = file
  }

  /** Between `announceCommit` and `endCommit` a publish is expected; it asks for its origins, if there is something to publish. */
  announceCommit(origins: () => readonly Origin[]): void {
    assert(this.#announced === undefined, 'one commit at a time')
    this.#refused = false
    this.#announced = origins
  }

  endCommit(): void {
    this.#announced = undefined
  }

  /** Fills `into`; false if the file ends before it (the missing bytes are zeros). */
  read(into: Uint8Array, at: number): boolean {
    if (at + into.length <= HEADER_BYTES && this.#transaction === undefined) return this.#readHeader(into, at)
    const source = this.#transaction ?? this.#pinned()
    const block = Math.floor(at / this.#blockSize)
    if (block >= source.sizeBlocks) {
      into.fill(0)
      return false
    }
    const inBlock = at % this.#blockSize
    if (inBlock === 0 && into.length === this.#blockSize) source.read(block, into)
    else {
      assert(inBlock + into.length <= this.#blockSize, 'a read stays inside one block')
      source.read(block, this.#part)
      into.set(this.#part.subarray(inBlock, inBlock + into.length))
    }
    return true
  }

  /** Stages one block. Throws StorageError `quota`. */
  write(bytes: Uint8Array, at: number): void {
    const transaction = this.#transaction
    assert(transaction !== undefined, 'only the holder of the write lock writes')
    assert(bytes.length === this.#blockSize && at % this.#blockSize === 0, 'a write is exactly one block')
    this.#reserved = false
    transaction.write(at / this.#blockSize, bytes)
    this.#stagedBytes += bytes.length
    if (at === 0) {
      this.#stagedHeader.set(bytes.subarray(0, HEADER_BYTES))
      this.#headerStaged = true
    }
  }

  truncate(size: number): void {
    assert(this.#transaction !== undefined, 'only the holder of the write lock truncates')
    this.#transaction.truncate(Math.ceil(size / this.#blockSize))
    this.#cutSinceReserve = this.#reserved
  }

  size(): number {
    return (this.#transaction ?? this.#pinned()).sizeBlocks * this.#blockSize
  }

  /** Raises the lock; SQLITE_BUSY if another connection writes, or wrote since this one's snapshot. */
  raise(level: number): number {
    if (level <= this.#lock) return SQLITE_OK
    if (this.#lock < SQLITE_LOCK_SHARED) this.#pinned()
    if (level >= SQLITE_LOCK_RESERVED && this.#lock < SQLITE_LOCK_RESERVED) {
      if (this.#seat.holder !== undefined) return SQLITE_BUSY
      if (this.#pinned().sequence !== this.#blocks.sequence) return SQLITE_BUSY
      this.#loadHeader()
      this.#transaction = this.#blocks.begin()
      this.#seat.holder = this
      this.#headerStaged = false
      this.#reserved = false
    }
    this.#lock = level
    return SQLITE_OK
  }

  /** Lowers the lock; below RESERVED whatever was not published is dropped. */
  lower(level: number): void {
    if (level >= this.#lock) return
    const wrote = this.#lock >= SQLITE_LOCK_RESERVED
    this.#lock = level
    if (wrote && level < SQLITE_LOCK_RESERVED) {
      const dropped = this.#transaction
      this.#transaction = undefined
      this.#seat.holder = undefined
      this.#journal?.truncate(0)
      dropped?.rollback()
    }
    if (level === SQLITE_LOCK_NONE) {
      this.#snapshot?.release()
      this.#snapshot = undefined
    }
  }

  someoneWrites(): boolean {
    return this.#seat.holder !== undefined
  }

  /** SQLITE_FCNTL_SYNC: space for the commit record, only while a commit is announced. Throws StorageError `quota`. */
  reserve(): void {
    if (this.#announced === undefined || this.#refused || !this.#transaction?.dirty) return
    // If it is refused, SQLite rolls back and sends this once more, when no space is needed.
    this.#refused = true
    this.#transaction.reserve()
    this.#refused = false
    this.#reserved = true
    this.#cutSinceReserve = false
  }

  /**
   * What `publish` needs beyond the reservation: SQLite shortens the file between the two, and headers that were written
   * before are written anew. Throws StorageError; SQLite rolls back then.
   */
  reserveCut(): void {
    if (!this.#cutSinceReserve || !this.#transaction?.dirty) return
    this.#transaction.reserve()
    this.#cutSinceReserve = false
  }

  /** SQLITE_FCNTL_COMMIT_PHASETWO: what is staged becomes one commit. */
  publish(): void {
    const transaction = this.#transaction
    if (!transaction?.dirty) return
    assert(this.#announced !== undefined, 'a commit is announced before it is published')
    assert(this.#reserved, 'space was reserved after the last write')
    assert(!this.#cutSinceReserve, 'space was reserved after the last cut')
    assert(this.#headerStaged, 'block 0 is part of every commit')
    assert(changeCounter(this.#stagedHeader) !== changeCounter(this.#header), 'every commit moves the change counter')
    this.#transaction = undefined
    this.#headerSequence = transaction.publish(this.#announced())
    this.#header.set(this.#stagedHeader)
    this.#snapshot?.release()
    this.#snapshot = undefined
  }

  /** Gives back what the connection still holds. */
  close(): void {
    this.lower(SQLITE_LOCK_NONE)
  }

  #pinned(): Snapshot {
    return (this.#snapshot ??= this.#blocks.pin())
  }

  /** SQLite asks for these bytes at each transaction start, so they are kept by sequence. */
  #readHeader(into: Uint8Array, at: number): boolean {
    this.#loadHeader()
    into.set(this.#header.subarray(at, at + into.length))
    return this.#pinned().sizeBlocks > 0
  }

  #loadHeader(): void {
    const snapshot = this.#pinned()
    if (snapshot.sequence === this.#headerSequence) return
    if (snapshot.sizeBlocks > 0) {
      snapshot.read(0, this.#part)
      this.#header = this.#part.slice(0, HEADER_BYTES)
    } else this.#header.fill(0)
    this.#headerSequence = snapshot.sequence
  }
}

function changeCounter(header: Uint8Array): number {
  return new DataView(header.buffer, header.byteOffset).getUint32(CHANGE_COUNTER_AT)
}
