// Interactive transactions. They stand apart from the database because they have a life: begun, nested into, ended by
// their callback, by an error, by a signal, by the engine's death.
//
// Rules: the callback's return commits, its error rolls back and is rethrown; while a nested transaction is open only it
// may be used; once ended, every call rejects with what ended it.

import { lostTransactionError } from '../coordination/engine-link.ts'
import {
  AbortError,
  ClosedError,
  DataSyncError,
  TimeoutError,
  TransactionDeadlockError,
  UsageError,
} from '../errors/errors.ts'
import type { TransactionId } from '../protocol/messages.ts'
import { abortError, withinLimits } from './abort.ts'
import { readDone } from './answer-readers.ts'
import type { CallObserver, RequestBody } from './call.ts'
import { checkCallOptions, checkTransactionOptions } from './call-options.ts'
import type { CallOptions, TransactionOptions } from './options.ts'
import { Queryable } from './queryable.ts'
import type { Scope, ScopedPlan } from './scope.ts'
import type { OpenTransaction, Session } from './session.ts'
import type { StatementText } from './sql-text.ts'
import { HolderWatch } from './writer-watch.ts'

/** What is given to the callback of a transaction; of no use after the callback has ended. */
export type TransactionCallback<T> = (tx: Transaction) => Promise<T> | T

const LIFETIME_MS = 10_000
const WRAPPED_MAX = 8

/** Runs `callback` in a transaction, again after retryable errors as often as the options allow. */
export async function runTransaction<T>(
  session: Session,
  callback: TransactionCallback<T>,
  options: TransactionOptions = {},
): Promise<T> {
  checkCallback(callback)
  checkTransactionOptions(options)
  if (options.readonly && options.mode !== undefined) {
    throw new UsageError('invalid-argument', 'The options mode and readonly of transaction() exclude each other.')
  }
  for (let left = options.retries ?? 0; ; left--) {
    try {
      return await runOnce(session, callback, options)
    } catch (error) {
      if (left <= 0 || !mayRunAgain(error)) throw error
    }
  }
}

/** The nearest error of this package decides, also where a query builder or the callback has wrapped it. */
function mayRunAgain(error: unknown): boolean {
  let inner = error
  for (let depth = 0; depth < WRAPPED_MAX && inner instanceof Error; depth++) {
    if (inner instanceof DataSyncError) return inner.retryable
    inner = inner.cause
  }
  return false
}

async function runOnce<T>(session: Session, callback: TransactionCallback<T>, options: TransactionOptions): Promise<T> {
  const state = new TransactionState(session, options)
  await state.begin()
  try {
    const result = await state.untilAborted(callback(new Transaction(state)))
    await state.commit()
    return result
  } catch (error) {
    await state.fail(error)
    throw state.explain(error)
  } finally {
    state.forget()
  }
}

/** A transaction or a nested one (a savepoint), as its callback sees it. */
export class Transaction extends Queryable {
  readonly #state: TransactionState
  readonly #level: Level

  constructor(state: TransactionState, level: Level = state.outermost) {
    super(level)
    this.#state = state
    this.#level = level
  }

  /**
   * Runs `callback` in a nested transaction: if it throws, only what was done through its argument is undone. While it is
   * open, the outer transaction cannot be used (UsageError `transaction-overlap`). Gives what the callback gives. A signal
   * or `timeoutMs` (default: none) ends and undoes the nested transaction alone; a statement of it that runs is waited for
   * by what comes next. Throws TimeoutError, AbortError.
   */
  async transaction<T>(callback: TransactionCallback<T>, options: CallOptions = {}): Promise<T> {
    checkCallback(callback)
    checkCallOptions('transaction()', options)
    this.#level.check()
    const level = new Level(this.#state, this.#level)
    try {
      await this.#state.savepoint('open', level.depth)
      let result: T
      try {
        const work = async () => callback(new Transaction(this.#state, level))
        result = await withinLimits(this.#state.session.clock, options, work)
        level.check()
      } catch (error) {
        level.end(new ClosedError('The nested transaction was rolled back.'))
        const undone = this.#state.rollBackTo(level.depth)
        // An abort settles at once; what the outer transaction asks for next comes after.
        if (!options.signal?.aborted) await undone
        throw error
      }
      level.end(new ClosedError('The nested transaction has ended.'))
      await this.#state.savepoint('release', level.depth)
      return result
    } finally {
      level.end(new ClosedError('The nested transaction has ended.'))
      this.#level.inner = undefined
    }
  }
}

/** One level of nesting: the scope of the calls of one `Transaction`. */
class Level implements Scope {
  readonly session: Session
  readonly transaction: TransactionId
  readonly depth: number
  readonly #state: TransactionState
  inner: Level | undefined
  #ended: Error | undefined

  constructor(state: TransactionState, outer?: Level) {
    this.#state = state
    this.session = state.session
    this.transaction = state.id
    this.depth = outer ? outer.depth + 1 : 0
    if (outer) outer.inner = this
  }

  end(error: Error): void {
    this.#ended ??= error
    this.inner?.end(error)
  }

  check(): void {
    if (this.#ended) throw this.#ended
    if (this.inner) {
      throw new UsageError(
        'transaction-overlap',
        'A nested transaction of this transaction is open. Use its own argument inside it, and await it before going on; nested transactions run one after another.',
      )
    }
  }

  admit(_text: StatementText): ScopedPlan {
    this.check()
    return this.#state.plan()
  }

  succeeded(): void {}
}

/** The life of one interactive transaction on the client's side. */
class TransactionState implements OpenTransaction {
  readonly session: Session
  readonly id: TransactionId
  readonly outermost: Level
  readonly #options: TransactionOptions
  readonly #holder: HolderWatch
  /** Gives a call up that has not settled, one each. */
  readonly #underWay = new Set<(error: Error) => void>()
  readonly #mode: 'immediate' | 'deferred' | 'readonly'
  /** Nothing more is to be told to the engine. */
  #over = false
  #stopListening: (() => void) | undefined

  constructor(session: Session, options: TransactionOptions) {
    this.session = session
    this.id = session.nextTransaction()
    this.#options = options
    this.#mode = options.readonly ? 'readonly' : (options.mode ?? 'immediate')
    this.#holder = new HolderWatch(session.watch, session.clock)
    this.outermost = new Level(this)
  }

  async begin(): Promise<void> {
    const { session } = this
    const immediate = this.#mode === 'immediate'
    const text = { control: false, opens: false, closes: false, writes: immediate, reads: false, vacuum: false }
    const lifetimeMs = this.#options.timeoutMs ?? LIFETIME_MS
    const waiting = immediate ? session.watch.observe() : undefined
    const request = session.line.call({
      ...session.admit(text),
      ifLost: 'no',
      observer: waiting,
      build: (): RequestBody => ({ type: 'begin', transaction: this.id, mode: this.#mode, lifetimeMs }),
      reader: readDone,
      signal: this.#options.signal,
      timeoutMs: session.options.timeoutMs,
    })
    try {
      await request
    } catch (error) {
      // Given up on this side only, it may still begin on the other.
      this.#sendRollback()
      throw error
    }
    session.transactions.add(this)
    if (immediate) this.holdsWriter()
    this.#holder.startTurn()
  }

  /** It has the writer from now on: a deferred one when the engine says so, at its first write. */
  holdsWriter(): void {
    if (this.#mode !== 'readonly' && !this.#over) this.session.watch.holder = this.#holder
  }

  /** The callback's result, or AbortError as soon as the signal says so. */
  untilAborted<T>(result: Promise<T> | T): Promise<T> {
    const { signal } = this.#options
    if (!signal) return Promise.resolve(result)
    const aborted = new Promise<never>((_, reject) => {
      const onAbort = () => reject(abortError(signal, 'The transaction was rolled back.'))
      if (signal.aborted) onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      this.#stopListening = () => signal.removeEventListener('abort', onAbort)
    })
    return Promise.race([result, aborted])
  }

  plan(): ScopedPlan {
    let giveUp: ((error: Error) => void) | undefined
    const observer: CallObserver = {
      made: (abandon) => {
        this.#holder.made()
        giveUp = abandon
        this.#underWay.add(abandon)
      },
      settled: () => {
        this.#holder.settled()
        if (giveUp) this.#underWay.delete(giveUp)
      },
    }
    return { resend: false, ifLost: 'no', observer }
  }

  async commit(): Promise<void> {
    this.outermost.check()
    this.outermost.end(new ClosedError('The transaction has ended.'))
    const { session } = this
    await session.line
      .call({
        // Sent again to another engine it is answered from its commit record, if there is one.
        resend: true,
        ifLost: 'unknown',
        observer: this.#holder,
        build: (): RequestBody => ({ type: 'end', transaction: this.id, action: 'commit' }),
        reader: readDone,
        signal: this.#options.signal,
        timeoutMs: session.options.timeoutMs,
      })
      .catch((error: unknown) => {
        if (error instanceof UsageError && error.code === 'transaction-unknown') throw lostTransactionError(error)
        throw error
      })
    this.#over = true
  }

  /** Ends it after an error. The rollback's own failure adds nothing: what does not commit is never applied. */
  async fail(error: unknown): Promise<void> {
    this.outermost.end(
      new ClosedError('The transaction was rolled back.', error instanceof Error ? { cause: error } : {}),
    )
    if (this.#over) return
    const aborted = this.#options.signal?.aborted === true
    // A statement that still runs would keep the rollback waiting.
    if (aborted)
      for (const giveUp of this.#underWay) giveUp(new AbortError('The transaction was aborted by its signal.'))
    const rolledBack = this.#sendRollback()
    // An abort settles at once.
    if (!aborted) await rolledBack
  }

  async savepoint(action: 'open' | 'release' | 'rollback', depth: number): Promise<void> {
    await this.#request({ type: 'savepoint', transaction: this.id, action, depth })
  }

  /** Like `fail`, for a nested one; if it cannot be undone alone, the whole transaction must not commit. */
  async rollBackTo(depth: number): Promise<void> {
    if (this.#over) return
    try {
      await this.savepoint('rollback', depth)
    } catch (cause) {
      this.outermost.end(new ClosedError('The transaction was rolled back with a nested one.', { cause }))
    }
  }

  lost(error: Error): void {
    this.#over = true
    this.outermost.end(error)
  }

  rollBack(error: Error): void {
    this.outermost.end(error)
    void this.#sendRollback()
  }

  /** A transaction that starved its own client's writes until its time was over has waited on itself. */
  explain(error: unknown): unknown {
    const late = error instanceof TimeoutError || error instanceof ClosedError
    if (!late || !this.#holder.overstayed) return error
    return new TransactionDeadlockError(
      `The transaction was idle until its time was over, while a write on \`db\` waited for it, and was rolled back. Use the callback's argument (\`tx\`) for everything inside a transaction. (${error.message})`,
    )
  }

  forget(): void {
    this.#stopListening?.()
    this.session.transactions.delete(this)
    if (this.session.watch.holder === this.#holder) this.session.watch.holder = undefined
  }

  #sendRollback(): Promise<void> {
    if (this.#over) return Promise.resolve()
    this.#over = true
    const request = this.#request({ type: 'end', transaction: this.id, action: 'rollback' }, true)
    // It fails when the engine has rolled back already, by itself or by its death: both are what was wanted.
    return request.catch(() => {})
  }

  #request(body: RequestBody, ends = false): Promise<void> {
    return this.session.line.call({
      ...this.plan(),
      ends,
      build: () => body,
      reader: readDone,
      signal: undefined,
      timeoutMs: this.session.options.timeoutMs,
    })
  }
}

function checkCallback(callback: unknown): void {
  if (typeof callback === 'function') return
  throw new UsageError(
    'invalid-argument',
    'transaction() takes a callback: await db.transaction(async (tx) => { ... }).',
  )
}
