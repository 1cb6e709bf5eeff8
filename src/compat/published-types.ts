// The types of the older API, as they were published, and of what goes beyond them.

import type { OpenOptions } from '../index.ts'
import type { IsolationLevel } from './isolation-level.ts'
import type { OpenFunction } from './lazy-database.ts'

export interface DatabaseConfig {
  name: string
  /** `user_version` of a new database; one that exists keeps its own. */
  version?: number
  /** Pages of SQLite's cache. */
  cache_size?: number
  /** Bytes of a page of a new database, a power of two from 512 to 65536. */
  page_size?: number
  /** True: a new database is made with `auto_vacuum = INCREMENTAL`. */
  auto_vacuum?: boolean
}

export interface QueryResult {
  columns: string[]
  rows: Row[]
  /** 0 unless rows were inserted, updated or deleted. */
  affected_rows: number
  /** There after an INSERT that inserted. Missing too where it does not fit a number exactly. */
  last_insert_id?: number
  /** Milliseconds from the call to its answer, never 0. */
  execution_time_ms: number
}

export interface Row {
  values: ColumnValue[]
}

export type ColumnValue =
  | { type: 'Null' }
  | { type: 'Integer'; value: number }
  | { type: 'Real'; value: number }
  | { type: 'Text'; value: string }
  | { type: 'Blob'; value: Uint8Array }

export interface TransactionOptions {
  isolation_level: IsolationLevel
  /** Milliseconds that the transaction may wait to begin, and then may stay open. Default 10 000. */
  timeout_ms?: number
}

/** Names a prepared statement of one `SQLiteDB`. */
export type PreparedStatementId = number

/** What the older class did not have; every part may be left out. */
export interface SQLiteDBOptions extends OpenOptions {
  /** Opens the database. Default `open` of `datasync`. */
  readonly open?: OpenFunction | undefined
}
