// Every message between a client and the engine's worker, and nothing else: no behaviour. One interface per message,
// told apart by `type`; each switch over them is closed by a `never` check. Data from a port is `unknown` until
// `parse.ts` has looked at it. Requests issued in one task travel in one envelope, answers likewise; values travel packed
// in the envelope's `payload` (format: `value-codec.ts`), which is transferred if it is large, not cloned.
import type { WireError } from '../errors/wire-error.ts'
import type { Request } from './requests.ts'
import type { SessionPragmas } from './session-pragmas.ts'
import type {
  ChecksumName,
  ClientCounts,
  ClientId,
  ClientSettings,
  PayloadRange,
  RequestSeq,
  StartOptions,
  StorageKind,
  TransactionId,
  WasmSource,
} from './vocabulary.ts'

export type * from './requests.ts'
export * from './vocabulary.ts'

// ---- page to worker ----

/** First message of every client. The answer is `ready` or `failed`. */
export interface Hello {
  readonly type: 'hello'
  readonly protocol: number
  readonly client: ClientId
  readonly settings: ClientSettings
  /** Set by the page that starts the worker; absent from followers. */
  readonly start?: StartOptions
  /** Counts the lines over which this client has come to engines of other pages; what an earlier one says is void. */
  readonly line?: number
}

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

/** The client's page is looked at again, or is not any more. */
export interface Visibility {
  readonly type: 'visibility'
  readonly client: ClientId
  readonly visible: boolean
}

export type ToEngine = Hello | WasmMessage | BrokerMessage | Requests | Goodbye | Visibility

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
  /** The same, made anew whenever the whole content is replaced. */
  readonly contentId: string
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
  /** A transaction that the client began by SQL text is open. */
  readonly textOpen?: true
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
    /** A write was refused for lack of space. */
    | { readonly name: 'quota'; readonly message: string }
    /** There was no space to write at all, and now there is. */
    | { readonly name: 'writable' }
    /** Requests that write wait for an import (`held`), or go on; their time limits stand still meanwhile. */
    | { readonly name: 'held'; readonly held: boolean }
    /** A deferred transaction has the writer from now on. */
    | { readonly name: 'writer'; readonly transaction: TransactionId }
    /** Everything has been replaced by an imported file. */
    | { readonly name: 'reopened'; readonly blockSize: number; readonly term: number; readonly contentId: string }
    | { readonly name: 'terminated'; readonly error: WireError }
}

export type FromEngine = Opening | Ready | Failed | Answers | Closed | EngineEvent

/** Rows in the payload, in the chunk format of `value-codec.ts`. */
export interface PackedRows extends PayloadRange {
  readonly count: number
  /**
   * These bytes are a piece of one row that is too large for one message: the bytes of all its pieces together. Pieces
   * follow each other; the last one has the `count` 1, the others 0.
   */
  readonly of?: number
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
  /** The next items of a batch; a `chunk` before it has rows of the first of them, and more may follow. */
  | { readonly type: 'batch-part'; readonly seq: RequestSeq; readonly results: readonly StatementResult[] }
  /** The last items. */
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
