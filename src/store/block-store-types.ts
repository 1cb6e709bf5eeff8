// What the block store offers to the layers above, as types: the VFS is written against these and nothing else of the
// store. It stands apart so that the store's files and the VFS's do not import each other.

/** One request that a commit record carries, so that a repeated request is answered instead of run twice. */
export interface Origin {
  /** 32 hexadecimal digits. */
  readonly client: string
  /** The client's request number. */
  readonly seq: number
  /** All requests of this client up to here have been answered and acknowledged. */
  readonly ackedThrough: number
  /** How the request settled, opaque to the store. */
  readonly outcome: Uint8Array
}

/** A fixed state of the store: reads never change until `release`, whatever is committed meanwhile. */
export interface Snapshot {
  readonly sequence: number
  /** Size in blocks of this state. */
  readonly sizeBlocks: number
  /**
   * Copies block `block` into `into` (exactly one block long). A block never written reads as zeros.
   * Throws StorageError `corrupt` (with `block`) if the stored bytes fail their checksum, SnapshotTooOldError if the
   * store had to end this snapshot.
   */
  read(block: number, into: Uint8Array): void
  /** Lets the store forget this state. A second release does nothing. */
  release(): void
}

/** The one open write transaction of a store. Nothing of it is visible to others before `publish`. */
export interface WriteTransaction {
  /** Size in blocks as this transaction sees it. */
  readonly sizeBlocks: number
  /** True once anything was written or truncated. */
  readonly dirty: boolean
  /** Like Snapshot.read, own writes first. */
  read(block: number, into: Uint8Array): void
  /** Stages one block; grows the size where needed. The bytes are copied. Throws StorageError `quota`. */
  write(block: number, bytes: Uint8Array): void
  /** Stages a new size; blocks beyond it read as zeros afterwards. */
  truncate(sizeBlocks: number): void
  /** Makes sure that `publish` cannot fail for lack of space. Throws StorageError `quota`; the transaction stays open. */
  reserve(): void
  /**
   * Makes the staged blocks one commit and ends the transaction; returns its sequence. It is readable at once, durable
   * to a level only once `flush` or `sync` of the store has resolved. With nothing staged it writes no record and
   * returns the newest sequence. Must not be called without a successful `reserve` after the last write.
   */
  publish(origins: readonly Origin[]): number
  /** Drops everything staged and ends the transaction. */
  rollback(): void
}

/** The part of BlockStore that the VFS and the scheduler use. */
export interface Blocks {
  readonly blockSize: number
  /** The newest published sequence. */
  readonly sequence: number
  /** Size in blocks at the newest published sequence. */
  readonly sizeBlocks: number
  /** Newest sequence that survives the death of the process. */
  readonly flushedSequence: number
  /** Newest sequence that survives a power cut. */
  readonly syncedSequence: number
  /** Pins the newest published state. `untimed`: however long it is held it ends only for lack of space (an export). */
  pin(options?: { readonly untimed?: boolean }): Snapshot
  /** Opens the write transaction; there is at most one (asserted). */
  begin(): WriteTransaction
  /**
   * Makes room in the log for one more group of commits; to be awaited before a write transaction begins and before its
   * commit, since `publish` cannot wait. Usually returns at once.
   */
  prepare(): void | Promise<void>
  /** Stores what was published so that it survives the death of the process (`flushedSequence`), in one device write. */
  flush(): void | Promise<void>
  /** Stores what was published so that it survives a power cut (`syncedSequence`). */
  sync(): void | Promise<void>
  /** The recorded outcome of a client's request, if it was applied and not yet acknowledged. */
  outcomeOf(client: string, seq: number): Uint8Array | undefined
  /** Bytes for journals and temporary files beyond memory; not durable. Throws StorageError `quota`. */
  readonly scratch: ScratchArea
}

/** The device's scratch area, as plain bytes. */
export interface ScratchArea {
  read(into: Uint8Array, at: number): number
  write(bytes: Uint8Array, at: number): void
  truncate(size: number): void
  readonly size: number
}
