// A database behind a synchronous constructor: opened at once, awaited by the first call. It stands apart because both
// older classes have one. If opening fails, whoever waits is told, and the next call tries again.

import { ClosedError, type Database, type OpenOptions, open } from '../index.ts'

/** `open` of `datasync`, or another one: that of `datasync/node` or of a site of `datasync/testing`. */
export type OpenFunction = (name: string, options: OpenOptions) => Promise<Database>

export interface LazyDatabaseOptions {
  readonly name: string
  readonly open: OpenFunction | undefined
  readonly options: OpenOptions
  /** Done with each database that was opened, before anybody gets it. */
  readonly prepare?: (database: Database) => Promise<void>
}

export class LazyDatabase {
  readonly #options: LazyDatabaseOptions
  #opening: Promise<Database> | undefined
  #closing: Promise<void> | undefined

  constructor(options: LazyDatabaseOptions) {
    this.#options = options
    // Told to whoever asks for the database.
    this.get().catch(() => {})
  }

  /** The open database. Rejects with what opening failed with, ClosedError after `close`. */
  get(): Promise<Database> {
    const { name } = this.#options
    if (this.#closing) return Promise.reject(new ClosedError(`The database '${name}' has been closed.`))
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  /** Finishes what was asked for and closes; resolves also if it could not be opened at all. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #open(): Promise<Database> {
    const { name, options, prepare } = this.#options
    const database = await (this.#options.open ?? open)(name, options)
    try {
      await prepare?.(database)
      return database
    } catch (error) {
      await database.close()
      throw error
    }
  }

  async #close(): Promise<void> {
    const database = await this.#opening?.catch(() => undefined) // what never opened needs no closing
    await database?.close()
  }
}
