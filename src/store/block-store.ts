import { realEnvironment } from '../environment.ts'
import { ClosedError, DataSyncError, type StorageError } from '../errors/errors.ts'
import type { BlockStoreOptions } from './block-store-options.ts'
import type { Blocks, ScratchArea, Snapshot } from './block-store-types.ts'
import { appendMark, syncAll } from './checkpoint.ts'
import { Checksums } from './checksum.ts'
import { type Acknowledgement, Clients } from './clients.ts'
import { CommitRoom } from './commit-room.ts'
import { createIfBlank } from './create.ts'
import { storageError } from './device-writer.ts'
import { cutMain, Folding, IDLE_FOLD_SHARE } from './folding.ts'
import { MIB, SIZES } from './format.ts'
import { readBlock } from './locate.ts'
import type { MaybePromise } from './maybe-async.ts'
import { type Recovered, recover } from './recovery.ts'
import { Replacement } from './replacement.ts'
import { scratchOf } from './scratch.ts'
import { PinnedSnapshot, pinNewest } from './snapshot.ts'
import { check, type StoreState, usualBytes } from './state.ts'
import { type BlockMetadata, blockMetadata, logBytesUsed, storeMetrics } from './store-facts.ts'
import { isQuota, readOnlyError, type TakeOver } from './take-over.ts'
import { type VerifyOptions, type VerifyReport, verifyBlocks } from './verify.ts'
import { Transaction } from './write-transaction.ts'

export type { BlockStoreOptions }

export class BlockStore implements Blocks {
  readonly created: boolean
  /** One of the two superblocks could not be read at opening. It is written again as soon as anything can be written. */
  readonly superblockDamaged: boolean
  readonly scratch: ScratchArea
  #state: StoreState
  #folding: Folding
  #room: CommitRoom
  #replacement: Replacement | undefined
  #options: BlockStoreOptions
  readonly #clients = new Clients()
  #onWritable: () => void = () => {}
  /** What is left to be written before anything else may be. */
  #takeOverLeft: TakeOver | undefined
  #takingOver: Promise<void> | undefined
  #staging: Transaction | undefined
  #closed = false
  #closing: Promise<void> | undefined

  private constructor({ state, takeOver, superblockDamaged }: Recovered, created: boolean, options: BlockStoreOptions) {
    this.#takeOverLeft = takeOver
    this.created = created
    this.superblockDamaged = superblockDamaged
    this.scratch = scratchOf(state.writer.device)
    this.#options = options
    this.#state = state
    const { folding, room } = this.#adopt(state)
    this.#folding = folding
    this.#room = room
  }

  #adopt(state: StoreState): { folding: Folding; room: CommitRoom } {
    const folding = new Folding(state, this.#options.slice, this.#options)
    state.writer.verifies = this.#options.verifyAfterWrite === true
    state.onFoldDue = () => folding.start()
    if (this.#options.onSyncFailure) state.writer.onSyncFailure = this.#options.onSyncFailure
    return { folding, room: new CommitRoom(state, folding, this.#options) }
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
      const checksums = options.checksums ?? (await Checksums.load())
      const blank = await createIfBlank(options, { device, environment, checksums, checksum, sizes })
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

  /** Made anew whenever the whole content is replaced. */
  get contentId(): string {
    return this.#state.superblock.generationId
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

  /** Whether every write is read back and compared from now on. */
  set verifyAfterWrite(on: boolean) {
    this.#options = { ...this.#options, verifyAfterWrite: on }
    this.#state.writer.verifies = on
  }

  /** The error that ended this store, if one did. A closed and reopened store recovers what was stored. */
  get latched(): StorageError | undefined {
    return this.#state.writer.latched
  }

  pin({ untimed = false }: { readonly untimed?: boolean } = {}): Snapshot {
    this.#check()
    return new PinnedSnapshot(this.#state, pinNewest(this.#state, untimed))
  }

  begin(): Transaction {
    this.#check()
    if (this.readOnly) throw readOnlyError()
    return new Transaction(this.#state, this.#clients.ends)
  }

  prepare(): MaybePromise<void> {
    this.#check()
    if (this.#replacement) return this.#replacement.ended.then(() => this.prepare())
    return this.#writable(() => this.#room.prepare())
  }

  /**
   * Begins to replace everything that is stored by new content, maybe with blocks of another size. Until it is committed
   * or abandoned commits wait in `prepare`, as do checkpoints; reads and snapshots go on. Throws StorageError.
   */
  async replace(blockSize: number): Promise<Replacement> {
    await this.prepare()
    await this.#folding.running
    this.#check()
    const replacement = new Replacement(this.#state, blockSize, () => this.#reopen())
    this.#replacement = replacement
    void replacement.ended.then(() => {
      this.#replacement = undefined
    })
    return replacement
  }

  /** Reads the store from its device again, where a replacement has put something else in force. */
  async #reopen(): Promise<void> {
    const { writer, environment, checksums, sizes } = this.#state
    const { checksum = 'xxhash64', maxDirtyBytes: keptBytesMax = 4 * MIB } = this.#options
    const options = { device: writer.device, environment, checksums, checksum, keptBytesMax, sizes }
    const { state, takeOver } = await recover(options)
    await takeOver.run()
    const { folding, room } = this.#adopt(state)
    this.#state = state
    this.#folding = folding
    this.#room = room
  }

  flush(): MaybePromise<void> {
    this.#check()
    if (this.readOnly) return
    if (this.#replacement?.swapping) return this.#replacement.swapping
    const state = this.#state
    state.log.write()
    if (state.writer.needsSync) return this.sync()
    return state.writer.flush()
  }

  sync(): MaybePromise<void> {
    this.#check()
    if (this.readOnly) return
    if (this.#replacement?.swapping) return this.#replacement.swapping
    const state = this.#state
    state.log.write()
    return state.writer.sync()
  }

  outcomeOf(client: string, seq: number): Uint8Array | undefined {
    return this.#state.side.sessions.outcomeOf(client, seq)
  }

  /** Forgets a client's outcomes with one of the next commits. */
  endSession(client: string): void {
    this.#clients.endSession(client)
  }

  /** Outcomes fill their space: whoever commits waits until clients have acknowledged theirs, or ended. */
  get outcomesFull(): boolean {
    return this.#state.side.sessions.full
  }

  /** Stores what clients have acknowledged, and ended sessions, at once. Not beside a transaction. Throws StorageError. */
  acknowledge(acknowledged: Iterable<Acknowledgement>): Promise<void> {
    return this.#clients.store(
      acknowledged,
      () => this.prepare(),
      () => this.#state,
    )
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
    if (this.#closed || this.latched || this.readOnly || this.#replacement) return
    const state = this.#state
    if (!this.#folding.running && logBytesUsed(state) > usualBytes(state) * IDLE_FOLD_SHARE) return this.checkpoint()
    if (state.synced < state.sequence || state.claimed >= state.sequence || !state.log.markFits) return
    appendMark(state)
    return this.sync()
  }

  /** Brings all commits home as far as snapshots allow; joins one that is running. Throws StorageError. */
  async checkpoint(): Promise<void> {
    await this.#replacement?.ended
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
    cutMain(state)
    await syncAll(state)
  }

  /** Reads every block and reports the damaged ones. Throws StorageError `io`. */
  async verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    this.#check()
    return verifyBlocks(() => this.#state, options)
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
    return blockMetadata(this.#state, block)
  }

  /** Counts since opening (or since everything was replaced), and sizes now. */
  metrics(): Record<string, number> {
    const { syncedSequence, sequence } = this
    const counts = { ...storeMetrics(this.#state), ...this.#folding.counts, ...this.#room.counts }
    return { ...counts, syncedSequence, unsyncedCommits: sequence - syncedSequence }
  }

  /** Asserts the invariants of the store (state.ts). */
  check = (): void => check(this.#state)

  /**
   * Syncs, folds the log if that is worth it, and releases the device, also if it throws the StorageError of a sync or fold
   * that failed, or that latched the store before everything was synced. A second close joins the first.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    this.rollback()
    try {
      await this.#replacement?.abandon()
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
    return (this.#takingOver ??= this.#runTakeOver().finally(() => {
      this.#takingOver = undefined
    }))
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
    return (this.#staging ??= this.begin())
  }
}
