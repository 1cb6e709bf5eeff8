// Writing on the writer connection: room in the log before a transaction and before its commit, BEGIN IMMEDIATE, the work,
// COMMIT with the request's outcome in the commit record, and ROLLBACK whatever went wrong. Where the log has room nothing
// here waits.
import { SqliteError, StorageError } from '../errors/errors.ts'
import type { Origin } from '../store/block-store-types.ts'
import { SQLITE_FULL } from '../vfs/result-codes.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import type { Job } from './job.ts'
import { encodeOutcome, type PartOutcome, type RecordedOutcome } from './outcome.ts'

export type Maybe<T> = T | Promise<T>

export class WriteTransactions {
  readonly #database: Database
  readonly #onCommit: (bytes: number) => void
  readonly #onWait: () => void

  /** `onCommit` is told how many bytes each commit staged; `onWait` that the log has no room before it has been folded. */
  constructor(database: Database, onCommit: (bytes: number) => void, onWait: () => void) {
    this.#database = database
    this.#onCommit = onCommit
    this.#onWait = onWait
  }

  /** Runs `body` inside BEGIN IMMEDIATE ... COMMIT, then `then` with the outcome that it returned and that was recorded. */
  run<T>(job: Job, body: (writer: Connection) => RecordedOutcome, then: (outcome: RecordedOutcome) => T): Maybe<T> {
    return this.withRoom(() => {
      const { writer } = this.#database
      writer.beginImmediate()
      try {
        const outcome = writer.limited(job.limits, () => body(writer))
        const ended = this.withRoom(() => {
          this.commit(job, outcome)
          return then(outcome)
        })
        return ended instanceof Promise ? ended.catch((error: unknown) => this.#rollBack(error)) : ended
      } catch (error) {
        return this.#rollBack(error)
      }
    })
  }

  /** Steps COMMIT with the request's outcome. */
  commit(job: Job, outcome: RecordedOutcome | PartOutcome): void {
    this.publish(() => this.#database.writer.commit(() => [originOf(job, outcome)]))
  }

  /** Runs a client's own statement that may commit, with the request's outcome in the record if it does. */
  publishAs(job: Job, outcome: RecordedOutcome | PartOutcome, work: () => void): void {
    this.publish(() => this.#database.writer.announced(() => [originOf(job, outcome)], work))
  }

  /** Runs what may publish, and tells how much that was. */
  publish(work: () => void): void {
    const { writer, blocks } = this.#database
    const { sequence } = blocks
    const bytes = writer.file.stagedBytes
    work()
    if (blocks.sequence !== sequence) this.#onCommit(writer.file.stagedBytes - bytes)
  }

  /** Makes sure that the log has room, then goes on: at once where it has. Throws SqliteError `SQLITE_FULL`. */
  withRoom<T>(next: () => Maybe<T>): Maybe<T> {
    const room = this.#database.blocks.prepare()
    if (!room) return next()
    this.#onWait()
    return room.catch(refuseFull).then(next)
  }

  #rollBack(error: unknown): never {
    if (this.#database.instance.vfs.failure.fatal === undefined) this.#database.writer.rollback()
    throw error
  }
}

/** What SQLite would say if it were asked for a write for which there is no space. */
export function refuseFull(error: unknown): never {
  if (!(error instanceof StorageError) || error.code !== 'quota') throw error
  throw new SqliteError('SQLITE_FULL', `database or disk is full (${error.message})`, {
    errno: SQLITE_FULL,
    cause: error,
  })
}

function originOf(job: Job, outcome: RecordedOutcome | PartOutcome): Origin {
  const { session, request, totalChangesBefore } = job
  const { client, ackedThrough, counts } = session
  const moved = { ...counts, totalChanges: counts.totalChanges - totalChangesBefore }
  return { client, seq: request.seq, ackedThrough, outcome: encodeOutcome(outcome, moved) }
}

/** Runs `work` and then `release`, however it ends. */
export function settled<T>(release: () => void, work: () => Maybe<T>): Maybe<T> {
  let result: Maybe<T>
  try {
    result = work()
  } catch (error) {
    release()
    throw error
  }
  if (result instanceof Promise) return result.finally(release)
  release()
  return result
}
