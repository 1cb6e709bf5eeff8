// Every error that reaches a caller, as classes by what the caller can do, each with a stable `code`. It stands apart
// because all layers throw them and they cross ports as plain data (`wire.ts`). `docs/errors.md` has a line per code.

/** What an error carries besides its message. `cause` is kept when the error stays in one thread. */
export interface DataSyncErrorOptions extends ErrorOptions {
  /** True when the same call may succeed if it is simply made again. Default false. */
  readonly retryable?: boolean
}

/** The root of all errors of this package. */
export class DataSyncError extends Error {
  override readonly name: string = 'DataSyncError'
  /** Stable across releases; one of the codes of `docs/errors.md`. */
  readonly code: string
  readonly retryable: boolean
  constructor(code: string, message: string, options: DataSyncErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.retryable = options.retryable ?? false
  }
}

/** SQLite refused the statement. `code` is its extended name, such as `SQLITE_CONSTRAINT_UNIQUE`. */
export class SqliteError extends DataSyncError {
  override readonly name = 'SqliteError'
  /** SQLite's extended result code. */
  readonly errno: number
  /** The statement's text; parameter values are never included. */
  readonly sql: string | undefined
  /** Offset of the offending token in UTF-16 units of `sql`, or -1. */
  readonly offset: number
  constructor(
    code: string,
    message: string,
    facts: { errno: number; sql?: string | undefined; offset?: number } & DataSyncErrorOptions,
  ) {
    super(code, message, facts)
    this.errno = facts.errno
    this.sql = facts.sql
    this.offset = facts.offset ?? -1
  }
}

export type StorageErrorCode =
  | 'unavailable'
  | 'busy'
  | 'quota'
  | 'corrupt'
  | 'format-unknown'
  | 'storage-changed'
  | 'evicted'
  | 'too-large-for-storage'
  | 'io'

/** The place where the bytes live cannot do what was asked. */
export class StorageError extends DataSyncError {
  override readonly name = 'StorageError'
  /** The damaged block's number where one is known (`corrupt`). */
  readonly block: number | undefined
  constructor(code: StorageErrorCode, message: string, options: DataSyncErrorOptions & { block?: number } = {}) {
    super(code, message, options)
    this.block = options.block
  }
}

export type ImportErrorCode =
  | 'import-empty'
  | 'import-not-sqlite'
  | 'import-encrypted'
  | 'import-truncated'
  | 'import-needs-wal'
  | 'import-utf16'
  | 'import-damaged'
  | 'import-unreadable'

/** A file cannot be imported. The database that was open is as it was. */
export class ImportError extends DataSyncError {
  override readonly name = 'ImportError'
  constructor(code: ImportErrorCode, message: string, options?: DataSyncErrorOptions) {
    super(code, message, options)
  }
}

/** A value cannot be stored or a parameter does not fit the statement. Code `bind`. */
export class BindError extends DataSyncError {
  override readonly name = 'BindError'
  /** 1-based position or name (`:id`) of the parameter. */
  readonly parameter: string | number | undefined
  constructor(message: string, parameter?: string | number) {
    super('bind', message)
    this.parameter = parameter
  }
}

/** A call was made in a way that cannot work; the message names the remedy. */
export class UsageError extends DataSyncError {
  override readonly name = 'UsageError'
}

/** The engine's worker ended while a request was on its way. */
export class LeaderLostError extends DataSyncError {
  override readonly name = 'LeaderLostError'
  /** `no`: not applied, safe to retry. `yes`: applied, the result is lost. `partly`: a script with its own transactions. */
  readonly applied: 'no' | 'yes' | 'partly' | 'unknown'
  /** How many statements from the script's beginning are in force, with `partly`; undefined where that was not kept. */
  readonly statements: number | undefined
  constructor(
    applied: LeaderLostError['applied'],
    message: string,
    options: ErrorOptions & { readonly statements?: number } = {},
  ) {
    super('leader-lost', message, { ...options, retryable: applied === 'no' })
    this.applied = applied
    this.statements = options.statements
  }
}

/** The time allowed for a call has passed. Code `timeout`. */
export class TimeoutError extends DataSyncError {
  override readonly name = 'TimeoutError'
  constructor(message: string, options?: DataSyncErrorOptions) {
    super('timeout', message, options)
  }
}

/** The caller's signal ended the call. Code `aborted`. */
export class AbortError extends DataSyncError {
  override readonly name = 'AbortError'
  constructor(message: string, options?: ErrorOptions) {
    super('aborted', message, options)
  }
}

/** The database, statement or transaction has been closed. Code `closed`. */
export class ClosedError extends DataSyncError {
  override readonly name = 'ClosedError'
  constructor(message: string, options?: ErrorOptions) {
    super('closed', message, options)
  }
}

/** A file of the package (worker, wasm) could not be loaded; the message names the setting to change. */
export class AssetLoadError extends DataSyncError {
  override readonly name = 'AssetLoadError'
  /** The address that was tried. */
  readonly url: string | undefined
  constructor(message: string, options: ErrorOptions & { url?: string } = {}) {
    super('asset-load', message, options)
    this.url = options.url
  }
}

/** Another tab runs a newer release, whose protocol this one does not speak. Code `version-too-new`. */
export class VersionTooNewError extends DataSyncError {
  override readonly name = 'VersionTooNewError'
  constructor(message: string) {
    super('version-too-new', message)
  }
}

/** The database was awaited inside its own transaction callback. Code `transaction-deadlock`. */
export class TransactionDeadlockError extends DataSyncError {
  override readonly name = 'TransactionDeadlockError'
  constructor(message: string) {
    super('transaction-deadlock', message)
  }
}

/** A deferred transaction wrote after its snapshot had become old. Code `snapshot-conflict`, retryable. */
export class SnapshotConflictError extends DataSyncError {
  override readonly name = 'SnapshotConflictError'
  constructor(message: string) {
    super('snapshot-conflict', message, { retryable: true })
  }
}

/** A snapshot was held so long that it had to end. Code `snapshot-too-old`, retryable. */
export class SnapshotTooOldError extends DataSyncError {
  override readonly name = 'SnapshotTooOldError'
  constructor(message: string) {
    super('snapshot-too-old', message, { retryable: true })
  }
}
