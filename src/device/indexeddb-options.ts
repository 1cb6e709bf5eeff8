// What opening a device on IndexedDB needs. It stands apart because both whoever opens one and the device itself read it.

import type { Environment } from '../environment.ts'
import type { HelperPlatform } from './helper-platform.ts'
import type { Ballast } from './indexeddb-ballast.ts'
import type { IndexedDbPlatform } from './indexeddb-connection.ts'
import type { Head } from './indexeddb-format.ts'

export interface IndexedDbOptions {
  readonly platform: IndexedDbPlatform
  readonly environment: Environment
  /** Name of the IndexedDB database. */
  readonly databaseName: string
  /** Makes it where it is missing; without it a missing one is `evicted`. */
  readonly create: boolean
  /** Bytes that may stay in memory, content and scratch together. Default 256 MB. */
  readonly residentBytesMax?: number
  /** Undefined where threads cannot share memory: then more content than that cannot be opened. */
  readonly helpers?: HelperPlatform | undefined
  /** With helpers: bytes of content that are loaded at open; more is fetched as it is needed. Default `residentBytesMax`. */
  readonly loadBytesMax?: number
  /** Bytes of one transaction, as a rule. Default 512 KiB: a platform asks for that much free space, even to overwrite. */
  readonly pieceBytesMax?: number
  /** Called once when the connection has been closed. */
  readonly onClosed?: () => void
}

export const RESIDENT_BYTES_MAX = 256_000_000
export const PIECE_BYTES_MAX = 512 * 1024

/** How the storage was found. */
export interface Begin {
  readonly owner: string
  readonly head: Head
  readonly owned: boolean
  readonly ballast: Ballast
}
