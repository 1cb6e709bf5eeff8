// How a block store is opened. It stands apart from the store's face because it is read by those who open one.
import type { Device } from '../device/device.ts'
import type { Environment } from '../environment.ts'
import type { ChecksumName, Checksums } from './checksum.ts'
import type { SyncFailure } from './device-writer.ts'
import type { Sizes } from './format.ts'

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
  /** Log bytes that pinned snapshots may hold back. Default 256 MiB; never more than half of `freeBytes`. */
  readonly maxPinnedBytes?: number
  /** Bytes that the platform still grants, as far as it tells; asked when a snapshot makes a log grow. */
  readonly freeBytes?: () => Promise<number | undefined>
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
  /** Told how many blocks a checkpoint found damaged; they stay so, and reading them throws `corrupt`. */
  readonly onDamage?: (blocks: number) => void
  /** Every write is read back and compared; one that reads otherwise has failed. Default false. */
  readonly verifyAfterWrite?: boolean
}
