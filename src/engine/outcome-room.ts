// Whether the store has room for one more outcome. Outcomes are kept until their client has acknowledged them, so clients
// that take very many answers without a word fill their space; new writes wait then, each in its lane and within its
// deadline, and whatever only reads goes on. What clients acknowledge is stored in a record of its own meanwhile, as the
// commits that would carry it are those that wait.
//
// Invariant: a transaction that has begun always finds room for its one outcome.
import { StorageError } from '../errors/errors.ts'
import type { MaintenanceStore } from './engine-store.ts'
import type { Session } from './session.ts'
import { refuseFull } from './write-transactions.ts'

/** A request has to wait for room; it has done nothing yet. */
export class NoOutcomeRoom extends Error {}

export interface OutcomeRoomParts {
  readonly store: MaintenanceStore
  readonly sessions: () => Iterable<Session>
  /** Runs a task between two requests. */
  readonly post: (task: () => Promise<void>) => void
  /** True while a transaction is open on the writer. */
  readonly owned: () => boolean
  readonly onFatal: (error: unknown) => void
}

export class OutcomeRoom {
  readonly #parts: OutcomeRoomParts
  /** Something may have been acknowledged, or a session ended, since this was last looked at. */
  #news = false
  /** Why no room can be made, until there is news. */
  #refusal: StorageError | undefined

  constructor(parts: OutcomeRoomParts) {
    this.#parts = parts
  }

  /** True if whoever needs room has to wait. */
  get waits(): boolean {
    return this.#parts.store.outcomesFull === true && this.#refusal === undefined
  }

  /** To be called before a write takes the writer. Throws NoOutcomeRoom, SqliteError `SQLITE_FULL`. */
  require(): void {
    if (this.waits) throw new NoOutcomeRoom()
    if (this.#parts.store.outcomesFull && this.#refusal) refuseFull(this.#refusal)
  }

  /** Something was acknowledged, or a session has ended. */
  noteNews(): void {
    this.#news = true
    this.#refusal = undefined
  }

  /** Has what was acknowledged stored, if that is what writes wait for. */
  make(): void {
    const { post, owned } = this.#parts
    if (!this.#news || !this.waits || owned()) return
    this.#news = false
    post(() => this.#store())
  }

  async #store(): Promise<void> {
    const { store, sessions, owned, onFatal } = this.#parts
    if (owned()) {
      this.#news = true
      return
    }
    try {
      await store.acknowledge?.([...sessions()])
    } catch (error) {
      if (error instanceof StorageError && error.code === 'quota') this.#refusal = error
      else onFatal(error)
    }
  }
}
