// Answers that wait until every commit they could see has reached their client's level (relaxed: flushed, strict: synced),
// and the one flush or sync under way that they wait for. Answers that need not wait leave at once; one operation serves
// all that were waiting when it began (group commit).
//
// Invariants: at most one flush or sync is in flight; answers that saw the same commit leave in the order in which they were
// added, so the chunks of one request stay in order.
import type { Clock } from '../environment.ts'
import { DataSyncError, LeaderLostError, SqliteError } from '../errors/errors.ts'
import type { ClientCounts } from '../protocol/messages.ts'
import { assert } from '../store/assert.ts'
import type { Blocks } from '../store/block-store-types.ts'
import { SQLITE_FULL } from '../vfs/result-codes.ts'
import type { Reply } from './reply.ts'
import { errorReply, type Session } from './session.ts'

export interface OutgoingAnswer {
  readonly session: Session
  readonly seq: number
  readonly reply: Reply
  /** What its client has counted with it; absent where it does not tell. */
  readonly counts?: ClientCounts | undefined
  /** The newest commit that the answer could see. */
  readonly sequence: number
  /** The request is part of that commit, or may be. */
  readonly wrote: boolean
}

export class Outbox {
  readonly #blocks: Blocks
  readonly #onFailure: (error: unknown) => void
  readonly #onSync: (durationMs: number) => void
  readonly #clock: Clock
  #waiting: OutgoingAnswer[] = []
  #inFlight: Promise<void> | undefined
  #syncWanted = false
  #failure: unknown

  /** `onFailure` is called once, when a flush or sync failed for good; `onSync` after each sync, with its duration. */
  constructor(blocks: Blocks, clock: Clock, onFailure: (error: unknown) => void, onSync: (durationMs: number) => void) {
    this.#blocks = blocks
    this.#onFailure = onFailure
    this.#onSync = onSync
    this.#clock = clock
  }

  /** True if nothing waits and nothing is in flight. */
  get quiet(): boolean {
    return this.#waiting.length === 0 && this.#inFlight === undefined
  }

  add(answer: OutgoingAnswer): void {
    this.#waiting.push(answer)
  }

  /** Has everything published so far synced, with the next operation. */
  wantSync(): void {
    this.#syncWanted = true
    this.settle()
  }

  /** Lets go what may leave, and starts the flush or sync that the rest needs. */
  settle(): void {
    for (;;) {
      this.#release()
      if (this.#failure !== undefined || this.#inFlight !== undefined) return
      const sync = this.#syncWanted || this.#waiting.some(({ session }) => session.settings.durability === 'strict')
      if (!sync && this.#waiting.length === 0) return
      this.#syncWanted = false
      const before = this.#waiting.length
      const startedMs = this.#clock.monotonicMs()
      let operation: void | Promise<void>
      try {
        operation = sync ? this.#blocks.sync() : this.#blocks.flush()
      } catch (error) {
        this.#fail(error)
        return
      }
      if (operation) {
        this.#inFlight = operation.then(
          () => this.#done(sync, startedMs),
          (error: unknown) => this.#fail(error),
        )
        return
      }
      if (sync) this.#onSync(this.#clock.monotonicMs() - startedMs)
      this.#release()
      assert(before === 0 || this.#waiting.length < before, 'a flush or sync lets what waited for it leave')
    }
  }

  /** Resolves once everything published so far is synced. Throws what made a flush or sync fail. */
  async synced(): Promise<void> {
    const { sequence } = this.#blocks
    while (this.#failure === undefined && this.#blocks.syncedSequence < sequence) {
      this.wantSync()
      await this.#inFlight
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Resolves when nothing waits and nothing is in flight. */
  async drained(): Promise<void> {
    this.settle()
    while (this.#inFlight !== undefined) await this.#inFlight
  }

  #done(synced: boolean, startedMs: number): void {
    this.#inFlight = undefined
    if (synced) this.#onSync(this.#clock.monotonicMs() - startedMs)
    this.settle()
  }

  #fail(error: unknown): void {
    this.#inFlight = undefined
    this.#failure = error
    this.#release()
    const lost = this.#waiting
    this.#waiting = []
    const { flushedSequence } = this.#blocks
    this.#send(
      lost.map((answer) => ({ ...answer, reply: errorReply(answer.seq, lostError(answer, error, flushedSequence)) })),
    )
    this.#onFailure(error)
  }

  #release(): void {
    if (this.#waiting.length === 0) return
    const { syncedSequence, flushedSequence } = this.#blocks
    const kept: OutgoingAnswer[] = []
    const leaving: OutgoingAnswer[] = []
    for (const answer of this.#waiting) {
      const { session, sequence } = answer
      const reached =
        session.settings.durability === 'strict' ? syncedSequence : Math.max(flushedSequence, syncedSequence)
      if (sequence <= reached) leaving.push(answer)
      else kept.push(answer)
    }
    this.#waiting = kept
    this.#send(leaving)
  }

  /** One message per client. */
  #send(answers: readonly OutgoingAnswer[]): void {
    const bySession = new Map<Session, { replies: Reply[]; counts: ClientCounts | undefined }>()
    for (const { session, reply, counts } of answers) {
      const message = bySession.get(session)
      if (message) {
        message.replies.push(reply)
        message.counts = counts ?? message.counts
      } else bySession.set(session, { replies: [reply], counts })
    }
    for (const [session, { replies, counts }] of bySession) session.send(replies, counts)
  }
}

/** The store says by `retryable` that nothing of what it failed to write will ever appear; what was flushed before stays. */
function lostError({ wrote, sequence }: OutgoingAnswer, error: unknown, flushedSequence: number): unknown {
  if (!wrote || (error instanceof DataSyncError && error.code === 'evicted')) return error
  const undone = error instanceof DataSyncError && error.retryable && sequence > flushedSequence
  const message = error instanceof Error ? error.message : String(error)
  const options = { cause: error }
  if (!undone)
    return new LeaderLostError(
      'unknown',
      `The write could not be stored; whether it was applied is unknown. ${message}`,
      options,
    )
  if (error.code === 'quota')
    return new SqliteError('SQLITE_FULL', `database or disk is full (${message})`, { ...options, errno: SQLITE_FULL })
  return new LeaderLostError(
    'no',
    `The write could not be stored and was not applied; it is safe to retry. ${message}`,
    options,
  )
}
