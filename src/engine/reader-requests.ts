// Statements on reader connections, beside everything that the scheduler runs: autocommit reads for which the writer is
// taken or that took too long there, and statements of transactions on a snapshot. A statement that turns out to need the
// writer is put back.
import { UsageError } from '../errors/errors.ts'
import type { StatementRequest } from '../protocol/messages.ts'
import { releaseParameters } from './binding.ts'
import type { Connection } from './connection.ts'
import type { Host } from './host.ts'
import type { Job } from './job.ts'
import { runOnReader } from './reader-run.ts'
import { chunkReply } from './reply.ts'
import type { RunResult } from './scheduler.ts'
import { ChunkStream } from './session.ts'
import type { Statement } from './statement.ts'
import { controlsTransaction, needsWriter, refuseOutsideTransaction } from './statement-rules.ts'
import { bindPacked } from './statement-run.ts'
import { transactionOf } from './text-transactions.ts'

/** Streams at a time, over all clients; two readers stay for other reads. */
const STREAMS_MAX = 6

export class ReaderRequests {
  readonly #runner: Host
  #streams = 0

  constructor(runner: Host) {
    this.#runner = runner
  }

  /** True if a reader may be used for a stream; some are kept for reads that end. */
  get streamable(): boolean {
    const { readers } = this.#runner.database
    return readers.available('read') && this.#streams < STREAMS_MAX
  }

  /** Runs an autocommit read on a reader of its own. */
  run(job: Job, request: StatementRequest): RunResult {
    const reader = this.#runner.database.readers.acquire('read')
    let statement: Statement | undefined
    try {
      this.#runner.enter(job.session, reader)
      statement = this.#compile(job, reader, request)
      if (statement === undefined) {
        this.#runner.database.readers.release(reader)
        return job.place === 'writer' ? 'later' : this.#runner.answeredByEngine(job, request)
      }
      refuseOutsideTransaction(statement)
    } catch (error) {
      if (statement) reader.release(statement)
      this.#runner.database.readers.release(reader)
      throw error
    }
    if (request.stream) {
      this.#streams++
      this.#runner.scheduler.leaveLane(job)
    }
    this.detach(job, request, statement, () => {
      if (request.stream) this.#streams--
      this.#runner.database.readers.release(reader)
    })
    return 'detached'
  }

  /** Undefined if nothing is left to run, or if the writer is needed after all (`job.place`). */
  #compile(job: Job, reader: Connection, request: StatementRequest): Statement | undefined {
    const { sql } = request
    let statement: Statement | undefined
    try {
      statement = this.#runner.compile(job.session, reader, sql)
    } catch (error) {
      // What is missing here may be made by a transaction that is open or waits on the writer.
      if (!request.stream && !/^\s*(select|values|explain|pragma)\b/i.test(sql)) job.place = 'writer'
      else throw error
    }
    if (!statement || !(needsWriter(statement) || controlsTransaction(statement))) return statement
    reader.release(statement)
    if (request.stream) throw streamWrites()
    job.place = 'writer'
    return undefined
  }

  /** Steps a statement on a reader beside everything else, and answers. `release` gives the connection back. */
  detach(job: Job, request: StatementRequest, statement: Statement, release: () => void): void {
    const { session } = job
    const { seq } = request
    const stream = new ChunkStream()
    session.streams.set(seq, stream)
    this.#stream(job, request, statement, stream)
      .finally(release)
      .then(
        ({ outcome, sequence }) =>
          // The final answer stays behind chunks that still wait for credit.
          stream.send(true, () => {
            session.streams.delete(seq)
            this.#runner.result(job, outcome, false, sequence)
          }),
        (error: unknown) => {
          session.streams.delete(seq)
          this.#runner.fail(job, error)
        },
      )
      .finally(() => {
        this.#runner.settle()
        this.#runner.scheduler.finish(job)
      })
      .catch((error: unknown) => this.#runner.latch(error))
  }

  async #stream(job: Job, request: StatementRequest, statement: Statement, stream: ChunkStream) {
    const { connection } = statement
    const { database } = this.#runner
    let pointer: number | undefined
    try {
      pointer = bindPacked(statement, job.payload, request.parameters)
      // Outside a transaction the snapshot is pinned by the first step, which happens in this turn.
      const sequence = connection.file.snapshotSequence ?? database.blocks.sequence
      const outcome = await runOnReader({
        job,
        statement,
        stream,
        live: request.stream === true,
        // The transaction goes on while the stream is read, and its connection may have to move to the writer.
        ahead: request.stream === true && transactionOf(job) !== undefined,
        want: request.want,
        packer: database.newPacker(),
        clock: this.#runner.clock,
        sendChunk: (chunk, columns) => {
          stream.send(false, () => this.#runner.send(job, chunkReply(request.seq, chunk, columns), false, sequence))
          this.#runner.settle()
        },
      })
      return { outcome, sequence }
    } finally {
      connection.release(statement)
      releaseParameters(statement, pointer)
    }
  }
}

/** The error of a stream whose statement is no pure read. */
export function streamWrites(): UsageError {
  return new UsageError(
    'stream-writes',
    '`stream()` only reads. Use `query()` for the rows of INSERT, UPDATE or DELETE ... RETURNING.',
  )
}
