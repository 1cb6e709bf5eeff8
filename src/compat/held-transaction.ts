// A transaction that is begun by one call and ended by another, made of one that lasts as long as its callback: the
// callback waits for the decision.
//
// Invariant: `target` settles once; after a decision nothing more is sent to it.

import { type Database, TimeoutError, type Transaction } from '../index.ts'

export interface HeldTransactionOptions {
  readonly mode: 'deferred' | 'immediate'
  readonly timeoutMs: number
}

/** What rolls back by being thrown; never seen outside. */
const ROLL_BACK = Symbol('roll back')

export class HeldTransaction {
  /** Where its statements go; rejects if it could not begin. */
  readonly target: Promise<Transaction>
  readonly #ended: Promise<void>
  #decide: ((decision: 'commit' | 'rollback') => void) | undefined

  constructor(database: Promise<Database>, { mode, timeoutMs }: HeldTransactionOptions) {
    const decision = new Promise<'commit' | 'rollback'>((resolve) => {
      this.#decide = resolve
    })
    const waiting = new AbortController()
    const timer = timeoutMs > 0 ? setTimeout(() => waiting.abort(), timeoutMs) : undefined
    let begun: ((transaction: Transaction) => void) | undefined
    const began = new Promise<Transaction>((resolve) => {
      begun = resolve
    })
    const run = async (transaction: Transaction) => {
      clearTimeout(timer)
      begun?.(transaction)
      if ((await decision) === 'rollback') throw ROLL_BACK
    }
    this.#ended = database
      .then((open) => open.transaction(run, { mode, timeoutMs, signal: waiting.signal }))
      .catch((error: unknown) => {
        if (!waiting.signal.aborted) throw error
        throw new TimeoutError(
          `The transaction could not begin within ${timeoutMs} ms: another one was open all that time.`,
          { retryable: true, cause: error },
        )
      })
      .finally(() => clearTimeout(timer))
    // It ends before it has begun only by an error.
    this.target = Promise.race([began, this.#ended.then(() => began)])
    this.target.catch(() => {}) // told by `begin_transaction`
    this.#ended.catch(() => {}) // told by whoever ends it
  }

  /** Throws what ended the transaction if it is no more. */
  async commit(): Promise<void> {
    this.#decide?.('commit')
    await this.#ended
  }

  /** Succeeds also if it has been rolled back already. */
  async rollback(): Promise<void> {
    this.#decide?.('rollback')
    await this.#ended.catch((error: unknown) => {
      if (error !== ROLL_BACK) throw error
    })
  }
}
