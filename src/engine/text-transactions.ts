// Transactions that a client controls by SQL text outside of `transaction()`: BEGIN or SAVEPOINT opens one on the writer,
// COMMIT, END, ROLLBACK or the RELEASE of the outermost savepoint ends it, and between them every plain request of the
// client belongs to it. It stands apart from the interactive transactions because SQLite itself is asked what is open.
//
// It is kept as an interactive transaction with a number that no client gives, and has their queue, lifetime and end with
// the session. One that was rolled back before its client ended it refuses everything until ROLLBACK, so that nothing that
// was meant for it is applied on its own.
import type { StatementRequest } from '../protocol/messages.ts'
import type { InteractiveTransaction } from './interactive.ts'
import type { Job } from './job.ts'
import type { RecordedOutcome } from './outcome.ts'
import type { RequestRunner } from './runner.ts'
import type { RunResult } from './scheduler.ts'
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
      return request.stream ? undefined : session.textTransaction
    case 'script':
    case 'batch':
    case 'prepare':
    case 'bulk':
      return session.textTransaction
    default:
      return undefined
  }
}

export class TextTransactions {
  readonly #runner: RequestRunner

  constructor(runner: RequestRunner) {
    this.#runner = runner
  }

  /** BEGIN, SAVEPOINT and their kin while none is open; the caller gives the statement back. */
  begin(job: Job, request: StatementRequest, statement: Statement): Maybe<RunResult> {
    const { database, writes, interactive } = this.#runner
    const { writer } = database
    const { session } = job
    const id = -request.seq
    return writes.withRoom(() => {
      if (statement.keyword === 'BEGIN') writer.beginImmediate()
      // Whatever has nothing to end fails here, in SQLite's own words.
      else writer.limited(job.limits, () => this.#run(job, request, statement))
      const begun = { transaction: id, mode: 'immediate', lifetimeMs: LIFETIME_MS } as const
      this.#runner.owner = interactive.open(job, begun, writer, true)
      session.textTransaction = id
      return this.#runner.result(job, noRows(session, request.want), false)
    })
  }

  /** A statement that controls the open transaction. */
  inside(
    job: Job,
    request: StatementRequest,
    statement: Statement,
    transaction: InteractiveTransaction,
  ): Maybe<RunResult> {
    const { writes, database } = this.#runner
    const { writer } = database
    const outcome: RecordedOutcome = { kind: 'result', statements: [noRows(job.session, 'changes')] }
    const ended = () => {
      try {
        writes.publishAs(job, outcome, () => writer.limited(job.limits, () => this.#run(job, request, statement)))
      } finally {
        writer.release(statement)
        if (writer.autocommit) this.#forget(transaction)
      }
      return this.#runner.result(job, noRows(job.session, request.want), true)
    }
    return writes.withRoom(ended)
  }

  /** The answer to a request of a transaction that was rolled back before; ROLLBACK ends that state. */
  afterEnd(job: Job, request: StatementRequest, transaction: InteractiveTransaction): 'done' {
    const [, word, next] = /^\s*(\w+)(?:\s+(\w+))?/.exec(request.sql.toUpperCase()) ?? []
    if (word !== 'ROLLBACK' || next === 'TO') throw transaction.ended
    this.#forget(transaction)
    return this.#runner.result(job, noRows(job.session, request.want), false)
  }

  #run(job: Job, request: StatementRequest, statement: Statement): void {
    runStatement(statement, job.payload, request.parameters, 'changes', this.#runner.database.packer)
  }

  #forget(transaction: InteractiveTransaction): void {
    const { session } = transaction
    session.transactions.delete(transaction.id)
    session.textTransaction = undefined
    if (!transaction.ended) this.#runner.interactive.close(transaction)
  }
}
