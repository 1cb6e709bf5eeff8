// A statement that was prepared. It stands apart from the calls it repeats: it adds the shape of the statement and an end.

import { ClosedError } from '../errors/errors.ts'
import type { ArrayRow, ObjectRow, SqlValue } from '../protocol/row-reader.ts'
import type { Parameters } from '../protocol/value-writer.ts'
import type { RunResult } from './answer-readers.ts'
import type { BulkRows } from './bulk.ts'
import type { CallOptions, QueryOptions, RunOptions } from './options.ts'
import type { ArrayQueryOptions, Queryable } from './queryable.ts'

/** What is known of a statement without running it. */
export interface StatementShape {
  /** Names of its columns; empty for a statement that gives no rows. */
  readonly columns: readonly string[]
  /** Names of its parameters with their prefixes, in order; undefined for one without a name. */
  readonly parameterNames: readonly (string | undefined)[]
  /** True if it cannot change the database. */
  readonly readonly: boolean
}

/** One statement under a name, to be run any number of times. It outlives the death of the worker. */
export class Statement implements StatementShape {
  readonly sql: string
  readonly columns: readonly string[]
  readonly parameterNames: readonly (string | undefined)[]
  readonly readonly: boolean
  readonly #owner: Queryable
  #closed = false

  constructor(owner: Queryable, sql: string, shape: StatementShape) {
    this.#owner = owner
    this.sql = sql
    this.columns = shape.columns
    this.parameterNames = shape.parameterNames
    this.readonly = shape.readonly
  }

  /** Like `run` of the database. Throws ClosedError after `close`. */
  async run(params?: Parameters, options?: RunOptions): Promise<RunResult> {
    return this.#open().run(this.sql, params, options)
  }

  /** Like `query` of the database. Throws ClosedError after `close`. */
  async query<T extends readonly SqlValue[] = ArrayRow>(
    params: Parameters | undefined,
    options: ArrayQueryOptions,
  ): Promise<T[]>
  async query<T = ObjectRow>(params?: Parameters, options?: QueryOptions): Promise<T[]>
  async query(params?: Parameters, options?: QueryOptions): Promise<unknown[]> {
    return this.#open().query(this.sql, params, options)
  }

  /** Like `get` of the database. Throws ClosedError after `close`. */
  async get<T extends readonly SqlValue[] = ArrayRow>(
    params: Parameters | undefined,
    options: ArrayQueryOptions,
  ): Promise<T | undefined>
  async get<T = ObjectRow>(params?: Parameters, options?: QueryOptions): Promise<T | undefined>
  async get(params?: Parameters, options?: QueryOptions): Promise<unknown> {
    return this.#open().get(this.sql, params, options)
  }

  /** Like `value` of the database. Throws ClosedError after `close`. */
  async value<T = SqlValue>(params?: Parameters, options?: QueryOptions): Promise<T | undefined> {
    return this.#open().value<T>(this.sql, params, options)
  }

  /** Like `runMany` of the database. Throws ClosedError after `close`. */
  async runMany(rows: BulkRows, options?: CallOptions): Promise<{ changes: number }> {
    return this.#open().runMany(this.sql, rows, options)
  }

  /** Ends the statement; the engine forgets it in its own time. A second close does nothing. */
  close(): void {
    this.#closed = true
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #open(): Queryable {
    if (this.#closed) throw new ClosedError('The statement has been closed.')
    return this.#owner
  }
}
