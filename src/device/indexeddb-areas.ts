// The content of an IndexedDB device, and the changes that are not stored yet. It stands apart from the device
// because it is synchronous and knows nothing of connections, transactions or failures; it can only be told to forget.
//
// Invariants: the areas show every write at once; pieces are in write order; the areas without the changes of all
// pieces are exactly what is stored. A chunk of `main` is pinned by each piece that changes it, from its first change
// until all of its batch is stored or taken back: so what is fetched was never changed since it was stored.

import { ChunkedBytes } from './chunked-bytes.ts'
import { type Area, DeviceError } from './device.ts'
import { CHUNK_BYTES, isLogArea, LOG_AREAS, type LogArea, type LogValue, type Sizes } from './indexeddb-format.ts'
import { Piece } from './indexeddb-piece.ts'
import { LogValues } from './log-values.ts'
import { AWAY, type Chunk, type ChunkSource, type ChunkState, MainChunks } from './main-chunks.ts'

/** Beyond this share of the memory what is not stored yet should be. */
const CROWDED_SHARE = 1 / 4

export type StoredLogs = { [area in LogArea]: ReadonlyMap<number, LogValue> }

export interface AreaLimits {
  /** Bytes that all areas may hold in memory together. */
  readonly residentBytesMax: number
  /** Bytes of one transaction, as a rule. */
  readonly pieceBytesMax: number
}

export class ResidentAreas {
  readonly #main = new MainChunks(() => this.#limits.residentBytesMax - this.#totalBytes)
  readonly #areas: { readonly main: MainChunks } & { readonly [area in LogArea | 'scratch']: ChunkedBytes } = {
    main: this.#main,
    'log-0': new ChunkedBytes(CHUNK_BYTES),
    'log-1': new ChunkedBytes(CHUNK_BYTES),
    scratch: new ChunkedBytes(CHUNK_BYTES),
  }
  readonly #values: { [area in LogArea]: LogValues } = { 'log-0': new LogValues(), 'log-1': new LogValues() }
  /** Where the stored values of each log lie, without their bytes. */
  readonly #stored: { [area in LogArea]: Map<number, LogValue> } = { 'log-0': new Map(), 'log-1': new Map() }
  readonly #limits: AreaLimits
  #sealed: Piece[] = []
  /** Bytes that only pieces hold: what they would go back to. Counted once some of `main` may be away. */
  #heldBytes = 0
  #partly = false
  #piece: Piece
  #nextNumber = 1

  constructor(limits: AreaLimits) {
    this.#limits = limits
    this.#piece = new Piece(this.sizes)
  }

  get sizes(): Sizes {
    return { main: this.#areas.main.size, 'log-0': this.#areas['log-0'].size, 'log-1': this.#areas['log-1'].size }
  }

  /** Whether anything was written since the last `seal`. */
  get changed(): boolean {
    return this.#piece.changed || this.#sealed.length > 0
  }

  /** Where the stored values of the logs lie. */
  storedLogs(): StoredLogs {
    return { 'log-0': new Map(this.#stored['log-0']), 'log-1': new Map(this.#stored['log-1']) }
  }

  /** Bytes in memory, without what is only held to be taken back to. */
  get residentBytes(): number {
    const { main, 'log-0': log0, 'log-1': log1, scratch } = this.#areas
    return main.allocatedBytes + log0.allocatedBytes + log1.allocatedBytes + scratch.allocatedBytes
  }

  /** Whether some of `main` may be away. */
  get partly(): boolean {
    return this.#partly
  }

  /** What is not stored yet takes so much of the memory that storing it should not wait. */
  get crowded(): boolean {
    const unstored = this.#heldBytes + this.#main.pinnedCount * CHUNK_BYTES
    return unstored > this.#limits.residentBytesMax * CROWDED_SHARE
  }

  get fetched(): MainChunks['counts'] {
    return this.#main.counts
  }

  /** From now on stored chunks of `main` may leave the memory, and come back from `source`. */
  attach(source: ChunkSource): void {
    this.#partly = true
    this.#main.attach(source)
  }

  /** Takes over the stored content; to be called once, first. The chunks are used in place. */
  load(chunks: Iterable<readonly [number, Chunk | typeof AWAY]>, logs: StoredLogs, sizes: Sizes): void {
    for (const [index, chunk] of chunks) this.#main.set(index, chunk)
    this.#main.grow(sizes.main)
    for (const area of LOG_AREAS) {
      for (const [number, value] of [...logs[area]].sort(([a], [b]) => a - b)) {
        this.#layDown(area, value, sizes[area])
        this.#stored[area].set(number, { at: value.at, length: value.length })
        this.#nextNumber = Math.max(this.#nextNumber, number + 1)
      }
      this.#areas[area].truncate(sizes[area])
      this.#areas[area].grow(sizes[area])
      this.#rebuildValues(area)
    }
    this.#piece = new Piece(this.sizes)
  }

  size(area: Area): number {
    return this.#areas[area].size
  }

  read(area: Area, into: Uint8Array, at: number): number {
    return this.#areas[area].read(into, at)
  }

  write(area: Area, bytes: Uint8Array, at: number): void {
    if (bytes.length === 0) return
    this.#requireRoomFor(area, bytes.length, at)
    if (area === 'main') this.#ownChunks(at, at + bytes.length)
    else if (isLogArea(area)) this.#noteLogWrite(area, at, bytes)
    this.#areas[area].write(bytes, at)
    this.#note(area)
  }

  grow(area: Area, size: number): void {
    if (size <= this.#areas[area].size) return
    this.#areas[area].grow(size)
    this.#note(area)
  }

  truncate(area: Area, size: number): void {
    const before = this.#areas[area].size
    if (size >= before) return
    if (area === 'main') this.#ownTail(size, before)
    else if (isLogArea(area)) this.#noteLogCut(area, size)
    this.#areas[area].truncate(size)
    this.#note(area)
  }

  /** Everything written so far that is not stored, as pieces in write order: at least one, the last one perhaps empty. */
  seal(): Piece[] {
    if (this.#piece.changed || this.#sealed.length === 0) this.#sealPiece()
    const pieces = this.#sealed
    this.#sealed = []
    return pieces
  }

  /** Notes that `piece` is stored. */
  stored(piece: Piece): void {
    for (const area of LOG_AREAS) {
      for (const number of piece.logs[area].deletes) this.#stored[area].delete(number)
      for (const [number, { at, length }] of piece.logs[area].puts) this.#stored[area].set(number, { at, length })
    }
  }

  /** Pieces that are stored, all of their batch, or were taken back: nothing of theirs is kept any more. */
  release(pieces: readonly Piece[]): void {
    for (const piece of pieces) {
      for (const [index, { before }] of piece.chunks) {
        this.#main.unpin(index)
        if (before instanceof Uint8Array) this.#heldBytes -= CHUNK_BYTES
      }
    }
  }

  /**
   * Takes back everything that was written since the first of `pieces` was begun, later writes included. `storedLogs`:
   * what they were then, if some of the pieces have been stored.
   */
  undo(pieces: readonly Piece[], storedLogs?: StoredLogs): void {
    const undone = [...pieces, ...this.#sealed, this.#piece]
    for (const piece of undone.reverse()) this.#undoPiece(piece)
    this.release(undone)
    this.#sealed = []
    this.#piece = new Piece(this.sizes)
    for (const area of LOG_AREAS) {
      if (storedLogs) this.#stored[area] = new Map(storedLogs[area])
      this.#rebuildValues(area)
    }
  }

  /**
   * A piece that stores the areas as they are now at every place that the stored `pieces` changed. Throws DeviceError `io`
   * if some of that is not in memory.
   */
  compensationFor(pieces: readonly Piece[]): Piece {
    const back = new Piece(this.sizes)
    for (const piece of pieces) {
      for (const index of piece.chunks.keys()) {
        const after = this.#main.state(index)
        if (after === AWAY) throw new DeviceError('io', 'what was cut off is not in memory')
        if (!back.chunks.has(index)) this.#change(back, index, undefined, after)
      }
      for (const area of LOG_AREAS) {
        for (const number of piece.logs[area].puts.keys()) {
          if (!this.#stored[area].has(number)) back.logs[area].deletes.add(number)
        }
        for (const number of piece.logs[area].deletes) {
          const value = this.#stored[area].get(number)
          if (value) back.logs[area].puts.set(number, this.#valueAsItShows(area, value))
        }
      }
    }
    return back
  }

  #valueAsItShows(area: LogArea, { at, length }: LogValue): LogValue {
    const bytes = new Uint8Array(length)
    this.#areas[area].read(bytes, at)
    return { at, length, bytes }
  }

  #note(area: Area): void {
    if (area === 'scratch') return
    this.#piece.changed = true
    this.#piece.sizes = this.sizes
    if (this.#piece.bytes >= this.#limits.pieceBytesMax) this.#sealPiece()
  }

  #sealPiece(): void {
    this.#sealed.push(this.#piece)
    this.#piece = new Piece(this.sizes)
  }

  get #totalBytes(): number {
    return this.residentBytes + (this.#partly ? this.#heldBytes : 0)
  }

  #requireRoomFor(area: Area, length: number, at: number): void {
    const more = area === 'main' ? this.#mainBytesFor(length, at) : this.#areas[area].allocationFor(length, at)
    if (more === 0) return
    const most = this.#limits.residentBytesMax
    const beyond = () => this.#totalBytes + more - most
    if (beyond() <= 0) return
    if (area === 'main')
      this.#main.makeRoom(beyond(), Math.floor(at / CHUNK_BYTES), Math.ceil((at + length) / CHUNK_BYTES))
    else this.#main.makeRoom(beyond())
    if (beyond() <= 0) return
    const what = this.#partly ? ' until they are stored' : ''
    throw new DeviceError('full', `${most + beyond()} bytes would have to stay in memory${what}, the limit is ${most}`)
  }

  /** Bytes that writing there takes: the chunks, and where some may be away what they would go back to. */
  #mainBytesFor(length: number, at: number): number {
    let bytes = 0
    for (let index = Math.floor(at / CHUNK_BYTES); index * CHUNK_BYTES < at + length; index++) {
      if (this.#piece.chunks.get(index)?.after) continue
      const now = this.#main.state(index)
      if (now === undefined) bytes += CHUNK_BYTES
      else if (this.#partly) bytes += now === AWAY ? 2 * CHUNK_BYTES : CHUNK_BYTES
    }
    return bytes
  }

  #change(piece: Piece, index: number, before: ChunkState, after: Chunk | undefined): void {
    piece.chunks.set(index, { before, after })
    this.#main.pin(index)
    if (before instanceof Uint8Array) this.#heldBytes += CHUNK_BYTES
  }

  /** Makes the chunks of `main` that hold [start, end) this piece's own, to be written in place. */
  #ownChunks(start: number, end: number): void {
    for (let index = Math.floor(start / CHUNK_BYTES); index * CHUNK_BYTES < end; index++) {
      const known = this.#piece.chunks.get(index)
      if (known?.after) continue
      const before = known ? undefined : this.#main.chunk(index, end)
      const whole = start <= index * CHUNK_BYTES && (index + 1) * CHUNK_BYTES <= end
      const after = before && !whole ? before.slice() : new Uint8Array(CHUNK_BYTES)
      if (known) known.after = after
      else this.#change(this.#piece, index, before, after)
      this.#main.set(index, after)
      this.#piece.bytes += CHUNK_BYTES
    }
  }

  #ownTail(size: number, before: number): void {
    const first = Math.ceil(size / CHUNK_BYTES)
    if (size % CHUNK_BYTES > 0 && this.#main.state(first - 1)) this.#ownChunks(size - 1, size)
    for (let index = first; index * CHUNK_BYTES < before; index++) {
      const known = this.#piece.chunks.get(index)
      const before = this.#main.state(index)
      if (known) known.after = undefined
      else if (before) this.#change(this.#piece, index, before, undefined)
    }
  }

  #noteLogWrite(area: LogArea, at: number, bytes: Uint8Array): void {
    this.#keepOverwritten(area, at, at + bytes.length)
    this.#cover(area, { at, length: bytes.length, bytes: new Uint8Array(bytes) })
    this.#piece.bytes += bytes.length
  }

  #noteLogCut(area: LogArea, size: number): void {
    this.#keepOverwritten(area, size, this.#areas[area].size)
    const values = this.#values[area]
    this.#drop(area, values.uncover(size, Number.POSITIVE_INFINITY))
    // What is left of a value that the cut goes through must not come back when the area grows again.
    const reach = values.reach
    if (reach > size) this.#cover(area, { at: size, length: reach - size })
  }

  #keepOverwritten(area: LogArea, start: number, end: number): void {
    const bytes = new Uint8Array(Math.max(0, Math.min(end, this.#areas[area].size) - start))
    if (bytes.length === 0) return
    this.#areas[area].read(bytes, start)
    this.#piece.logs[area].overwritten.push({ at: start, bytes })
  }

  #cover(area: LogArea, value: LogValue): void {
    const number = this.#nextNumber++
    this.#piece.logs[area].puts.set(number, value)
    this.#drop(area, this.#values[area].cover(number, value.at, value.at + value.length))
  }

  #drop(area: LogArea, dead: readonly number[]): void {
    const { puts, deletes } = this.#piece.logs[area]
    for (const number of dead) if (!puts.delete(number)) deletes.add(number)
  }

  #undoPiece(piece: Piece): void {
    for (const [index, { before }] of piece.chunks) this.#main.set(index, before)
    for (const area of LOG_AREAS) {
      for (const { at, bytes } of piece.logs[area].overwritten.reverse()) this.#areas[area].write(bytes, at)
    }
    for (const area of ['main', ...LOG_AREAS] as const) {
      this.#areas[area].truncate(piece.sizesBefore[area])
      this.#areas[area].grow(piece.sizesBefore[area])
    }
  }

  #layDown(area: LogArea, value: LogValue, size: number): void {
    const length = Math.min(value.length, size - value.at)
    if (length <= 0) return
    const bytes = value.bytes ?? new Uint8Array(length)
    this.#areas[area].write(length < bytes.length ? bytes.subarray(0, length) : bytes, value.at)
  }

  #rebuildValues(area: LogArea): void {
    const values = new LogValues()
    for (const [number, { at, length }] of [...this.#stored[area]].sort(([a], [b]) => a - b)) {
      values.cover(number, at, at + length)
    }
    this.#values[area] = values
  }
}
