// The functions of the wasm module that the engine calls directly, typed by hand: the package leaves them untyped, and its
// wrapped forms convert every argument, which the hot paths cannot afford. Pointers are numbers, 0 is NULL.
import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm'

type Db = number
type Stmt = number
type Pointer = number
/** A value that is given to a function. */
type Value = number
/** One call of a function. */
type Context = number

export interface SqliteExports {
  sqlite3_malloc(bytes: number): Pointer
  sqlite3_free(pointer: Pointer): void
  sqlite3_open_v2(name: Pointer, result: Pointer, flags: number, vfs: Pointer): number
  sqlite3_close_v2(db: Db): number
  sqlite3_prepare_v3(db: Db, sql: Pointer, bytes: number, flags: number, result: Pointer, tail: Pointer): number
  sqlite3_finalize(stmt: Stmt): number
  sqlite3_step(stmt: Stmt): number
  sqlite3_reset(stmt: Stmt): number
  sqlite3_stmt_readonly(stmt: Stmt): number
  sqlite3_stmt_isexplain(stmt: Stmt): number
  sqlite3_stmt_busy(stmt: Stmt): number
  sqlite3_stmt_status(stmt: Stmt, counter: number, reset: number): number
  sqlite3_next_stmt(db: Db, stmt: Stmt): Stmt
  sqlite3_bind_parameter_count(stmt: Stmt): number
  sqlite3_bind_parameter_name(stmt: Stmt, index: number): Pointer
  sqlite3_clear_bindings(stmt: Stmt): number
  sqlite3_bind_null(stmt: Stmt, index: number): number
  sqlite3_bind_int(stmt: Stmt, index: number, value: number): number
  sqlite3_bind_int64(stmt: Stmt, index: number, value: bigint): number
  sqlite3_bind_double(stmt: Stmt, index: number, value: number): number
  sqlite3_bind_text(stmt: Stmt, index: number, text: Pointer, bytes: number, destructor: number): number
  sqlite3_bind_blob(stmt: Stmt, index: number, blob: Pointer, bytes: number, destructor: number): number
  sqlite3_column_count(stmt: Stmt): number
  sqlite3_column_name(stmt: Stmt, column: number): Pointer
  sqlite3_column_type(stmt: Stmt, column: number): number
  sqlite3_column_int64(stmt: Stmt, column: number): bigint
  sqlite3_column_double(stmt: Stmt, column: number): number
  sqlite3_column_text(stmt: Stmt, column: number): Pointer
  sqlite3_column_blob(stmt: Stmt, column: number): Pointer
  sqlite3_column_bytes(stmt: Stmt, column: number): number
  sqlite3_changes(db: Db): number
  sqlite3_total_changes(db: Db): number
  sqlite3_last_insert_rowid(db: Db): bigint
  sqlite3_set_last_insert_rowid(db: Db, rowid: bigint): void
  sqlite3_get_autocommit(db: Db): number
  sqlite3_extended_result_codes(db: Db, on: number): number
  sqlite3_extended_errcode(db: Db): number
  sqlite3_errmsg(db: Db): Pointer
  sqlite3_error_offset(db: Db): number
  sqlite3_limit(db: Db, id: number, value: number): number
  sqlite3_set_authorizer(db: Db, callback: Pointer, argument: Pointer): number
  sqlite3_create_function_v2(
    db: Db,
    name: Pointer,
    arity: number,
    encoding: number,
    data: number,
    call: Pointer,
    step: Pointer,
    final: Pointer,
    destroy: Pointer,
  ): number
  sqlite3_create_window_function(
    db: Db,
    name: Pointer,
    arity: number,
    encoding: number,
    data: number,
    step: Pointer,
    final: Pointer,
    value: Pointer,
    inverse: Pointer,
    destroy: Pointer,
  ): number
  sqlite3_user_data(context: Context): number
  sqlite3_aggregate_context(context: Context, bytes: number): Pointer
  sqlite3_value_type(value: Value): number
  sqlite3_value_int64(value: Value): bigint
  sqlite3_value_double(value: Value): number
  sqlite3_value_text(value: Value): Pointer
  sqlite3_value_blob(value: Value): Pointer
  sqlite3_value_bytes(value: Value): number
  sqlite3_result_null(context: Context): void
  sqlite3_result_int64(context: Context, value: bigint): void
  sqlite3_result_double(context: Context, value: number): void
  sqlite3_result_text(context: Context, text: Pointer, bytes: number, destructor: number): void
  sqlite3_result_blob(context: Context, blob: Pointer, bytes: number, destructor: number): void
  sqlite3_result_error(context: Context, text: Pointer, bytes: number): void
  sqlite3_result_error_nomem(context: Context): void
  sqlite3_progress_handler(db: Db, steps: number, callback: Pointer, argument: Pointer): void
}

/** The functions of the loaded module. */
export function exportsOf(sqlite3: Sqlite3Static): SqliteExports {
  return sqlite3.wasm.exports
}
