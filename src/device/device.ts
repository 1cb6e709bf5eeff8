// A device is where bytes live: named areas of bytes with an order and a durability, nothing more. It stands apart so
// that the block store above is the same on OPFS, IndexedDB, memory, a file system and the simulated disk of the tests.
//
// What a device may assume: one owner at a time (it enforces that itself, see each implementation), calls from one
// thread, no call after `close`. What the store may assume is written at each verb; `test/contract/device.ts` holds
// every implementation to it.

/** `main`: superblocks, tables, home segments. `log-0`, `log-1`: commit records. `scratch`: never durable. */
export type Area = 'main' | 'log-0' | 'log-1' | 'scratch'
export const AREAS: readonly Area[] = ['main', 'log-0', 'log-1', 'scratch']

export type DeviceKind = 'opfs' | 'indexeddb' | 'node' | 'memory' | 'simulated'

export interface Device {
  readonly kind: DeviceKind

  /** Bytes of the area; 0 for one that was never written. */
  size(area: Area): number

  /**
   * Fills `into` from byte `at`; returns how many bytes the area had there (short only at its end).
   * Sees every earlier write of this device at once. Throws DeviceError `io`.
   */
  read(area: Area, into: Uint8Array, at: number): number

  /**
   * Puts all of `bytes` at byte `at`, growing the area with zeros where needed; the bytes are the caller's again on
   * return. Throws DeviceError `full` (no space: part of the bytes may have been written) or `io`.
   */
  write(area: Area, bytes: Uint8Array, at: number): void

  /**
   * Makes the area at least `size` bytes long and its space really there, so that later writes inside it need no new
   * space where the platform allows such a promise. New bytes read as zero. Throws DeviceError `full`.
   */
  reserve(area: Area, size: number): void

  /** Cuts the area to `size` bytes; never grows it. */
  truncate(area: Area, size: number): void

  /**
   * Orders: after a crash or power cut nothing written later is there unless everything written earlier is. Synchronous,
   * because a commit that runs inside SQLite needs it; OPFS and Node sync for it, IndexedDB stores in order anyway.
   * Throws DeviceError like `sync`.
   */
  barrier(): void

  /**
   * Everything written so far has left this process and survives its death. A promise where the platform is asynchronous:
   * if no other flush or sync is under way, it stores exactly what had been written when it was called.
   */
  flush(): void | Promise<void>

  /** The same, and everything written so far survives a power cut. Throws DeviceError. */
  sync(): void | Promise<void>

  /** Releases the areas to the next owner, without flushing. A second close does nothing. */
  close(): void | Promise<void>

  /**
   * What a failed flush or sync means. `kept`: the bytes are still readable here and may or may not be durable; writing
   * them again and syncing again can help (OPFS, Node). `undone`: the areas are back at what the last successful flush
   * or sync stored, atomically; nothing of what failed will ever appear (IndexedDB).
   */
  readonly afterFailedSync: 'kept' | 'undone'

  /**
   * What was written and not flushed takes so much memory that more will soon be refused as `full`: whoever can wait
   * flushes first. False for a device that writes at once.
   */
  readonly crowded: boolean
}

/** `full`: no space. `io`: the platform failed. `fenced`: another owner took over. `evicted`: the stored data is gone. */
export type DeviceErrorReason = 'full' | 'io' | 'fenced' | 'evicted' | 'closed'

/** A device's only error; the layers above turn it into a StorageError or an SQLite code. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError'
  readonly reason: DeviceErrorReason
  constructor(reason: DeviceErrorReason, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}
