// The public surface, and nothing else: importing it does nothing.

export type { BatchResult, RunResult } from './client/answer-readers.ts'
export type { BulkRows } from './client/bulk.ts'
export type { Database, DatabaseInfo } from './client/database.ts'
export { type DatabaseEntry, deleteDatabase, listDatabases } from './client/databases.ts'
export { type DoctorReport, doctor, type Offered } from './client/doctor.ts'
export type { DatabaseEvents } from './client/events.ts'
export type { FunctionOptions, FunctionSource } from './client/functions.ts'
export type { ImportSource } from './client/import.ts'
export type { VerifyReport } from './client/maintenance.ts'
export { open } from './client/open-page.ts'
export type {
  CallOptions,
  OpenOptions,
  ProgressOptions,
  QueryOptions,
  RunOptions,
  StoredOptions,
  TransactionOptions,
} from './client/options.ts'
export type { ArrayQueryOptions, BatchStatement } from './client/queryable.ts'
export { type Sql, SqlFragment, type SqlPart, sql } from './client/sql.ts'
export type { Statement, StatementShape } from './client/statement.ts'
export type { CallTiming, TimedOptions } from './client/timing.ts'
export type { Transaction, TransactionCallback } from './client/transaction.ts'
export type { Role, Tab, TransportName } from './coordination/member.ts'
export * from './errors/errors.ts'
export type {
  ChecksumName,
  Durability,
  IntegerMode,
  StorageChoice,
  StorageKind,
  SyncPolicy,
} from './protocol/messages.ts'
export type { ArrayRow, ObjectRow, SqlValue } from './protocol/row-reader.ts'
export type { BindValue, Parameters } from './protocol/value-writer.ts'
