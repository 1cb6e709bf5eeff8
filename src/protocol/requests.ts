// What a client may ask of an engine, one interface per request, told apart by `type`; a switch over them is closed by a `never`
// check. Requests travel in the envelope `Requests` of `messages.ts`, their values packed in its payload.
import type { FunctionDefinition, PackedParameters, PayloadRange, RequestSeq, TransactionId } from './vocabulary.ts'

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

/** Several statements as one atomic transaction. Answers: `batch-part` and `chunk` where it is much, then `batch-result`. */
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
