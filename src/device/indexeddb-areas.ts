// The resident content of an IndexedDB device, and the changes that are not stored yet. It stands apart from the device
// because it is synchronous and knows nothing of connections, transactions or failures; it can only be told to forget.
//
// Invariants: the areas show every write at once; pieces are in write order; the areas without the changes of all
// pieces are exactly what is stored.

import { ChunkedBytes } from './chunked-bytes.ts'
import { type Area, DeviceError } from './device.ts'
import { CHUNK_BYTES, isLogArea, LOG_AREAS, type LogArea, type LogValue, type Sizes } from './indexeddb-format.ts'
import { Piece } from './indexeddb-piece.ts'
import { LogValues } from './log-values.ts'

export type StoredLogs = { [area in LogArea]: ReadonlyMap<number, LogValue> }

export interface AreaLimits {
  /** Bytes that all areas may hold in memory together. */
  readonly residentBytesMax: number
  /** Bytes of one transaction, as a rule. */
  readonly pieceBytesMax: number
}

export class ResidentAreas {
  readonly #areas: { readonly [area in Area]: ChunkedBytes } = {
    main: new ChunkedBytes(CHUNK_BYTES),
    'log-0': new ChunkedBytes(CHUNK_BYTES),
    'log-1': new ChunkedBytes(CHUNK_BYTES),
    scratch: new ChunkedBytes(CHUNK_BYTES),
  }
  readonly #values: { [area in LogArea]: LogValues } = { 'log-0': new LogValues(), 'log-1': new LogValues() }
  /** Where the stored values of each log lie, without their bytes. */
  readonly #stored: { [area in LogArea]: Map<number, LogValue> } = { 'log-0': new Map(), 'log-1': new Map() }
  readonly #limits: AreaLimits
  #sealed: Piece[] = []
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

  /** Takes over the stored content; to be called once, first. The chunks are used in place. */
  load(chunks: Iterable<readonly [number, Uint8Array<ArrayBuffer>]>, logs: StoredLogs, sizes: Sizes): void {
    for (const [index, chunk] of chunks) this.#areas.main.setChunk(index, chunk)
    this.#areas.main.grow(sizes.main)
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

  /**
   * Takes back everything that was written since the first of `pieces` was begun, later writes included. `storedLogs`:
   * what they were then, if some of the pieces have been stored.
   */
  undo(pieces: readonly Piece[], storedLogs?: StoredLogs): void {
    for (const piece of [...pieces, ...this.#sealed, this.#piece].reverse()) this.#undoPiece(piece)
    this.#sealed = []
    this.#piece = new Piece(this.sizes)
    for (const area of LOG_AREAS) {
      if (storedLogs) this.#stored[area] = new Map(storedLogs[area])
      this.#rebuildValues(area)
    }
  }

  /** A piece that stores the areas as they are now at every place that the stored `pieces` changed. */
  compensationFor(pieces: readonly Piece[]): Piece {
    const back = new Piece(this.sizes)
    for (const piece of pieces) {
      for (const index of piece.chunks.keys()) {
        back.chunks.set(index, { before: undefined, after: this.#areas.main.chunk(index) })
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

  #requireRoomFor(area: Area, length: number, at: number): void {
    const more = this.#areas[area].allocationFor(length, at)
    if (more === 0) return
    const { main, 'log-0': log0, 'log-1': log1, scratch } = this.#areas
    const total = main.allocatedBytes + log0.allocatedBytes + log1.allocatedBytes + scratch.allocatedBytes + more
    const most = this.#limits.residentBytesMax
    if (total <= most) return
    throw new DeviceError('full', `${total} bytes would have to stay in memory, the limit is ${most}`)
  }

  /** Makes the chunks of `main` that hold [start, end) this piece's own, to be written in place. */
  #ownChunks(start: number, end: number): void {
    for (let index = Math.floor(start / CHUNK_BYTES); index * CHUNK_BYTES < end; index++) {
      const known = this.#piece.chunks.get(index)
      if (known?.after) continue
      const before = known ? undefined : this.#areas.main.chunk(index)
      const whole = start <= index * CHUNK_BYTES && (index + 1) * CHUNK_BYTES <= end
      const after = before && !whole ? before.slice() : new Uint8Array(CHUNK_BYTES)
      if (known) known.after = after
      else this.#piece.chunks.set(index, { before, after })
      this.#areas.main.setChunk(index, after)
      this.#piece.bytes += CHUNK_BYTES
    }
  }

  #ownTail(size: number, before: number): void {
    const first = Math.ceil(size / CHUNK_BYTES)
    if (size % CHUNK_BYTES > 0 && this.#areas.main.chunk(first - 1)) this.#ownChunks(size - 1, size)
    for (let index = first; index * CHUNK_BYTES < before; index++) {
      const known = this.#piece.chunks.get(index)
      const chunk = this.#areas.main.chunk(index)
      if (known) known.after = undefined
      else if (chunk) this.#piece.chunks.set(index, { before: chunk, after: undefined })
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
    for (const [index, { before }] of piece.chunks) this.#areas.main.setChunk(index, before)
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
