// The words that messages in both directions share: who speaks, what is in force for a client and for a database, where packed
// values lie. They stand apart from the messages so that requests, answers and greetings can be files of their own.
import type { SessionPragmas } from './session-pragmas.ts'

/** Grows when a message changes its meaning; both sides compare it in `hello`. */
export const PROTOCOL_VERSION = 1

/** 32 hexadecimal digits, made anew by each client. */
export type ClientId = string
/** A client's request number, from 1, dense. */
export type RequestSeq = number
/** Chosen by the client, from 1; names one interactive transaction of this client. */
export type TransactionId = number

export type Durability = 'strict' | 'relaxed'
export type IntegerMode = 'auto' | 'number' | 'bigint'
export type StorageChoice = 'auto' | StorageKind
/** `node`: files, in `datasync/node`. */
export type StorageKind = 'opfs' | 'indexeddb' | 'node' | 'memory'
export type ChecksumName = 'xxhash64' | 'crc32c' | 'blake3' | 'none'

/** When relaxed commits are synced (DESIGN section 10). All are upper bounds; 0 switches a rule off. */
export interface SyncPolicy {
  readonly intervalMs: number
  readonly debounceMs: number
  readonly maxDirtyBytes: number
  readonly maxDirtyBlocks: number
  /** Every write is read back and compared; one that reads otherwise is written again. Default false. */
  readonly verifyAfterWrite?: boolean
}

/** A range of the envelope's payload. */
export interface PayloadRange {
  readonly at: number
  readonly bytes: number
}

/** Parameters of one execution: packed values in the payload, with names where they were given as an object. */
export interface PackedParameters extends PayloadRange {
  readonly count: number
  /** One per value, with its prefix as written in the SQL (`:id`, `@id`, `$id`) or bare (`id`: any prefix); absent: by position. */
  readonly names?: readonly string[]
}

/** Options that travel with the client (DESIGN section 4, "whose option counts"). */
export interface ClientSettings {
  readonly durability: Durability
  readonly foreignKeys: boolean
  readonly sync: SyncPolicy
  /** What the client had counted when its former engine ended. */
  readonly counts?: ClientCounts
  /** Values of `SESSION_PRAGMAS`: those of `open`, or those in force when the former engine ended. */
  readonly pragmas?: SessionPragmas
  /** What the client had registered when its former engine ended. */
  readonly functions?: readonly FunctionDefinition[]
}

/** A function for use in SQL: an export of a module that the worker imports. */
export interface FunctionDefinition {
  readonly name: string
  /** Absolute address. */
  readonly module: string
  readonly export: string
  /** The same arguments always give the same result. */
  readonly deterministic: boolean
  /** Not to be used by the schema: views, triggers, indexes, defaults, checks. */
  readonly directOnly: boolean
}

/** What `changes()`, `total_changes()` and `last_insert_rowid()` answer in SQL, for one client. */
export interface ClientCounts {
  readonly changes: number
  readonly totalChanges: number
  readonly lastInsertRowid: bigint
}

/** Options of the tab that leads and wishes for a new database. */
export interface StartOptions {
  readonly name: string
  readonly storage: StorageChoice
  readonly blockSize: number
  readonly checksum: ChecksumName
  readonly cacheBytes: number
  readonly rowBytesMax: number
  readonly debug: boolean
  /** Memory of `CancelFlags`, where the page can share memory. */
  readonly cancelFlags?: SharedArrayBuffer
  /** The storage's lock is taken from a page that has not answered. */
  readonly steal?: true
  /** The page has had this database open: where there is none any more, none is made. */
  readonly mustExist?: true
}

/** The wasm, compiled, or the absolute address from which the worker gets it. */
export type WasmSource = WebAssembly.Module | { readonly url: string }
