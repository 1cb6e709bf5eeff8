// Runs the parts of a bulk: one statement, many parameter sets, one transaction over all messages (or a savepoint inside an
// interactive one). The last part commits, with the bulk's outcome under the last part's number.
import { UsageError } from '../errors/errors.ts'
import type { BulkRequest } from '../protocol/messages.ts'
import { BULK_SAVEPOINT, type OpenBulk, undoBulk } from './bulk.ts'
import type { Connection } from './connection.ts'
import type { Host } from './host.ts'
import type { InteractiveTransaction } from './interactive.ts'
import type { Job } from './job.ts'
import type { StatementOutcome } from './reply.ts'
import type { RunResult } from './scheduler.ts'
import type { Session } from './session.ts'
import { refuseInsideTransaction, refuseOutsideTransaction } from './statement-rules.ts'
import { runSets } from './statement-run.ts'
import { transactionOf } from './text-transactions.ts'

export class BulkRunner {
  readonly #runner: Host

  constructor(runner: Host) {
    this.#runner = runner
  }

  /** The open bulk that a job continues. */
  openFor({ session, request }: Job): OpenBulk | undefined {
    return request.type === 'bulk' ? session.bulks.get(request.bulk) : undefined
  }

  run(job: Job, request: BulkRequest): RunResult | Promise<RunResult> {
    const { session } = job
    const open = session.bulks.get(request.bulk)
    if (open) return this.#part(job, request, open)
    if (request.bulk !== request.seq) throw new UsageError('protocol', `The bulk ${request.bulk} is not open.`)
    const transaction = transactionOf(job)
    if (transaction !== undefined)
      return this.#runner.interactive.onWriter(job, transaction, (connection) => {
        connection.run(`SAVEPOINT ${BULK_SAVEPOINT}`)
        const inside = session.transactions.get(transaction)
        return this.#part(job, request, this.#open(job, request, connection, inside))
      })
    this.#runner.outcomes.require()
    const { writer } = this.#runner.database
    this.#runner.enter(session, writer)
    return this.#runner.writes.withRoom(() => {
      writer.beginImmediate()
      const bulk = this.#open(job, request, writer, undefined)
      this.#runner.owner = bulk
      return this.#part(job, request, bulk)
    })
  }

  /** Rolls back what a client has not finished. */
  endSession(session: Session): void {
    for (const bulk of session.bulks.values()) {
      if (this.#runner.owner !== bulk) continue
      this.#runner.owner = undefined
      if (this.#runner.database.instance.vfs.failure.fatal === undefined) bulk.connection.rollback()
    }
    session.bulks.clear()
  }

  #open(
    { session }: Job,
    request: BulkRequest,
    connection: Connection,
    inside: InteractiveTransaction | undefined,
  ): OpenBulk {
    const bulk = { id: request.bulk, connection, inside, changes: 0 }
    session.bulks.set(bulk.id, bulk)
    return bulk
  }

  #part(job: Job, request: BulkRequest, bulk: OpenBulk): RunResult | Promise<RunResult> {
    if (bulk.failed !== undefined) {
      if (request.last) job.session.bulks.delete(bulk.id)
      throw bulk.failed
    }
    try {
      if (bulk.inside?.closed)
        throw bulk.inside.ended ?? new UsageError('transaction-unknown', 'The transaction ended before this runMany().')
      this.#runSets(job, request, bulk)
      if (!request.last) return this.#runner.done(job)
      const ended = this.#end(job, bulk)
      return ended instanceof Promise ? ended.catch((error: unknown) => this.#fail(job, request, bulk, error)) : ended
    } catch (error) {
      return this.#fail(job, request, bulk, error)
    }
  }

  #runSets(job: Job, request: BulkRequest, bulk: OpenBulk): void {
    const { connection } = bulk
    const statement = this.#runner.compile(job.session, connection, request.sql)
    if (!statement) return
    try {
      if (bulk.inside) refuseInsideTransaction(statement)
      else refuseOutsideTransaction(statement)
      bulk.changes += connection.limited(job.limits, () => runSets(statement, job.payload, request))
    } finally {
      connection.release(statement)
    }
  }

  #end(job: Job, bulk: OpenBulk): RunResult | Promise<RunResult> {
    const { connection, changes } = bulk
    const outcome = (): StatementOutcome => ({ changes, lastInsertRowid: connection.lastInsertRowid })
    const close = () => {
      job.session.bulks.delete(bulk.id)
      if (this.#runner.owner === bulk) this.#runner.owner = undefined
    }
    if (bulk.inside) {
      connection.run(`RELEASE ${BULK_SAVEPOINT}`)
      close()
      return this.#runner.result(job, outcome(), false)
    }
    return this.#runner.writes.withRoom(() => {
      const result = outcome()
      this.#runner.writes.commit(job, { kind: 'result', statements: [result] })
      close()
      return this.#runner.result(job, result, true)
    })
  }

  #fail(job: Job, request: BulkRequest, bulk: OpenBulk, error: unknown): never {
    bulk.failed = error
    if (this.#runner.owner === bulk) this.#runner.owner = undefined
    if (request.last) job.session.bulks.delete(bulk.id)
    if (this.#runner.database.instance.vfs.failure.fatal === undefined) {
      undoBulk(bulk)
      if (bulk.inside) this.#runner.interactive.notice(bulk.inside)
    }
    throw error
  }
}

/** Rolls back an open bulk that its client has given up; parts of it that still arrive find it closed. */
export function abandonBulk(bulk: OpenBulk, place: { readonly session: Session; readonly runner: Host }): void {
  const { session, runner } = place
  session.bulks.delete(bulk.id)
  if (bulk.failed !== undefined) return
  if (runner.owner === bulk) runner.owner = undefined
  if (runner.database.instance.vfs.failure.fatal !== undefined) return
  undoBulk(bulk)
}
