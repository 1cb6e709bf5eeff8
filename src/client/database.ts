// The database as an application sees it. It stands apart as the list of what it can do besides the calls that it shares
// with transactions; the work is done elsewhere.

import { UsageError } from '../errors/errors.ts'
import type { Durability, EngineInfo } from '../protocol/messages.ts'
import { readDone } from './answer-readers.ts'
import type { DatabaseEvents } from './events.ts'
import { type CallOptions, checkCallOptions, type TransactionOptions } from './options.ts'
import { Queryable } from './queryable.ts'
import { DatabaseScope } from './scope.ts'
import type { Session } from './session.ts'
import { runTransaction, type TransactionCallback } from './transaction.ts'

/** What is in force for an open database. */
export interface DatabaseInfo extends EngineInfo {
  readonly name: string
  readonly durability: Durability
  /** `leader`: its engine runs in a worker of this page. */
  readonly role: 'leader'
}

/** An open database; made by `open`. */
export class Database extends Queryable {
  readonly #session: Session

  constructor(session: Session) {
    super(new DatabaseScope(session))
    this.#session = session
  }

  /** What is in force: name, storage and why it was chosen, durability, block size, versions. */
  get info(): DatabaseInfo {
    const { name, options, info } = this.#session
    if (!info) throw new UsageError('internal', 'The database was not opened.')
    return { name, durability: options.durability, role: 'leader', ...info }
  }

  /**
   * Runs `callback` in a transaction: its return commits, its error rolls back and is rethrown. Inside, use its argument
   * for everything; reads on the database itself see the state before the transaction, writes on it wait for its end
   * (TransactionDeadlockError if the callback awaits one). `tx.transaction()` nests. Gives what the callback gives.
   * Throws what the callback throws, SqliteError when the commit fails, TimeoutError, AbortError, LeaderLostError,
   * SnapshotConflictError.
   */
  async transaction<T>(callback: TransactionCallback<T>, options?: TransactionOptions): Promise<T> {
    return runTransaction(this.#session, callback, options)
  }

  /** Resolves once everything written so far survives a power cut; of use with `durability: 'relaxed'`. */
  async sync(options?: CallOptions): Promise<void> {
    checkCallOptions('sync()', options)
    await this.#session.line.call({
      build: () => ({ type: 'maintenance', action: 'sync' }),
      reader: readDone,
      signal: options?.signal,
      timeoutMs: options?.timeoutMs ?? this.#session.options.timeoutMs,
      resend: true,
      ifLost: 'no',
    })
  }

  /** Calls `listener` at every `event`; the function that is returned ends that. */
  on<E extends keyof DatabaseEvents>(event: E, listener: (detail: DatabaseEvents[E]) => void): () => void {
    const { events } = this.#session
    if (!events.has(event)) {
      throw new UsageError(
        'invalid-argument',
        `'${String(event)}' is no event of a database. The events are: ${events.names.join(', ')}.`,
      )
    }
    if (typeof listener !== 'function')
      throw new UsageError('invalid-argument', 'The listener of on() must be a function.')
    return events.on(event, listener)
  }

  /**
   * Closes the database: calls made before are finished, open transactions rolled back, later calls reject with
   * ClosedError. A second close gives the first one's promise. If it does not end in its time, the worker is ended and
   * the call rejects with TimeoutError; nothing acknowledged is lost.
   */
  async close(options?: CallOptions): Promise<void> {
    checkCallOptions('close()', options)
    await this.#session.close(options?.signal, options?.timeoutMs ?? this.#session.options.timeoutMs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
