// A piece is what one IndexedDB transaction stores: the changes of some consecutive writes, together with what is needed
// to take them back from memory. It stands apart because the resident areas fill it and the connection stores it.
//
// A piece is filled until it is sealed and never changes afterwards; it is forgotten once it is stored. A chunk of
// `main` that a piece has changed belongs to it: a later piece works on a copy. So `before` and `after` stay true.

import { LOG_AREAS, type LogArea, type LogValue, type Sizes } from './indexeddb-format.ts'
import type { Chunk, ChunkState } from './main-chunks.ts'

/** What of a piece is stored: the rest is for taking it back. */
export interface StorablePiece {
  readonly chunks: ReadonlyMap<number, { readonly after: Chunk | undefined }>
  readonly logs: {
    readonly [area in LogArea]: {
      readonly puts: ReadonlyMap<number, LogValue>
      readonly deletes: ReadonlySet<number>
    }
  }
}

export class LogChanges {
  /** Values to store, by number. */
  readonly puts = new Map<number, LogValue>()
  /** Values to delete, stored by earlier pieces. */
  readonly deletes = new Set<number>()
  /** Bytes that were written over, oldest first. */
  readonly overwritten: { readonly at: number; readonly bytes: Uint8Array<ArrayBuffer> }[] = []
}

export class Piece implements StorablePiece {
  /** `before` is AWAY for a chunk that was cut off while it was not in memory. */
  readonly chunks = new Map<number, { readonly before: ChunkState; after: Chunk | undefined }>()
  readonly logs: { readonly [area in LogArea]: LogChanges } = { 'log-0': new LogChanges(), 'log-1': new LogChanges() }
  readonly sizesBefore: Sizes
  /** As of the newest write in it. */
  sizes: Sizes
  /** Bytes that storing it will hand to the platform. */
  bytes = 0
  changed = false

  /** Bytes of log values to store. */
  get logBytes(): number {
    let bytes = 0
    for (const area of LOG_AREAS) for (const { length } of this.logs[area].puts.values()) bytes += length
    return bytes
  }

  constructor(sizes: Sizes) {
    this.sizesBefore = sizes
    this.sizes = sizes
  }
}
