// Transactions that a client controls by SQL text outside of `transaction()`: BEGIN or SAVEPOINT opens one on the writer
// (BEGIN DEFERRED on a snapshot, like `mode: 'deferred'`), COMMIT, END, ROLLBACK or the RELEASE of the outermost savepoint ends it, and between them every plain request of the
// client belongs to it. It stands apart from the interactive transactions because SQLite itself is asked what is open.
//
// It is kept as an interactive transaction with a number that no client gives, and has their queue, lifetime and end with
// the session. One that was rolled back before its client ended it refuses everything until ROLLBACK, so that nothing that
// was meant for it is applied on its own.
import { SqliteError, UsageError } from '../errors/errors.ts'
import type { StatementRequest } from '../protocol/messages.ts'
import type { Host } from './host.ts'
import type { InteractiveTransaction } from './interactive.ts'
import type { Job } from './job.ts'
import type { RecordedOutcome } from './outcome.ts'
import type { RunResult } from './scheduler.ts'
import { firstKeyword } from './script-splitter.ts'
import type { Statement } from './statement.ts'
import { noRows } from './statement-rules.ts'
import { runStatement } from './statement-run.ts'
import type { Maybe } from './write-transactions.ts'

/** Milliseconds that such a transaction may stay open, like one of `transaction()` without a `timeoutMs`. */
const LIFETIME_MS = 10_000

/** The transaction that a request belongs to: the one it names, or the one that its client has opened by text. */
export function transactionOf({ session, request }: Job): number | undefined {
  if ('transaction' in request && request.transaction !== undefined) return request.transaction
  switch (request.type) {
    case 'statement':
    case 'script':
    case 'batch':
    case 'prepare':
    case 'bulk':
      return session.textTransaction
    default:
      return undefined
  }
}

/** True for BEGIN DEFERRED, which starts on a snapshot; a plain BEGIN takes the writer, so that it cannot conflict later. */
export function beginsDeferred(sql: string): boolean {
  return /\bdeferred\b/i.test(sql) && firstKeyword(sql) === 'BEGIN'
}

/** True for a BEGIN that does not ask for the writer, though it usually gets it. */
function beginsPlainly(sql: string): boolean {
  return firstKeyword(sql) === 'BEGIN' && !/\b(?:immediate|exclusive)\b/i.test(sql)
}

export class TextTransactions {
  readonly #runner: Host

  constructor(runner: Host) {
    this.#runner = runner
  }

  /** BEGIN, SAVEPOINT and their kin while none is open; the caller gives the statement back. */
  begin(job: Job, request: StatementRequest, statement: Statement): Maybe<RunResult> {
    const { database, writes, outcomes } = this.#runner
    const { writer } = database
    outcomes.require()
    const begun = writes.withRoom(() => {
      if (statement.keyword === 'BEGIN') writer.beginImmediate()
      // Whatever has nothing to end fails here, in SQLite's own words.
      else writer.limited(job.limits, () => this.#run(job, request, statement))
      this.adopt(job, false)
      return this.#runner.result(job, noRows(job.session, request.want), false)
    })
    if (!(begun instanceof Promise) || !beginsPlainly(request.sql)) return begun
    // Where nothing can be written a transaction may still read.
    return begun.catch((error: unknown) => {
      if (!(error instanceof SqliteError && error.code === 'SQLITE_FULL' && database.readers.available('transaction')))
        throw error
      return this.beginDeferred(job, request)
    })
  }

  /** Makes the transaction that is open on the writer the client's own. */
  adopt(job: Job, tainted: boolean): void {
    const { database, interactive } = this.#runner
    const id = -job.request.seq
    const begun = { transaction: id, mode: 'immediate', lifetimeMs: LIFETIME_MS } as const
    const transaction = interactive.open(job, begun, database.writer, true)
    transaction.tainted = tainted
    this.#runner.owner = transaction
    job.session.textTransaction = id
  }

  /** BEGIN DEFERRED while none is open. */
  beginDeferred(job: Job, request: StatementRequest): RunResult {
    const { interactive, database } = this.#runner
    const { session } = job
    const reader = database.readers.acquire('transaction')
    try {
      this.#runner.enter(session, reader)
      const statement = this.#runner.compile(session, reader, request.sql)
      if (!statement) throw new UsageError('protocol', 'BEGIN is no PRAGMA.')
      try {
        this.#run(job, request, statement)
      } finally {
        reader.release(statement)
      }
      interactive.pinSnapshot(reader)
    } catch (error) {
      database.readers.release(reader)
      throw error
    }
    const id = -request.seq
    interactive.open(job, { transaction: id, mode: 'deferred', lifetimeMs: LIFETIME_MS }, reader, false)
    session.textTransaction = id
    return this.#runner.result(job, noRows(session, request.want), false)
  }

  /** A statement that controls the open transaction. */
  inside(
    job: Job,
    request: StatementRequest,
    statement: Statement,
    transaction: InteractiveTransaction,
  ): Maybe<RunResult> {
    if (!transaction.onWriter) return this.#insideDeferred(job, request, statement, transaction)
    const { writes, database } = this.#runner
    const { writer } = database
    const outcome: RecordedOutcome = { kind: 'result', statements: [noRows(job.session, 'changes')] }
    const ended = () => {
      try {
        writes.publishAs(job, outcome, () => writer.limited(job.limits, () => this.#run(job, request, statement)))
      } finally {
        writer.release(statement)
        if (writer.autocommit) this.forget(transaction)
      }
      return this.#runner.result(job, noRows(job.session, request.want), true)
    }
    return writes.withRoom(ended)
  }

  /** SAVEPOINT counts as the first write; what ends the transaction has nothing to write. */
  #insideDeferred(
    job: Job,
    request: StatementRequest,
    statement: Statement,
    transaction: InteractiveTransaction,
  ): Maybe<RunResult> {
    const { connection } = transaction
    const { session } = job
    if (statement.keyword === 'SAVEPOINT') {
      connection.release(statement)
      return this.#runner.interactive.onWriter(job, transaction.id, (writer) => {
        const again = this.#runner.compile(session, writer, request.sql)
        if (!again) return this.#runner.answeredByEngine(job, request)
        return this.inside(job, request, again, transaction)
      })
    }
    try {
      this.#run(job, request, statement)
    } finally {
      connection.release(statement)
      if (connection.autocommit) this.forget(transaction)
    }
    return this.#runner.result(job, noRows(session, request.want), false)
  }

  /** The answer to a request of a transaction that was rolled back before; ROLLBACK ends that state. */
  afterEnd(job: Job, sql: string, transaction: InteractiveTransaction): 'done' {
    const [, word, next] = /^\s*(\w+)(?:\s+(\w+))?/.exec(sql.toUpperCase()) ?? []
    if (word !== 'ROLLBACK' || next === 'TO') throw transaction.ended
    this.forget(transaction)
    return this.#runner.result(job, noRows(job.session, 'changes'), false)
  }

  /** The transaction has been ended. */
  forget(transaction: InteractiveTransaction): void {
    const { session } = transaction
    session.transactions.delete(transaction.id)
    session.textTransaction = undefined
    if (!transaction.ended) this.#runner.interactive.close(transaction)
  }

  #run(job: Job, request: StatementRequest, statement: Statement): void {
    runStatement(statement, job.payload, request.parameters, 'changes', this.#runner.database.packer)
  }
}
