// The block store: blocks of one fixed size with atomic commits, snapshots and two levels of durability, on any device.
// This file is its face; the work is done by the files around it on one `StoreState`.
//
// What may be assumed: one thread, one owner of the device. What is promised: DESIGN section 7, docs/format.md.
import type { Device } from '../device/device.ts'
import { type Environment, realEnvironment } from '../environment.ts'
import { ClosedError, DataSyncError, StorageError } from '../errors/errors.ts'
import { assert } from './assert.ts'
import type { Blocks, ScratchArea, Snapshot } from './block-store-types.ts'
import { appendMark, syncAll } from './checkpoint.ts'
import { type ChecksumName, Checksums, checksumBit, checksumName } from './checksum.ts'
import { CommitRoom } from './commit-room.ts'
import { createStore, hex, isBlank } from './create.ts'
import { type SyncFailure, storageError, typed } from './device-writer.ts'
import { Folding } from './folding.ts'
import { MIB, SEGMENTS_AT, SIZES, type Sizes } from './format.ts'
import { locate, readBlock } from './locate.ts'
import type { MaybePromise } from './maybe-async.ts'
import type { OriginRecord } from './record.ts'
import { type Recovered, recover } from './recovery.ts'
import { scratchOf } from './scratch.ts'
import { PinnedSnapshot, pinNewest } from './snapshot.ts'
import { check, databaseBytes, type StoreState, usualBytes } from './state.ts'
import type { TakeOver } from './take-over.ts'
import { type VerifyOptions, type VerifyReport, verifyBlocks } from './verify.ts'
import { Transaction } from './write-transaction.ts'

export interface BlockStoreOptions {
  readonly device: Device
  /** Make a new store if the device is blank. Default true. A device that holds anything else is never made new. */
  readonly create?: boolean
  /** Bytes per block of a new store: a power of two from 512 to 65536. Default 4096. An existing store keeps its own. */
  readonly blockSize?: number
  /** Algorithm for blocks written from now on; stored per block. Default `xxhash64`. */
  readonly checksum?: ChecksumName
  /** Id of a new store, 32 hexadecimal digits. Default random. */
  readonly storeId?: string
  /** Written bytes kept for a second attempt after a failed sync. Default 4 MiB. */
  readonly maxDirtyBytes?: number
  /** Log bytes that pinned snapshots may hold back. Default 256 MiB. */
  readonly maxPinnedBytes?: number
  /** Milliseconds after which a snapshot that is in the way ends. Default 600 000. */
  readonly maxPinnedMs?: number
  readonly environment?: Environment
  /**
   * What opening an existing store does where there is no space to take it over. `fail` (default): StorageError `quota`.
   * `read-only`: the store is open for reading (`readOnly`), and each `prepare` tries again.
   */
  readonly whenFull?: 'fail' | 'read-only'
  /** Told when a store that was open for reading only can be written. */
  readonly onWritable?: () => void
  /** Gives other work a turn inside a checkpoint. Default: yields whenever 8 ms have passed. */
  readonly slice?: () => Promise<void>
  /** Checksums that are loaded already. Default: loaded by each opening. */
  readonly checksums?: Checksums
  /** Other sizes than usual, for tests. The segments of an existing store keep theirs. */
  readonly sizes?: Partial<Sizes>
  readonly onSyncFailure?: (failure: SyncFailure) => void
  /** Told when a checkpoint that ran beside other work failed; commits go on while the log has room. */
  readonly onCheckpointFailure?: (error: unknown) => void
}

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

/** A fold in idle time is worth its writes once the log holds this share of its usual size. */
const IDLE_FOLD_SHARE = 0.25

export class BlockStore implements Blocks {
  readonly created: boolean
  readonly scratch: ScratchArea
  readonly #state: StoreState
  readonly #folding: Folding
  readonly #room: CommitRoom
  readonly #sessionEnds: OriginRecord[] = []
  #onWritable: () => void = () => {}
  /** What is left to be written before anything else may be. */
  #takeOverLeft: TakeOver | undefined
  #takingOver: Promise<void> | undefined
  #staging: Transaction | undefined
  #closed = false
  #closing: Promise<void> | undefined

  private constructor({ state, takeOver }: Recovered, created: boolean, options: BlockStoreOptions) {
    this.#state = state
    this.#takeOverLeft = takeOver
    this.created = created
    this.scratch = scratchOf(state.writer.device)
    this.#folding = new Folding(state, options.slice, options.onCheckpointFailure ?? (() => {}))
    const { maxPinnedBytes = 256 * MIB, maxPinnedMs = 600_000 } = options
    this.#room = new CommitRoom(state, this.#folding, { maxPinnedBytes, maxPinnedMs })
    state.onFoldDue = () => this.#folding.start()
    if (options.onSyncFailure) state.writer.onSyncFailure = options.onSyncFailure
  }

  /**
   * Opens the store of a device, recovering what a crash left, or makes a new one on a blank device. The device belongs
   * to the store from then on. Throws StorageError `corrupt`, `format-unknown` (nothing is changed then), `quota`, `io`.
   */
  static async open(options: BlockStoreOptions): Promise<BlockStore> {
    const { device } = options
    const environment = options.environment ?? realEnvironment()
    const checksum = options.checksum ?? 'xxhash64'
    const sizes = { ...SIZES, ...options.sizes }
    try {
      const checksums = options.checksums ?? (await Checksums.load(0))
      await checksums.add(checksumBit(checksum))
      const blank = isBlank(device, checksums)
      if (blank) {
        if (options.create === false) throw new StorageError('evicted', 'This database is gone: its storage is empty.')
        const storeId = options.storeId ?? hex(environment.random.bytes(16))
        const blockSize = options.blockSize ?? 4096
        await createStore({ device, environment, checksums, checksum, storeId, blockSize, sizes })
      }
      const keptBytesMax = options.maxDirtyBytes ?? 4 * MIB
      const recovered = await recover({ device, environment, checksums, checksum, keptBytesMax, sizes })
      device.truncate('scratch', 0)
      const store = new BlockStore(recovered, blank, options)
      await store.#takeOver().catch((error: unknown) => {
        if (options.whenFull !== 'read-only' || !isQuota(error)) throw error
      })
      if (options.onWritable) store.#onWritable = options.onWritable
      return store
    } catch (error) {
      throw error instanceof DataSyncError ? error : storageError(error)
    }
  }

  get blockSize(): number {
    return this.#state.geometry.blockSize
  }

  get storeId(): string {
    return this.#state.superblock.storeId
  }

  get term(): number {
    return this.#state.term
  }

  get sequence(): number {
    return this.#state.sequence
  }

  get sizeBlocks(): number {
    return this.#state.sizeBlocks
  }

  get flushedSequence(): number {
    return this.#state.flushed
  }

  /** Of a store that is open for reading only: all that there is, since nothing can be synced. */
  get syncedSequence(): number {
    return this.readOnly ? this.#state.sequence : this.#state.synced
  }

  /** There is no space to take this store over; `prepare` and whatever else writes tries again. */
  get readOnly(): boolean {
    return this.#takeOverLeft !== undefined
  }

  /** Newest sequence that something synced vouches for: damage up to here is told from a torn write. */
  get claimedSequence(): number {
    return this.#state.claimed
  }

  /** The error that ended this store, if one did. A closed and reopened store recovers what was stored. */
  get latched(): StorageError | undefined {
    return this.#state.writer.latched
  }

  pin(): Snapshot {
    this.#check()
    return new PinnedSnapshot(this.#state, pinNewest(this.#state))
  }

  begin(): Transaction {
    this.#check()
    if (this.readOnly) throw readOnlyError()
    return new Transaction(this.#state, this.#sessionEnds)
  }

  prepare(): MaybePromise<void> {
    this.#check()
    return this.#writable(() => this.#room.prepare())
  }

  flush(): MaybePromise<void> {
    this.#check()
    if (this.readOnly) return
    const state = this.#state
    state.log.write()
    if (state.writer.needsSync) return this.sync()
    return state.writer.flush()
  }

  sync(): MaybePromise<void> {
    this.#check()
    if (this.readOnly) return
    const state = this.#state
    state.log.write()
    return state.writer.sync()
  }

  outcomeOf(client: string, seq: number): Uint8Array | undefined {
    return this.#state.side.sessions.outcomeOf(client, seq)
  }

  /** Forgets a client's outcomes with one of the next commits. */
  endSession(client: string): void {
    this.#sessionEnds.push({ kind: 'session-end', client, seq: 0, ackedThrough: 0, outcome: new Uint8Array(0) })
  }

  /** Clients whose outcomes are kept. */
  sessionClients(): string[] {
    return this.#state.side.sessions.clients()
  }

  /**
   * For a moment without work: says in a mark that everything is synced, so that later damage to the newest commits is
   * told from a torn write, and folds the log if that is worth it.
   */
  idle(): MaybePromise<void> {
    if (this.#closed || this.latched || this.readOnly) return
    const state = this.#state
    if (!this.#folding.running && this.#logBytesUsed() > usualBytes(state) * IDLE_FOLD_SHARE) return this.checkpoint()
    if (state.synced < state.sequence || state.claimed >= state.sequence || !state.log.markFits) return
    appendMark(state)
    return this.sync()
  }

  /** Brings all commits home as far as snapshots allow; joins one that is running. Throws StorageError. */
  async checkpoint(): Promise<void> {
    this.#check()
    await this.#writable(() => this.#folding.run())
  }

  /** Folds everything and gives free space at the end of the main area back. Throws StorageError. */
  async compact(): Promise<void> {
    this.#check()
    await this.#folding.running
    await this.checkpoint()
    const state = this.#state
    if (state.transaction) return
    const places = state.places.end + state.homesNeeded.count
    const bytes = SEGMENTS_AT + places * state.geometry.placeBytes
    if (bytes < state.writer.device.size('main')) typed(() => state.writer.device.truncate('main', bytes))
    await syncAll(state)
  }

  /** Reads every block and reports the damaged ones. Throws StorageError `io`. */
  async verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    this.#check()
    return verifyBlocks(this.#state, options)
  }

  /** The newest committed bytes of a block; zeros if it was never written. Throws StorageError `corrupt`. */
  read(block: number): Uint8Array {
    const into = new Uint8Array(this.blockSize)
    this.#check()
    if (this.#staging) this.#staging.read(block, into)
    else readBlock(this.#state, block, this.#state.sequence, into)
    return into
  }

  /** Several blocks of one state, in the order asked for. */
  readMany(blocks: readonly number[]): Uint8Array[] {
    return blocks.map((block) => this.read(block))
  }

  /** Stages a block for the next `commit`; other readers do not see it until then. */
  write(block: number, bytes: Uint8Array): void {
    this.#stage().write(block, bytes)
  }

  /** Stages several blocks for the next `commit`. */
  writeMany(blocks: Iterable<readonly [block: number, bytes: Uint8Array]>): void {
    for (const [block, bytes] of blocks) this.write(block, bytes)
  }

  /** Takes the lowest free block number; part of the next `commit`. */
  allocate(): number {
    return this.#stage().allocate()
  }

  /** Gives a block number back; part of the next `commit`. Throws DataSyncError `not-allocated`. */
  deallocate(block: number): void {
    this.#stage().deallocate(block)
  }

  /** Makes everything staged one commit that survives the process; returns its sequence. Throws StorageError `quota`. */
  async commit(): Promise<number> {
    await this.prepare()
    const transaction = this.#stage()
    try {
      transaction.reserve()
    } catch (error) {
      this.rollback()
      throw error
    }
    const sequence = transaction.publish([])
    this.#staging = undefined
    await this.flush()
    return sequence
  }

  /** Drops everything staged. */
  rollback(): void {
    this.#staging?.rollback()
    this.#staging = undefined
  }

  /** What is stored about a block of the newest state, or undefined if it was never written. */
  metadata(block: number): BlockMetadata | undefined {
    const location = typed(() => locate(this.#state, block, this.#state.sequence))
    if (location.kind === 'zero') return undefined
    const { sequence, checksum, algorithm, modifiedSeconds, length } = location.stored
    const name = checksumName(algorithm)
    assert(name !== undefined, 'a stored algorithm is known')
    return { sequence, checksumAlgorithm: name, checksum, modifiedSeconds, lengthBytes: length }
  }

  /** Counts since opening, and sizes now. */
  metrics(): Record<string, number> {
    const { writer, home, log, places, pins, index, superblock } = this.#state
    return {
      ...writer.counts,
      ...home.counts,
      ...home.readAhead.counts,
      ...this.#folding.counts,
      ...this.#room.counts,
      failedSyncs: writer.failedSyncs,
      keptBytes: writer.keptBytes,
      logBytes: log.size(0) + log.size(1),
      logBytesUsed: this.#logBytesUsed(),
      logRecords: log.records.length,
      blocksInLog: index.versionCount,
      places: places.usedCount,
      pins: pins.size,
      liveBytes: databaseBytes(this.#state),
      sequence: this.sequence,
      syncedSequence: this.syncedSequence,
      foldedSequence: superblock.foldedSequence,
      unsyncedCommits: this.sequence - this.syncedSequence,
    }
  }

  /** Asserts the invariants of the store (state.ts). */
  check(): void {
    check(this.#state)
  }

  /**
   * Syncs, folds the log if that is worth it, and releases the device. A second close joins the first. Throws the
   * StorageError of a sync or fold that failed, or that latched the store before everything was synced; the device is
   * released all the same, and what was synced stays.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.rollback()
    try {
      if (!this.latched) {
        await this.sync()
        if (this.#folding.running) {
          await this.#folding.running
          await this.sync()
        }
        await this.idle()
      }
    } finally {
      this.#closed = true
      await this.#state.writer.device.close()
    }
    if (this.latched && this.syncedSequence < this.sequence) throw this.latched
  }

  /** Runs `work` once the store is this process's own. Throws StorageError `quota` if there is no space for that. */
  #writable(work: () => MaybePromise<void>): MaybePromise<void> {
    return this.readOnly ? this.#takeOver().then(work) : work()
  }

  #takeOver(): Promise<void> {
    this.#takingOver ??= this.#runTakeOver().finally(() => {
      this.#takingOver = undefined
    })
    return this.#takingOver
  }

  async #runTakeOver(): Promise<void> {
    await this.#takeOverLeft?.run()
    this.#takeOverLeft = undefined
    this.#onWritable()
  }

  #check(): void {
    if (this.#closed) throw new ClosedError('This store has been closed.')
    this.#state.writer.check()
  }

  #stage(): Transaction {
    this.#staging ??= this.begin()
    return this.#staging
  }

  #logBytesUsed(): number {
    return this.#state.log.records.reduce((bytes, record) => bytes + record.end - record.offset, 0)
  }
}

const isQuota = (error: unknown): boolean => error instanceof StorageError && error.code === 'quota'

const readOnlyError = (): StorageError =>
  new StorageError('quota', 'The storage is full: there is not even the space to take this database over for writing.')
