// The device on IndexedDB: content in memory, changes stored in transactions that first compare the head, so that an owner
// who was replaced can never store anything again. It stands apart from its parts (areas, connection, opening) as the
// place that decides what a failure means. Content that does not fit into memory is fetched by a helper, where there can
// be one; then the helper has the only connection.
//
// At most one batch is stored at a time; flushes and syncs that arrive meanwhile share the next one. A batch is one
// piece, or several if it is large, each a transaction of its own, in write order. If one fails for good, the areas go
// back to what they were before the batch, in memory and, where pieces of it had been stored, in storage too. A barrier
// needs nothing, since nothing is ever stored before what was written earlier.

import { type Area, type Device, DeviceError } from './device.ts'
import { deviceErrorFrom, isOutOfSpace } from './device-errors.ts'
import { HelperConnection } from './helper-connection.ts'
import type { ResidentAreas } from './indexeddb-areas.ts'
import { type Ballast, mayUseBallast, pauseForSpace } from './indexeddb-ballast.ts'
import { type Connection, type Durability, NotBegunError, type StoreConnection } from './indexeddb-connection.ts'
import { CHUNK_BYTES, type Head } from './indexeddb-format.ts'
import { type Begin, type IndexedDbOptions, RESIDENT_BYTES_MAX } from './indexeddb-options.ts'
import type { Piece } from './indexeddb-piece.ts'
import { type Waiting, waiting } from './indexeddb-waiting.ts'
import type { Chunk } from './main-chunks.ts'

export class IndexedDbDevice implements Device {
  readonly kind = 'indexeddb'
  readonly #options: IndexedDbOptions
  #connection: StoreConnection
  readonly #areas: ResidentAreas
  readonly #owner: string
  #head: Head
  /** False while there was no space to put this owner into the stored head. */
  #owned: boolean
  /** Where the stored head may be: at the last piece known to be stored, and at one whose end was never heard. */
  #places: Set<number>
  #running: Promise<void> | undefined
  /** Is `#running` while that is no batch. */
  #aside: Promise<void> | undefined
  #next: Waiting | undefined
  #finishing = false
  #stopped: DeviceError | undefined
  #closed = false
  #ballast: Ballast
  /** The ballast was spent and is not back yet. */
  #tight: boolean
  /** The ballast is to be tried again when nothing is being stored. */
  #ballastWanted = false
  #partlyStored = false
  #helperTried = false
  #helperStarting = false

  constructor(options: IndexedDbOptions, connection: Connection, areas: ResidentAreas, begin: Begin) {
    this.#options = options
    this.#connection = connection
    this.#areas = areas
    this.#owner = begin.owner
    this.#head = begin.head
    this.#owned = begin.owned
    this.#places = new Set([begin.head.piece])
    this.#ballast = begin.ballast
    this.#tight = begin.ballast === 'spent'
  }

  /** `kept` only after a batch that was stored in part, or perhaps, could not be taken back: its outcome is unknown. */
  get afterFailedSync(): 'kept' | 'undone' {
    return this.#partlyStored ? 'kept' : 'undone'
  }

  /** Some of the content is not in memory and is fetched as it is needed. */
  get partly(): boolean {
    return this.#areas.partly
  }

  get crowded(): boolean {
    return this.#options.helpers !== undefined && (this.#areas.crowded || this.#helperStarting)
  }

  /** Bytes in memory, and how often and how many chunks were fetched. */
  get memory(): { readonly residentBytes: number; readonly fetches: number; readonly chunks: number } {
    return { residentBytes: this.#areas.residentBytes, ...this.#areas.fetched }
  }

  /**
   * Starts a helper that has the connection from now on, so that content may leave the memory. Nothing may be stored
   * meanwhile. Throws what opening throws; then everything is as before.
   */
  async useHelper(): Promise<void> {
    const { helpers, environment, databaseName } = this.#options
    if (!helpers) throw new DeviceError('io', 'this page is not cross-origin isolated')
    this.#helperTried = true
    this.#helperStarting = true
    const helper = new HelperConnection({
      platform: helpers,
      clock: environment.clock,
      databaseName,
      onVersionChange: () => this.finish(),
    })
    try {
      await helper.open(false)
    } catch (error) {
      await helper.close()
      throw error
    } finally {
      this.#helperStarting = false
    }
    const before = this.#connection
    this.#connection = helper
    this.#areas.attach({ chunksMax: helper.chunksMax, fetch: (first, count) => this.#fetch(helper, first, count) })
    await before.close()
  }

  size(area: Area): number {
    return this.#areas.size(area)
  }

  read(area: Area, into: Uint8Array, at: number): number {
    return this.#areas.read(area, into, at)
  }

  write(area: Area, bytes: Uint8Array, at: number): void {
    this.#requireUsable()
    this.#requireRoomToGrow(area, at + bytes.length)
    this.#areas.write(area, bytes, at)
  }

  reserve(area: Area, size: number): void {
    this.#requireUsable()
    this.#requireRoomToGrow(area, size)
    this.#areas.grow(area, size)
  }

  truncate(area: Area, size: number): void {
    this.#requireUsable()
    this.#areas.truncate(area, size)
  }

  barrier(): void {
    this.#requireUsable()
  }

  flush(): void | Promise<void> {
    if (this.#stopped) return Promise.reject(this.#stopped)
    if (!this.#areas.changed) return this.#running
    return this.#store('relaxed')
  }

  sync(): Promise<void> {
    if (this.#stopped) return Promise.reject(this.#stopped)
    return this.#store('strict')
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#stop(new DeviceError('closed', 'the storage was used after it was closed'))
    // The end of a batch that is under way has been reported to those who asked for it.
    await this.#running?.catch(() => {})
    await this.#connection.close()
    this.#options.onClosed?.()
  }

  /** Somebody wants to delete the storage: what was asked for is stored, then nothing more. */
  finish(): void {
    this.#finishing = true
    if (!this.#running) this.#afterBatch()
  }

  /** Writes the ballast if it is missing. To be called once the database is in use; never rejects for lack of space. */
  async keepBallast(): Promise<void> {
    // Never beside a batch: a platform counts what is being stored, so one could take the space from the other.
    while (this.#running) await this.#running.catch(() => {})
    const adding = this.#addBallast()
    this.#runAside(adding)
    return adding
  }

  async #addBallast(): Promise<void> {
    this.#ballastWanted = false
    if (this.#ballast === 'kept' || this.#ballast === 'being-added' || this.#stopped) return
    this.#ballast = 'being-added'
    try {
      await this.#connection.addBallast(() => this.#options.environment.random.bytes(CHUNK_BYTES))
      this.#ballast = 'kept'
      this.#tight = false
    } catch (error) {
      this.#ballast = isOutOfSpace(error) ? 'spent' : 'none'
      this.#tight ||= this.#ballast === 'spent'
      if (this.#ballast === 'none') throw deviceErrorFrom(error, 'writing the ballast')
    }
  }

  /** Before the memory is full, while there is time to start a thread. */
  get #needsHelper(): boolean {
    const { helpers, residentBytesMax = RESIDENT_BYTES_MAX } = this.#options
    return helpers !== undefined && !this.#helperTried && this.#areas.residentBytes > residentBytesMax / 2
  }

  /**
   * What this owner changed and did not store is never fetched (the areas pin it), and a chunk is fetched in a transaction
   * begun after the one that stored it was complete. So what comes is what this owner knows, if the head is its own.
   */
  #fetch(helper: HelperConnection, first: number, count: number): readonly Chunk[] {
    if (this.#stopped) throw this.#stopped
    const { owner, piece, chunks } = helper.fetch(first, count)
    const known =
      owner === this.#head.owner ? piece >= Math.min(...this.#places) : !this.#owned && owner === this.#owner
    if (!known) throw new DeviceError('fenced', 'another owner has taken the storage over')
    if (chunks.length === count) return chunks
    throw new DeviceError('io', `${count} chunks from ${first} on should be stored, ${chunks.length} are`)
  }

  #requireUsable(): void {
    if (this.#stopped) throw this.#stopped
  }

  /** Once the ballast is spent its space is kept for what was promised: growth must wait until there is space again. */
  #requireRoomToGrow(area: Area, size: number): void {
    if (!this.#tight || area === 'scratch' || size <= this.#areas.size(area)) return
    this.#tryBallastAgain()
    throw new DeviceError('full', 'the quota is used up; delete something and try again')
  }

  #tryBallastAgain(): void {
    this.#ballastWanted = true
    if (!this.#running) this.#afterBatch()
  }

  #store(durability: Durability): Promise<void> {
    if (!this.#running) return this.#start(durability)
    if (this.#running === this.#aside) return this.#start(durability, this.#aside)
    this.#next ??= waiting(durability)
    if (durability === 'strict') this.#next.durability = 'strict'
    return this.#next.promise
  }

  /** Stores what has been written by now, and nothing that is written later; begins when `after` has ended. */
  #start(durability: Durability, after?: Promise<void>): Promise<void> {
    const pieces = this.#areas.seal()
    const storing = after
      ? after.then(() => this.#storeBatch(pieces, durability))
      : this.#storeBatch(pieces, durability)
    this.#running = storing.finally(() => this.#afterBatch())
    return this.#running
  }

  /** Keeps batches waiting until `work`, which stores nothing of the areas, has ended one way or the other. */
  #runAside(work: Promise<void>): void {
    const aside = work
      .catch(() => {})
      .finally(() => {
        if (this.#running === aside) this.#afterBatch()
      })
    this.#aside = aside
    this.#running = aside
  }

  #afterBatch(): void {
    this.#running = undefined
    const next = this.#next
    this.#next = undefined
    if (next) next.resolve(this.#start(next.durability))
    else if (this.#needsHelper && !this.#stopped) {
      // Without one the content has to stay within the memory, as before.
      this.#runAside(this.useHelper())
      return
    } else if (this.#ballastWanted && !this.#stopped) {
      this.keepBallast().catch(() => {}) // the next batch meets the same failure and reports it
      return
    }
    if (next || !this.#finishing || this.#stopped) return
    this.#stop(new DeviceError('evicted', 'the storage is being deleted by another tab'))
    void this.#connection.close()
  }

  #stop(error: DeviceError): void {
    this.#stopped = error
    this.#next?.reject(error)
    this.#next = undefined
  }

  async #storeBatch(pieces: readonly Piece[], durability: Durability): Promise<void> {
    const before = pieces.length > 1 ? this.#areas.storedLogs() : undefined
    const done: Piece[] = []
    try {
      for (const piece of pieces) {
        const last = piece === pieces[pieces.length - 1]
        await this.#storePiece(piece, last ? durability : 'relaxed', mayUseBallast(pieces))
        this.#areas.stored(piece)
        done.push(piece)
      }
      this.#areas.release(pieces)
      const gaveSpaceBack = pieces.some(({ sizesBefore, sizes }) => sizes.main < sizesBefore.main)
      if (gaveSpaceBack && this.#ballast === 'spent') this.#tryBallastAgain()
    } catch (cause) {
      const error = deviceErrorFrom(cause, 'storing changes')
      const perhaps = this.#places.size > 1 ? pieces.slice(done.length, done.length + 1) : []
      this.#areas.undo(pieces, before)
      this.#next?.reject(error)
      this.#next = undefined
      if (error.reason === 'fenced' || error.reason === 'evicted') this.#stop(error)
      else if (done.length + perhaps.length > 0) await this.#compensate([...done, ...perhaps])
      throw error
    }
  }

  async #compensate(stored: readonly Piece[]): Promise<void> {
    try {
      const back = this.#areas.compensationFor(stored)
      await this.#storePiece(back, 'strict', true)
      this.#areas.release([back])
    } catch (error) {
      this.#partlyStored = true
      this.#stop(deviceErrorFrom(error, 'taking back a batch that was stored in part'))
    }
  }

  async #own(): Promise<void> {
    if (this.#owned) return
    this.#head = await this.#connection.takeOver(this.#owner, false, this.#head)
    this.#places = new Set([this.#head.piece])
    this.#owned = true
    // Where there is space for it, the write that has led here may grow at once.
    await this.#addBallast()
  }

  async #storePiece(piece: Piece, durability: Durability, mayUseBallast: boolean): Promise<void> {
    await this.#own()
    const to: Head = { ...this.#head, piece: Math.max(...this.#places) + 1, sizes: piece.sizes }
    let pauses = 0
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#connection.storePiece(piece, this.#places, to, durability)
        break
      } catch (error) {
        if (error instanceof DeviceError) throw error
        if (isOutOfSpace(error)) {
          if (!mayUseBallast || this.#ballast === 'none') throw error
          if (this.#ballast === 'spent') {
            if (!(await pauseForSpace(this.#options.environment.clock, pauses++))) throw error
            attempt--
            continue
          }
          this.#ballast = 'spent'
          this.#tight = true
          await this.#connection.giveUpBallast()
          continue
        }
        // A lost connection has many names and may have stored the piece. Storing it again does no harm.
        if (!(error instanceof NotBegunError)) this.#places.add(to.piece)
        if (attempt > 1) throw error
        await this.#connection.open(false)
      }
    }
    this.#head = to
    this.#places = new Set([to.piece])
  }
}
