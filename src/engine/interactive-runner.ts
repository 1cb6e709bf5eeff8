// Requests of interactive transactions: beginning on the writer or on a snapshot, moving from the snapshot to the writer at
// the first write, statements, savepoints, and all the ways to end. See `interactive.ts` for the states.
import { SnapshotConflictError, SqliteError, TimeoutError, UsageError } from '../errors/errors.ts'
import type { BeginRequest, EndRequest, SavepointRequest, StatementRequest } from '../protocol/messages.ts'
import { SQLITE_READONLY } from '../vfs/result-codes.ts'
import type { Connection } from './connection.ts'
import type { Host } from './host.ts'
import { InteractiveTransaction } from './interactive.ts'
import type { Job } from './job.ts'
import { DONE_OUTCOME } from './outcome.ts'
import { runItems } from './plain-requests.ts'
import { answerPrepared } from './prepare.ts'
import { streamWrites } from './reader-requests.ts'
import type { RunResult } from './scheduler.ts'
import { asStatement, runControlledScript, runScriptStatements, splitForRunning } from './script-run.ts'
import type { Session } from './session.ts'
import type { Statement } from './statement.ts'
import { changesConnection, controlsTransaction, needsWriter, refuseInsideTransaction } from './statement-rules.ts'
import { runStatement } from './statement-run.ts'
import type { Maybe } from './write-transactions.ts'

const BATCH_SAVEPOINT = 'datasync_batch'

export class InteractiveRunner {
  readonly #runner: Host

  constructor(runner: Host) {
    this.#runner = runner
  }

  begin(job: Job, request: BeginRequest): Maybe<RunResult> {
    const { session } = job
    if (session.transactions.has(request.transaction))
      throw new UsageError('protocol', `The transaction ${request.transaction} is already open.`)
    const { database } = this.#runner
    if (request.mode === 'immediate') {
      this.#runner.outcomes.require()
      const { writer } = database
      this.#runner.enter(session, writer)
      return this.#runner.writes.withRoom(() => {
        writer.beginImmediate()
        const transaction = this.open(job, request, writer, true)
        this.#runner.owner = transaction
        return this.#runner.done(job)
      })
    }
    const reader = database.readers.acquire('transaction')
    try {
      this.#runner.enter(session, reader)
      reader.run('BEGIN')
      this.pinSnapshot(reader)
    } catch (error) {
      database.readers.release(reader)
      throw error
    }
    this.open(job, request, reader, false)
    return this.#runner.done(job)
  }

  /** The first read inside BEGIN pins the snapshot. */
  pinSnapshot(reader: Connection): void {
    reader.run('SELECT 1 FROM sqlite_schema LIMIT 1')
  }

  /** Any request of a transaction except `begin` and `bulk`. */
  run(job: Job, id: number): Maybe<RunResult> {
    const { request, session } = job
    if (request.type === 'end') return this.#end(job, request)
    const textEnded = id === session.textTransaction ? session.transactions.get(id) : undefined
    if (textEnded?.ended && (request.type === 'statement' || request.type === 'script'))
      return this.#runner.text.afterEnd(job, request.sql, textEnded)
    const transaction = this.#live(session, id)
    // No timer fires inside a statement.
    job.deadlineMs = Math.min(job.deadlineMs, transaction.endMs)
    switch (request.type) {
      case 'statement':
        return this.#statement(job, request, transaction)
      case 'savepoint':
        return this.#savepoint(job, request, transaction)
      case 'prepare':
        return answerPrepared(this.#runner, job, transaction.connection, request.sql)
      case 'script': {
        const script = splitForRunning(request.sql)
        if (id === session.textTransaction && script.controlled) {
          const statement = asStatement(request, script)
          if (statement) return this.#statement(job, statement, transaction)
          return this.onWriter(job, id, () => runControlledScript(this.#runner, job, script.statements, transaction))
        }
        return this.onWriter(job, id, (connection) => {
          this.#atomically(job, connection, () =>
            runScriptStatements(this.#runner, job, connection, script.statements, (statement) =>
              this.#check(statement, transaction),
            ),
          )
          return this.#runner.done(job)
        })
      }
      case 'batch':
        return this.onWriter(job, id, (connection) => {
          const outcomes = this.#atomically(job, connection, () =>
            runItems(this.#runner, job, connection, request.items, (statement) => this.#check(statement, transaction)),
          )
          return this.#runner.batch(job, outcomes)
        })
      default:
        throw new UsageError('protocol', `A ${request.type} request belongs to no transaction.`)
    }
  }

  /** Runs `work` on the writer as part of the transaction, moving it there first. */
  onWriter(job: Job, id: number, work: (connection: Connection) => Maybe<RunResult>): Maybe<RunResult> {
    const transaction = this.#live(job.session, id)
    const run = () => {
      try {
        return work(transaction.connection)
      } finally {
        this.notice(transaction)
      }
    }
    if (transaction.onWriter) return run()
    if (transaction.mode === 'readonly') throw readonlyError()
    if (this.#runner.owner !== undefined) {
      job.place = 'writer'
      return 'later'
    }
    return this.#moveToWriter(transaction, run)
  }

  /** Rolls back and remembers why; what the client still asks is answered with that. */
  abandon(transaction: InteractiveTransaction, reason: Error): void {
    if (transaction.ended) return
    transaction.ended = reason
    const { stream } = transaction
    if (!stream) {
      this.close(transaction)
      return
    }
    // Its connection is given back once the statement that is running on it has noticed.
    stream.stopped = reason
    stream.session.streams.get(stream.request.seq)?.wake?.()
  }

  /** Rolls back everything that a client has open. */
  endSession(session: Session): void {
    for (const transaction of session.transactions.values())
      this.abandon(transaction, new UsageError('closed', 'The client has ended its session.'))
    session.transactions.clear()
    session.textTransaction = undefined
  }

  open(
    job: Job,
    request: Omit<BeginRequest, 'type' | 'seq' | 'timeoutMs'>,
    connection: Connection,
    onWriter: boolean,
  ): InteractiveTransaction {
    const { session } = job
    const transaction = new InteractiveTransaction(session, request.transaction, request.mode, { connection, onWriter })
    session.transactions.set(transaction.id, transaction)
    const { lifetimeMs } = request
    if (lifetimeMs > 0) {
      transaction.lifetimeMs = lifetimeMs
      transaction.endMs = this.#runner.clock.monotonicMs() + lifetimeMs
      transaction.cancelTimer = this.#runner.clock.after(lifetimeMs, () =>
        this.#runner.scheduler.post(() => this.#overstayed(transaction)),
      )
    }
    return transaction
  }

  #overstayed(transaction: InteractiveTransaction): void {
    const words = `The transaction was open for more than ${transaction.lifetimeMs} ms and was rolled back.`
    this.abandon(transaction, new TimeoutError(words))
  }

  /** The transaction of that number. A statement that ended at the transaction's time may come before the timer. */
  #known(session: Session, id: number): InteractiveTransaction | undefined {
    const transaction = session.transactions.get(id)
    if (transaction && this.#runner.clock.monotonicMs() >= transaction.endMs) this.#overstayed(transaction)
    return transaction
  }

  #live(session: Session, id: number): InteractiveTransaction {
    const transaction = this.#known(session, id)
    if (!transaction) throw new UsageError('transaction-unknown', `The transaction ${id} is not open.`)
    if (transaction.ended) throw transaction.ended
    return transaction
  }

  #statement(job: Job, request: StatementRequest, transaction: InteractiveTransaction): Maybe<RunResult> {
    const { connection } = transaction
    const statement = this.#runner.compile(job.session, connection, request.sql)
    if (!statement) return this.#runner.answeredByEngine(job, request)
    if (controlsTransaction(statement) && transaction.id === job.session.textTransaction)
      return this.#runner.text.inside(job, request, statement, transaction)
    const release = () => connection.release(statement)
    let writes: boolean
    try {
      writes = this.#check(statement, transaction)
    } catch (error) {
      release()
      throw error
    }
    if (request.stream && writes) {
      release()
      throw streamWrites()
    }
    if (!transaction.onWriter && !writes) {
      transaction.stream = job
      this.#runner.readers.detach(job, request, statement, () => {
        transaction.stream = undefined
        if (transaction.ended) this.close(transaction)
        else this.notice(transaction)
      })
      return 'detached'
    }
    release()
    return this.onWriter(job, transaction.id, (writer) => {
      const again = this.#runner.compile(job.session, writer, request.sql)
      if (!again) return this.#runner.answeredByEngine(job, request)
      try {
        const { packer } = this.#runner.database
        const outcome = writer.limited(job.limits, () =>
          runStatement(again, job.payload, request.parameters, request.want, packer),
        )
        return this.#runner.result(job, outcome, false)
      } finally {
        writer.release(again)
      }
    })
  }

  /** Refuses what a transaction may not do; true if the statement counts as a write. */
  #check(statement: Statement, transaction: InteractiveTransaction): boolean {
    refuseInsideTransaction(statement)
    const { temp, attach } = statement.facts
    if (temp || attach) transaction.tainted = true
    return needsWriter(statement) || changesConnection(statement)
  }

  #savepoint(job: Job, request: SavepointRequest, transaction: InteractiveTransaction): Maybe<RunResult> {
    const name = `datasync_${request.depth}`
    const work = (connection: Connection) => {
      if (request.action === 'open') connection.run(`SAVEPOINT ${name}`)
      if (request.action === 'rollback') connection.run(`ROLLBACK TO ${name}`)
      if (request.action !== 'open') connection.run(`RELEASE ${name}`)
      return this.#runner.done(job)
    }
    // A read-only transaction has nothing to take back, but nesting it is no mistake.
    if (transaction.mode === 'readonly') return work(transaction.connection)
    return this.onWriter(job, transaction.id, work)
  }

  #end(job: Job, request: EndRequest): Maybe<RunResult> {
    const { session } = job
    const transaction = this.#known(session, request.transaction)
    if (!transaction) throw new UsageError('transaction-unknown', `The transaction ${request.transaction} is not open.`)
    session.transactions.delete(transaction.id)
    if (transaction.ended) {
      if (request.action === 'rollback') return this.#runner.done(job)
      throw transaction.ended
    }
    if (request.action === 'rollback' || !transaction.onWriter) {
      this.close(transaction)
      return this.#runner.done(job)
    }
    const commit = () => {
      try {
        this.#runner.writes.commit(job, DONE_OUTCOME)
      } finally {
        this.close(transaction)
      }
      return this.#runner.done(job, true)
    }
    return this.#runner.writes.withRoom(commit)
  }

  #moveToWriter(transaction: InteractiveTransaction, next: () => Maybe<RunResult>): Maybe<RunResult> {
    const { database } = this.#runner
    const reader = transaction.connection
    if (reader.file.snapshotSequence !== database.blocks.sequence) {
      const conflict = new SnapshotConflictError(
        'The database changed after this deferred transaction had begun, so it cannot write any more; run it again.',
      )
      this.abandon(transaction, conflict)
      throw conflict
    }
    this.#runner.outcomes.require()
    const { writer } = database
    this.#runner.enter(transaction.session, writer)
    return this.#runner.writes.withRoom(() => {
      // First what may fail: the reader is the transaction's until it has the writer.
      writer.beginImmediate()
      database.readers.release(reader)
      transaction.connection = writer
      transaction.onWriter = true
      this.#runner.owner = transaction
      transaction.session.event({ name: 'writer', transaction: transaction.id })
      return next()
    })
  }

  /** After some errors SQLite has rolled the whole transaction back by itself. */
  notice(transaction: InteractiveTransaction): void {
    if (transaction.ended || !transaction.connection.autocommit) return
    this.abandon(
      transaction,
      new UsageError(
        'transaction-rolled-back',
        'The transaction was rolled back by SQLite after an error in one of its statements.',
      ),
    )
  }

  /** Rolls back what is open and gives the connection back. */
  close(transaction: InteractiveTransaction): void {
    const { database } = this.#runner
    transaction.closed = true
    transaction.cancelTimer?.()
    if (this.#runner.owner === transaction) this.#runner.owner = undefined
    if (database.instance.vfs.failure.fatal !== undefined) return
    if (!transaction.onWriter) {
      database.readers.release(transaction.connection, transaction.tainted)
      return
    }
    transaction.connection.rollback()
    if (transaction.tainted) database.renewWriter()
  }

  #atomically<T>(job: Job, connection: Connection, work: () => T): T {
    connection.run(`SAVEPOINT ${BATCH_SAVEPOINT}`)
    try {
      const result = connection.limited(job.limits, work)
      connection.run(`RELEASE ${BATCH_SAVEPOINT}`)
      return result
    } catch (error) {
      if (!connection.autocommit) {
        connection.run(`ROLLBACK TO ${BATCH_SAVEPOINT}`)
        connection.run(`RELEASE ${BATCH_SAVEPOINT}`)
      }
      throw error
    }
  }
}

function readonlyError(): SqliteError {
  return new SqliteError('SQLITE_READONLY', 'A read-only transaction cannot write.', { errno: SQLITE_READONLY })
}
