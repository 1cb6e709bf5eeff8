// SQLite's result codes as this package's errors. It stands apart because here alone it is decided which failure a caller
// sees: what the store said (a damaged block, a snapshot that had to end) or what SQLite made of it.
import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm'
import { DataSyncError, SnapshotTooOldError, SqliteError, StorageError } from '../errors/errors.ts'
import { SQLITE_FULL } from '../vfs/result-codes.ts'

export interface SqliteFailure {
  /** Extended result code. */
  readonly errno: number
  readonly message: string
  readonly sql: string | undefined
  /** In bytes of UTF-8, or negative. */
  readonly offsetBytes: number
  /** What the file calls have kept. */
  readonly cause: unknown
}

/** The error for a failed call. */
export function sqliteError(sqlite3: Sqlite3Static, failure: SqliteFailure): DataSyncError {
  const { errno, sql, cause } = failure
  if (cause instanceof SnapshotTooOldError) return cause
  if (cause instanceof StorageError && cause.code !== 'quota') return cause
  const quota = cause instanceof StorageError && (errno & 0xff) === SQLITE_FULL
  const message = quota ? `${failure.message} (${cause.message})` : failure.message
  return new SqliteError(codeName(sqlite3, errno), message, {
    errno,
    sql,
    offset: sql === undefined ? -1 : utf16Offset(sql, failure.offsetBytes),
    ...(cause !== undefined && { cause }),
  })
}

/** `SQLITE_CONSTRAINT_UNIQUE` for 2067. */
export function codeName(sqlite3: Sqlite3Static, errno: number): string {
  const { capi } = sqlite3
  return capi.sqlite3_js_rc_str(errno) ?? capi.sqlite3_js_rc_str(errno & 0xff) ?? 'SQLITE_ERROR'
}

/** An offset in bytes of UTF-8 as an offset in UTF-16 units; negative stays -1. */
export function utf16Offset(text: string, offsetBytes: number): number {
  if (offsetBytes < 0) return -1
  let bytes = 0
  let units = 0
  for (const character of text) {
    if (bytes >= offsetBytes) break
    const point = character.codePointAt(0)!
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
    units += character.length
  }
  return units
}

/** After a trap of the wasm module or a broken invariant nothing that the engine says could be trusted. */
export function isBroken(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError || (error instanceof DataSyncError && error.code === 'internal')
}
