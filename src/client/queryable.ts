// The calls that a database and a transaction have in common. It stands apart so that each call is written, checked and
// documented once; where it goes is its scope's business.

import { UsageError } from '../errors/errors.ts'
import type { BatchItem, Request, Want } from '../protocol/messages.ts'
import type { ArrayRow, ObjectRow, SqlValue } from '../protocol/row-reader.ts'
import type { Parameters, ValueWriter } from '../protocol/value-writer.ts'
import {
  type AnswerReader,
  type BatchResult,
  type RowShape,
  type RunResult,
  readBatch,
  readDone,
  readFirstValue,
  readPrepared,
  readRows,
  readRun,
} from './answer-readers.ts'
import { type BulkRows, runBulk } from './bulk.ts'
import type { RequestBody } from './call.ts'
import { checkCallOptions, checkQueryOptions, checkRunOptions } from './call-options.ts'
import { type CallOptions, checkText, type QueryOptions, type RunOptions } from './options.ts'
import { streamRows } from './row-stream.ts'
import type { Scope } from './scope.ts'
import { SqlFragment, type SqlPart } from './sql.ts'
import { type StatementText, scriptText, statementText } from './sql-text.ts'
import { Statement } from './statement.ts'
import { givenStatement, packParameters } from './statement-arguments.ts'
import { type TimedOptions, timed } from './timing.ts'

/** One item of `batch`: the text of one statement and its parameters, or a fragment. */
export type BatchStatement = BatchPair | SqlFragment

type BatchPair = readonly [sql: string, params?: Parameters]

/** Options of calls that give rows as arrays. */
export type ArrayQueryOptions = QueryOptions & { readonly rowMode: 'array' }

export abstract class Queryable {
  readonly #scope: Scope

  constructor(scope: Scope) {
    this.#scope = scope
  }

  /**
   * Runs a script of any number of statements without parameters, as one atomic transaction unless it controls
   * transactions itself, or changes `foreign_keys` between two writes: such a script runs statement by statement, and what
   * was done before an error stays. Inside a transaction it is part of that. Rows are dropped. A script with its own
   * transactions whose worker ended is not run again: LeaderLostError tells by `applied: 'partly'` and `statements` how far
   * it had come.
   * Throws SqliteError, TimeoutError, AbortError, LeaderLostError, ClosedError.
   */
  async exec(script: string, options?: CallOptions): Promise<void> {
    checkText('The script of exec()', script)
    checkCallOptions('exec()', options)
    await this.#call(scriptText(script), options, readDone, () => ({ type: 'script', sql: script }))
  }

  /**
   * Runs one statement and tells what it changed; rows that it gives are dropped. Takes a text with parameters, a
   * fragment, or a template, like `query`. Throws like `query`.
   */
  async run(sql: string, params?: Parameters, options?: RunOptions): Promise<RunResult>
  async run(fragment: SqlFragment, options?: RunOptions): Promise<RunResult>
  async run(strings: TemplateStringsArray, ...parts: readonly SqlPart[]): Promise<RunResult>
  async run(...given: readonly unknown[]): Promise<RunResult> {
    const { text, params, options } = givenStatement('run()', given)
    checkRunOptions('run()', options)
    return this.#statement(text, params, 'changes', options, readRun(this.#scope.session.options.integers))
  }

  /**
   * Runs one statement and gives all its rows, as objects by column name or, with `rowMode: 'array'`, as arrays.
   * `params` is an array by position or an object by name. Also as a template, db.query`SELECT ... WHERE id = ${id}`, whose
   * values become parameters, and with a fragment made by `sql`. Throws SqliteError, BindError, UsageError
   * (`multiple-statements`, `integer-range`, ...), StorageError, TimeoutError, AbortError, LeaderLostError, ClosedError.
   */
  async query<T extends readonly SqlValue[] = ArrayRow>(
    sql: string,
    params: Parameters | undefined,
    options: ArrayQueryOptions,
  ): Promise<T[]>
  async query<T = ObjectRow>(sql: string, params?: Parameters, options?: QueryOptions): Promise<T[]>
  async query<T extends readonly SqlValue[] = ArrayRow>(fragment: SqlFragment, options: ArrayQueryOptions): Promise<T[]>
  async query<T = ObjectRow>(fragment: SqlFragment, options?: QueryOptions): Promise<T[]>
  async query<T = ObjectRow>(strings: TemplateStringsArray, ...parts: readonly SqlPart[]): Promise<T[]>
  async query(...given: readonly unknown[]): Promise<unknown[]> {
    const { text, params, options } = givenStatement('query()', given)
    checkQueryOptions('query()', options)
    return this.#statement(text, params, 'rows', options, this.#rows(options))
  }

  /** Runs one statement and gives its first row, or undefined without one. Takes and throws what `query` does. */
  async get<T extends readonly SqlValue[] = ArrayRow>(
    sql: string,
    params: Parameters | undefined,
    options: ArrayQueryOptions,
  ): Promise<T | undefined>
  async get<T = ObjectRow>(sql: string, params?: Parameters, options?: QueryOptions): Promise<T | undefined>
  async get<T extends readonly SqlValue[] = ArrayRow>(
    fragment: SqlFragment,
    options: ArrayQueryOptions,
  ): Promise<T | undefined>
  async get<T = ObjectRow>(fragment: SqlFragment, options?: QueryOptions): Promise<T | undefined>
  async get<T = ObjectRow>(strings: TemplateStringsArray, ...parts: readonly SqlPart[]): Promise<T | undefined>
  async get(...given: readonly unknown[]): Promise<unknown> {
    const { text, params, options } = givenStatement('get()', given)
    checkQueryOptions('get()', options)
    const [row] = await this.#statement(text, params, 'first-row', options, this.#rows(options))
    return row
  }

  /**
   * Runs one statement and gives the first column of its first row, or undefined without a row. Takes and throws what
   * `query` does.
   */
  async value<T = SqlValue>(sql: string, params?: Parameters, options?: QueryOptions): Promise<T | undefined>
  async value<T = SqlValue>(fragment: SqlFragment, options?: QueryOptions): Promise<T | undefined>
  async value<T = SqlValue>(strings: TemplateStringsArray, ...parts: readonly SqlPart[]): Promise<T | undefined>
  async value(...given: readonly unknown[]): Promise<unknown> {
    const { text, params, options } = givenStatement('value()', given)
    checkQueryOptions('value()', options)
    const reader = readFirstValue(options?.integers ?? this.#scope.session.options.integers)
    return this.#statement(text, params, 'first-value', options, reader)
  }

  /**
   * Runs one statement that reads and gives its rows one by one, from one state of the database, whatever is written
   * meanwhile: `for await (const row of db.stream('SELECT ...'))`. Takes a text with parameters, a fragment, or a template.
   * The state is the one at the first demand. Rows come as fast as they are taken; at most four chunks of about 1 MiB wait
   * in the page. Leaving the loop ends the statement. `timeoutMs` limits each wait for rows, not the whole; whoever takes
   * nothing for 60 s loses the stream. Up to six streams run at a time, others wait for one to end. In a transaction the
   * rows are those of the transaction at the first demand; what was not taken yet waits in the worker, however much that is,
   * so that the transaction can go on.
   * Throws like `query`; UsageError `stream-writes` for a statement that writes; SnapshotTooOldError; LeaderLostError
   * (`retryable`) if the worker ends after rows were taken.
   */
  stream<T extends readonly SqlValue[] = ArrayRow>(
    sql: string,
    params: Parameters | undefined,
    options: ArrayQueryOptions,
  ): AsyncGenerator<T, void, undefined>
  stream<T = ObjectRow>(sql: string, params?: Parameters, options?: QueryOptions): AsyncGenerator<T, void, undefined>
  stream<T extends readonly SqlValue[] = ArrayRow>(
    fragment: SqlFragment,
    options: ArrayQueryOptions,
  ): AsyncGenerator<T, void, undefined>
  stream<T = ObjectRow>(fragment: SqlFragment, options?: QueryOptions): AsyncGenerator<T, void, undefined>
  stream<T = ObjectRow>(strings: TemplateStringsArray, ...parts: readonly SqlPart[]): AsyncGenerator<T, void, undefined>
  stream(...given: readonly unknown[]): AsyncGenerator<unknown, void, undefined> {
    const statement = givenStatement('stream()', given)
    const { options } = statement
    checkQueryOptions('stream()', options)
    return streamRows(this.#scope, statement, options)
  }

  /**
   * Runs one statement once per parameter set, all in one transaction; rows that it gives are dropped. `rows` may be an
   * array, a generator or any other iterable, also an asynchronous one; it is read as fast as the engine takes the sets.
   * If reading it throws, nothing is written and the call rejects with that error. No time limit by default.
   * Gives the number of rows changed. Throws like `run`.
   */
  async runMany(sql: string, rows: BulkRows, options?: CallOptions): Promise<{ changes: number }> {
    checkText('The SQL of runMany()', sql)
    checkCallOptions('runMany()', options)
    const text = statementText(sql)
    const changes = await runBulk(this.#scope, sql, text, rows, options)
    return { changes }
  }

  /**
   * Runs several statements in one message as one atomic transaction; inside a transaction, as part of it: all or none.
   * Each item is `[sql, params]` or a fragment made by `sql`. Gives one result per item, with its rows if it has any. Throws like `query`.
   */
  async batch<T extends readonly SqlValue[] = ArrayRow>(
    items: readonly BatchStatement[],
    options: ArrayQueryOptions,
  ): Promise<BatchResult<T>[]>
  async batch<T = ObjectRow>(items: readonly BatchStatement[], options?: QueryOptions): Promise<BatchResult<T>[]>
  async batch(items: readonly BatchStatement[], options?: QueryOptions): Promise<BatchResult<unknown>[]> {
    const given = batchItems(items)
    checkQueryOptions('batch()', options)
    if (given.length === 0) return []
    const texts = given.map(([sql]) => statementText(sql))
    const text = { ...(texts.find(({ control }) => control) ?? texts[0]!), writes: texts.some(({ writes }) => writes) }
    const reader = readBatch(this.#shape(options), (columns) => this.#scope.session.warnDuplicates(columns))
    return this.#call(text, options, reader, (writer) => ({
      type: 'batch',
      items: given.map(
        ([sql, params]): BatchItem => ({ sql, parameters: packParameters(writer, params), want: 'rows' }),
      ),
    }))
  }

  /**
   * Compiles one statement and tells its columns and parameters. The engine keeps compiled statements by their text, so
   * this is for looking at a statement or for repeating it under a name, not for speed. Throws SqliteError.
   */
  async prepare(sql: string, options?: CallOptions): Promise<Statement> {
    checkText('The SQL of prepare()', sql)
    checkCallOptions('prepare()', options)
    const shape = await this.#call(
      { ...statementText(sql), opens: false, writes: false },
      options,
      readPrepared,
      () => ({
        type: 'prepare',
        sql,
      }),
    )
    return new Statement(this, sql, shape)
  }

  #statement<T>(
    sql: string,
    params: Parameters | undefined,
    want: Want,
    options: RunOptions | undefined,
    reader: AnswerReader<T>,
  ): Promise<T> {
    return this.#call(statementText(sql), options, reader, (writer) => ({
      type: 'statement',
      sql,
      parameters: packParameters(writer, params),
      want,
    }))
  }

  async #call<T>(
    text: StatementText,
    options: (CallOptions & TimedOptions) | undefined,
    reader: AnswerReader<T>,
    build: (writer: ValueWriter) => ScopelessBody,
  ): Promise<T> {
    const { session, transaction } = this.#scope
    const result = await session.line.call({
      ...this.#scope.admit(text),
      build: (writer): RequestBody => ({ ...build(writer), ...(transaction !== undefined && { transaction }) }),
      reader: timed(reader, session.clock, options),
      signal: options?.signal,
      timeoutMs: options?.timeoutMs ?? (text.vacuum ? 0 : session.options.timeoutMs),
    })
    this.#scope.succeeded(text)
    return result
  }

  #shape(options: QueryOptions | undefined): RowShape {
    const integers = options?.integers ?? this.#scope.session.options.integers
    return { rowMode: options?.rowMode ?? 'object', integers }
  }

  #rows(options: QueryOptions | undefined): AnswerReader<(ObjectRow | ArrayRow)[]> {
    return readRows(this.#shape(options), (columns) => this.#scope.session.warnDuplicates(columns))
  }
}

type ScopelessBody = Extract<
  RequestBody,
  { type: Extract<Request['type'], 'statement' | 'script' | 'batch' | 'prepare'> }
>

function batchItems(items: unknown): BatchPair[] {
  if (!Array.isArray(items)) {
    throw new UsageError(
      'invalid-argument',
      'batch() takes an array of items [sql, params], such as [["DELETE FROM t"]].',
    )
  }
  return items.map((item: unknown, index): BatchPair => {
    if (item instanceof SqlFragment) return [item.text, item.values]
    if (Array.isArray(item) && typeof item[0] === 'string' && item.length <= 2) return [item[0], item[1]]
    throw new UsageError(
      'invalid-argument',
      `Item ${index} of batch() must be an array [sql] or [sql, params], or a fragment made by sql.`,
    )
  })
}
