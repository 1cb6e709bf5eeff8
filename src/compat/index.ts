// `datasync/compat`: two older APIs over the public one, so that code written for them runs unchanged. Importing it does
// nothing. `DatabaseConnection` answers texts, `SQLiteDB` typed values; both queue until their database is open.

export { DatabaseConnection, type DatabaseConnectionOptions } from './database-connection.ts'
export { init as default, init } from './init.ts'
export { IsolationLevel } from './isolation-level.ts'
export type { OpenFunction } from './lazy-database.ts'
export type {
  ColumnValue,
  DatabaseConfig,
  PreparedStatementId,
  QueryResult,
  Row,
  SQLiteDBOptions,
  TransactionOptions,
} from './published-types.ts'
export { SQLiteDB } from './sqlite-db.ts'
