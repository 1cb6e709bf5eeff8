/* tslint:disable */
/* eslint-disable */

export interface DatabaseConfig {
  name: string;
  version?: number;
  cache_size?: number;
  page_size?: number;
  auto_vacuum?: boolean;
}

export interface QueryResult {
  columns: string[];
  rows: Row[];
  affected_rows: number;
  last_insert_id?: number;
  execution_time_ms: number;
}

export interface Row {
  values: ColumnValue[];
}

export type ColumnValue = 
  | { type: "Null" }
  | { type: "Integer", value: number }
  | { type: "Real", value: number }
  | { type: "Text", value: string }
  | { type: "Blob", value: Uint8Array };

export interface TransactionOptions {
  isolation_level: IsolationLevel;
  timeout_ms?: number;
}

export type IsolationLevel = "ReadUncommitted" | "ReadCommitted" | "RepeatableRead" | "Serializable";

export type PreparedStatementId = number;

export class SQLiteDB {
  free(): void;
  constructor(config: DatabaseConfig);
  execute(sql: string): Promise<QueryResult>;
  prepare(sql: string): PreparedStatementId;
  begin_transaction(options: TransactionOptions): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  close(): Promise<void>;
}

export default function init(module?: WebAssembly.Module | undefined): Promise<void>;
