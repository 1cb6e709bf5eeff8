// Every message between a client and the engine's worker, and nothing else: no behaviour. One interface per message,
// told apart by `type`; each switch over them is closed by a `never` check. Data from a port is `unknown` until
// `parse.ts` has looked at it. Requests issued in one task travel in one envelope, answers likewise; values travel packed
// in the envelope's `payload` (format: `value-codec.ts`), which is transferred, not cloned.
import type { WireError } from '../errors/wire-error.ts'
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

// ---- page to worker ----

/** First message of every client. The answer is `ready` or `failed`. */
export interface Hello {
  readonly type: 'hello'
  readonly protocol: number
  readonly client: ClientId
  readonly settings: ClientSettings
  /** Set by the page that starts the worker; absent from followers. */
  readonly start?: StartOptions
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

/** Follows the `hello` that starts an engine: the storage is opened while the page still compiles. */
export interface WasmMessage {
  readonly type: 'wasm'
  readonly wasm: WasmSource
}

/** A port to the broker of other pages' clients, for the leader's worker. */
export interface BrokerMessage {
  readonly type: 'broker'
  readonly port: Transferable
}

export interface Requests {
  readonly type: 'requests'
  readonly client: ClientId
  /** Every request up to here has been settled on the client's side. */
  readonly ackedThrough: RequestSeq
  readonly requests: readonly Request[]
  readonly payload?: ArrayBuffer
}

/** Ends the client's session, answered by `closed`; that of the page which started the engine ends the engine. */
export interface Goodbye {
  readonly type: 'goodbye'
  readonly client: ClientId
}

export type ToEngine = Hello | WasmMessage | BrokerMessage | Requests | Goodbye

interface RequestBase {
  readonly seq: RequestSeq
  /** Milliseconds from arrival until the request must have settled; 0 for no limit. */
  readonly timeoutMs: number
  /** It was sent to an engine that ended, and is to be answered from what that recorded, but not to be run again. */
  readonly asks?: true
}

/** Work that belongs to an interactive transaction names it; without the name it is a transaction of its own. */
interface InTransaction {
  readonly transaction?: TransactionId
}

/** What a statement's answer should hold: no rows, all rows, the first row, the first column of the first row. */
export type Want = 'changes' | 'rows' | 'first-row' | 'first-value'

/** Exactly one statement. Answer: `result`. */
export interface StatementRequest extends RequestBase, InTransaction {
  readonly type: 'statement'
  readonly sql: string
  readonly parameters: PackedParameters | undefined
  readonly want: Want
  /**
   * It only reads, on a snapshot of its own and beside what is asked after it; `timeoutMs` limits the time for each chunk
   * from when the client has asked for it.
   */
  readonly stream?: boolean
}

/** The database as a SQLite file, from one snapshot. Answers: `bytes` in order as the client gives credit, then `done`. */
export interface ExportRequest extends RequestBase {
  readonly type: 'export'
}

/**
 * Puts a SQLite file in the place of the whole database. Its bytes come in `import-part` messages, of which at most 4 MiB
 * may be on the way. Answers: `progress` with the bytes taken so far, which is the sender's credit, then `done`.
 */
export interface ImportRequest extends RequestBase {
  readonly type: 'import'
  /** Bytes of the whole file; 0 where that is not known. */
  readonly totalBytes: number
}

/** Any number of statements without parameters, atomic unless the script controls transactions itself. Answer: `done`. */
export interface ScriptRequest extends RequestBase, InTransaction {
  readonly type: 'script'
  readonly sql: string
}

/** One statement run once per parameter set, in one transaction; a part of the sets per message. Answer to the last: `result`. */
export interface BulkRequest extends RequestBase, InTransaction {
  readonly type: 'bulk'
  readonly sql: string
  /** Packed sets, one after another, each `valuesPerSet` values. */
  readonly sets: PackedParameters
  readonly setCount: number
  readonly valuesPerSet: number
  /** The bulk that this message continues, or its own `seq`. Parts arrive in order; each is answered (`done`), which is the sender's credit. */
  readonly bulk: RequestSeq
  readonly last: boolean
}

export interface BatchItem {
  readonly sql: string
  readonly parameters: PackedParameters | undefined
  readonly want: Want
}

/** Several statements as one atomic transaction. Answer: `batch-result`. */
export interface BatchRequest extends RequestBase, InTransaction {
  readonly type: 'batch'
  readonly items: readonly BatchItem[]
}

/** Opens an interactive transaction. Answer: `done` once it holds what its mode asks for. */
export interface BeginRequest extends RequestBase {
  readonly type: 'begin'
  readonly transaction: TransactionId
  readonly mode: 'immediate' | 'deferred' | 'readonly'
  /** Milliseconds that the transaction may stay open. */
  readonly lifetimeMs: number
}

/** Ends an interactive transaction. Answer: `done`. Ending one that has already been rolled back by an error is an error that says so. */
export interface EndRequest extends RequestBase {
  readonly type: 'end'
  readonly transaction: TransactionId
  readonly action: 'commit' | 'rollback'
}

/** Savepoints of an interactive transaction. Answer: `done`. */
export interface SavepointRequest extends RequestBase {
  readonly type: 'savepoint'
  readonly transaction: TransactionId
  readonly action: 'open' | 'release' | 'rollback'
  /** Nesting depth, from 1. */
  readonly depth: number
}

/** Compiles a statement to tell its shape; the engine caches it by text. Answer: `prepared`. */
export interface PrepareRequest extends RequestBase, InTransaction {
  readonly type: 'prepare'
  readonly sql: string
}

/** Registers a function for this client. Answer: `done` once its module has been loaded. */
export interface FunctionRequest extends RequestBase {
  readonly type: 'function'
  readonly definition: FunctionDefinition
}

/** Housekeeping calls. Answer: `done`, or `report` where the call has one; `verify` sends `progress` before it. */
export interface MaintenanceRequest extends RequestBase {
  readonly type: 'maintenance'
  readonly action: 'sync' | 'checkpoint' | 'compact' | 'verify' | 'metrics'
}

/**
 * Gives up a request (abort, time-out on the client's side). No answer of its own; the request still gets one. With the
 * number of a bulk, also between its parts, the whole bulk is rolled back.
 */
export interface CancelRequest {
  readonly type: 'cancel'
  readonly target: RequestSeq
}

/** The client has taken `chunks` more chunks of this request's rows or bytes; the engine keeps at most four under way. No answer. */
export interface CreditRequest {
  readonly type: 'credit'
  readonly target: RequestSeq
  readonly chunks: number
}

/** The next bytes of a file that is being imported. No answer of its own. */
export interface ImportPart extends PayloadRange {
  readonly type: 'import-part'
  readonly target: RequestSeq
  /** Nothing follows. */
  readonly last: boolean
}

export type Request =
  | StatementRequest
  | ScriptRequest
  | BulkRequest
  | BatchRequest
  | BeginRequest
  | EndRequest
  | SavepointRequest
  | PrepareRequest
  | FunctionRequest
  | MaintenanceRequest
  | ExportRequest
  | ImportRequest
  | ImportPart
  | CancelRequest
  | CreditRequest

// ---- worker to page ----

/** What is in force, for `db.info`. */
export interface EngineInfo {
  readonly storage: StorageKind
  /** One sentence per decision: why this storage, which wishes could not be met. */
  readonly why: readonly string[]
  readonly blockSize: number
  readonly checksum: ChecksumName
  readonly persisted: boolean
  readonly created: boolean
  readonly sqliteVersion: string
  readonly term: number
  /** 32 hexadecimal digits, given to the store when it was made. */
  readonly storeId: string
  /** `quota`: there is not even the space to take the database over, so it can be read only. Each write tries again. */
  readonly readOnly: false | 'quota'
}

/** The worker that was started is at work and holds the lock that shows that it lives. `ready` or `failed` follows. */
export interface Opening {
  readonly type: 'opening'
}

export interface Ready {
  readonly type: 'ready'
  readonly protocol: number
  readonly info: EngineInfo
}

export interface Failed {
  readonly type: 'failed'
  readonly error: WireError
}

export interface Answers {
  readonly type: 'answers'
  readonly answers: readonly Answer[]
  readonly payload?: ArrayBuffer
  /** The client's numbers, when they have changed since they were last sent. */
  readonly counts?: ClientCounts
  /** The client's own PRAGMAs, when they have changed. */
  readonly pragmas?: SessionPragmas
}

export interface Closed {
  readonly type: 'closed'
}

/** Something the client should know without having asked. */
export interface EngineEvent {
  readonly type: 'event'
  readonly event:
    | { readonly name: 'sync-failure'; readonly message: string; readonly recovered: boolean }
    | { readonly name: 'corruption'; readonly block: number | undefined; readonly message: string }
    | { readonly name: 'warning'; readonly message: string }
    /** There was no space to write at all, and now there is. */
    | { readonly name: 'writable' }
    /** Requests that write wait for an import (`held`), or go on; their time limits stand still meanwhile. */
    | { readonly name: 'held'; readonly held: boolean }
    /** A deferred transaction has the writer from now on. */
    | { readonly name: 'writer'; readonly transaction: TransactionId }
    /** Everything has been replaced by an imported file. */
    | { readonly name: 'reopened'; readonly blockSize: number; readonly term: number }
    | { readonly name: 'terminated'; readonly error: WireError }
}

export type FromEngine = Opening | Ready | Failed | Answers | Closed | EngineEvent

/** Rows in the payload, in the chunk format of `value-codec.ts`. */
export interface PackedRows extends PayloadRange {
  readonly count: number
}

/** How one statement ended. `columns` are sent with the first rows of a request only. */
export interface StatementResult {
  readonly changes: number
  readonly lastInsertRowid: bigint
  readonly columns?: readonly string[]
  /** Absent where no rows were wanted. With `chunk` answers before it, these are the last rows. */
  readonly rows?: PackedRows
  /** Milliseconds: in the queue, inside SQLite. */
  readonly queuedMs: number
  readonly ranMs: number
}

export type Answer =
  | ({ readonly type: 'result'; readonly seq: RequestSeq } & StatementResult)
  | {
      readonly type: 'chunk'
      readonly seq: RequestSeq
      readonly columns?: readonly string[]
      readonly rows: PackedRows
    }
  | { readonly type: 'batch-result'; readonly seq: RequestSeq; readonly results: readonly StatementResult[] }
  | { readonly type: 'done'; readonly seq: RequestSeq }
  /** The next bytes of a file of `total` bytes. */
  | ({ readonly type: 'bytes'; readonly seq: RequestSeq; readonly total: number } & PayloadRange)
  /** How far long work is; the unit is the request's own. Needs no credit. */
  | { readonly type: 'progress'; readonly seq: RequestSeq; readonly done: number; readonly total: number }
  | {
      readonly type: 'prepared'
      readonly seq: RequestSeq
      readonly columns: readonly string[]
      readonly parameterNames: readonly (string | undefined)[]
      readonly readonly: boolean
    }
  | { readonly type: 'report'; readonly seq: RequestSeq; readonly report: MaintenanceReport }
  | { readonly type: 'error'; readonly seq: RequestSeq; readonly error: WireError }

export type MaintenanceReport =
  | {
      readonly kind: 'verify'
      readonly blocks: number
      readonly damaged: readonly number[]
      readonly sqlite: readonly string[]
    }
  | { readonly kind: 'metrics'; readonly metrics: Readonly<Record<string, number>> }
