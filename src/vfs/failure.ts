// What went wrong below SQLite, kept while SQLite carries it upwards as a bare number. The engine takes it after a call
// that failed and attaches it as the cause. A failed assertion, or any failure while a commit is being published, is
// fatal: the file calls answer an error from then on, because SQLite's caches may no longer match the store.
import { SnapshotTooOldError, StorageError } from '../errors/errors.ts'
import { SQLITE_FULL, SQLITE_IOERR, SQLITE_IOERR_DATA } from './result-codes.ts'

export class VfsFailure {
  #last: unknown
  #fatal: unknown

  /** The first fatal failure; the engine has to be closed. */
  get fatal(): unknown {
    return this.#fatal
  }

  /** Keeps `error` and returns SQLite's code for it, or `otherwise`. */
  keep(error: unknown, otherwise: number): number {
    this.#last = error
    if (error instanceof SnapshotTooOldError) return otherwise
    if (!(error instanceof StorageError)) return this.keepFatal(error)
    if (error.code === 'quota') return SQLITE_FULL
    return error.code === 'corrupt' ? SQLITE_IOERR_DATA : otherwise
  }

  keepFatal(error: unknown): number {
    this.#last = error
    this.#fatal ??= error
    return SQLITE_IOERR
  }

  /** The failure since the last call of this, which forgets it. */
  take(): unknown {
    const error = this.#last
    this.#last = undefined
    return error
  }
}
