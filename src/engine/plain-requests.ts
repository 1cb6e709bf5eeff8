// Requests outside of any transaction of their client: a statement, a batch, a script. Each that writes is a transaction of its
// own; a read runs on the writer while that is free and the read is short, else on a reader.
import { SqliteError } from '../errors/errors.ts'
import type { BatchItem, ScriptRequest, StatementRequest } from '../protocol/messages.ts'
import { CHUNK_BYTES } from '../protocol/value-codec.ts'
import { type Connection, SliceEnded } from './connection.ts'
import type { Host } from './host.ts'
import type { Job } from './job.ts'
import { DONE_OUTCOME } from './outcome.ts'
import type { StatementOutcome } from './reply.ts'
import type { RunResult } from './scheduler.ts'
import {
  applyAutoVacuum,
  asStatement,
  onlyReads,
  runControlledScript,
  runScriptStatements,
  splitForRunning,
} from './script-run.ts'
import type { Statement } from './statement.ts'
import { controlsTransaction, needsWriter, noRows, refuseOutsideTransaction, runsBare } from './statement-rules.ts'
import { runStatement } from './statement-run.ts'
import { beginsDeferred } from './text-transactions.ts'
import { type Maybe, settled } from './write-transactions.ts'

/**
 * The rows of autocommit reads on the writer must come within this time, else they start again on a reader, where others run
 * between them. Until the first row nothing else can run anywhere, so that time does not count.
 */
const WRITER_ROWS_MS_MAX = 8
/** Texts of reads that took longer are remembered, to be read on a reader at once. */
const LONG_READS_MAX = 64
const LONG_READ_LENGTH_MAX = 4000
/** They hold their rows back; what gives more is read on a reader, as fast as its client takes it. */
const WRITER_READ_BYTES_MAX = 4 * CHUNK_BYTES

export class PlainRequests {
  readonly #runner: Host
  readonly #longReads = new Set<string>()

  constructor(runner: Host) {
    this.#runner = runner
  }

  statement(job: Job, request: StatementRequest): Maybe<RunResult> {
    const runner = this.#runner
    if (beginsDeferred(request.sql)) return runner.text.beginDeferred(job, request)
    if (job.place === 'reader' || request.stream) return runner.readers.run(job, request)
    const takenOrLong = runner.owner !== undefined || this.#isLong(request)
    if (takenOrLong && job.place !== 'writer') return runner.readers.run(job, request)
    const { writer, packer } = runner.database
    runner.enter(job.session, writer)
    const statement = runner.compile(job.session, writer, request.sql)
    if (!statement) return runner.answeredByEngine(job, request)
    const { parameters, want } = request
    const runIt = () => runStatement(statement, job.payload, parameters, want, packer)
    const release = () => writer.release(statement)
    if (controlsTransaction(statement)) return settled(release, () => runner.text.begin(job, request, statement))
    if (needsWriter(statement)) {
      return settled(release, () => {
        refuseOutsideTransaction(statement)
        if (runsBare(statement)) return this.#bare(job, runIt)
        return runner.write(job, () => ({ kind: 'result', statements: [runIt()] }))
      })
    }
    try {
      refuseOutsideTransaction(statement)
      const limits = { ...job.limits, rowsMs: WRITER_ROWS_MS_MAX, heldBytesMax: WRITER_READ_BYTES_MAX }
      return runner.result(job, writer.limited(limits, runIt), false)
    } catch (error) {
      if (!(error instanceof SliceEnded)) throw error
      this.#noteLong(request)
      job.place = 'reader'
      return 'later'
    } finally {
      writer.release(statement)
    }
  }

  #isLong({ sql }: StatementRequest): boolean {
    return this.#longReads.has(sql) && this.#runner.database.readers.available('read')
  }

  #noteLong({ sql }: StatementRequest): void {
    if (sql.length > LONG_READ_LENGTH_MAX) return
    if (this.#longReads.size === LONG_READS_MAX) this.#longReads.clear()
    this.#longReads.add(sql)
  }

  batch(job: Job, items: readonly BatchItem[]): Maybe<RunResult> {
    const runner = this.#runner
    if (runner.owner !== undefined) return this.#needsWriter(job)
    runner.enter(job.session, runner.database.writer)
    const written = runner.write(job, (writer) => ({
      kind: 'batch',
      statements: runItems(runner, job, writer, items),
    }))
    if (!(written instanceof Promise)) return written
    // Where nothing can be written a batch may still read.
    return written.catch((error: unknown) => {
      const statements = items.flatMap(({ sql }) => splitForRunning(sql).statements)
      const full = error instanceof SqliteError && error.code === 'SQLITE_FULL'
      if (!full || !onlyReads(runner, job, { statements, controlled: false, foreignKeys: {} })) throw error
      return this.#reading(job, (writer) => runner.batch(job, runItems(runner, job, writer, items)))
    })
  }

  script(job: Job, request: ScriptRequest): Maybe<RunResult> {
    const runner = this.#runner
    const script = splitForRunning(request.sql)
    const { statements, controlled, foreignKeys } = script
    const statement = asStatement(request, script)
    if (statement) return this.statement(job, statement)
    if (runner.owner !== undefined) return this.#needsWriter(job)
    if (!controlled && foreignKeys.before !== undefined) job.session.set('foreign_keys', foreignKeys.before)
    runner.enter(job.session, runner.database.writer)
    if (onlyReads(runner, job, script)) {
      this.#reading(job, (writer) => runScriptStatements(runner, job, writer, statements))
      return runner.done(job)
    }
    applyAutoVacuum(runner, job, script)
    if (controlled) return runControlledScript(runner, job, statements)
    runner.outcomes.require()
    const body = (writer: Connection) => {
      runScriptStatements(runner, job, writer, statements)
      return DONE_OUTCOME
    }
    return runner.writes.run(job, body, () => {
      // Told with the answer, so that the client's next engine has it too.
      if (foreignKeys.after !== undefined) job.session.set('foreign_keys', foreignKeys.after)
      return runner.done(job, true)
    })
  }

  /** VACUUM is a commit of its own, without an outcome. */
  #bare(job: Job, run: () => StatementOutcome): Maybe<RunResult> {
    const { writes, database } = this.#runner
    const { writer } = database
    return writes.withRoom(() => {
      let outcome: StatementOutcome | undefined
      writes.publish(() => {
        outcome = writer.announced(
          () => [],
          () => writer.limited(job.limits, run),
        )
      })
      return this.#runner.result(job, outcome!, true)
    })
  }

  /** Needs no space, and sees one state. */
  #reading<T>(job: Job, work: (writer: Connection) => T): T {
    const { writer } = this.#runner.database
    writer.run('BEGIN')
    try {
      return writer.limited(job.limits, () => work(writer))
    } finally {
      writer.rollback()
    }
  }

  #needsWriter(job: Job): 'later' {
    job.place = 'writer'
    return 'later'
  }
}

/** Runs the items of a batch in the transaction that is open. */
export function runItems(
  runner: Host,
  job: Job,
  connection: Connection,
  items: readonly BatchItem[],
  check: (statement: Statement) => void = refuseOutsideTransaction,
): StatementOutcome[] {
  return items.map((item) => {
    const statement = runner.compile(job.session, connection, item.sql)
    if (!statement) return noRows(job.session, item.want)
    try {
      check(statement)
      return runStatement(statement, job.payload, item.parameters, item.want, runner.database.packer)
    } finally {
      connection.release(statement)
    }
  })
}
