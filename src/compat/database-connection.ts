// The first of the two older APIs: one class, one call, texts in and out.

import type { OpenOptions } from '../index.ts'
import { givenModule } from './init.ts'
import { jsonText } from './json-text.ts'
import { LazyDatabase, type OpenFunction } from './lazy-database.ts'
import { runStatement } from './run-statement.ts'

const NAME = 'worker.db'
const TIMEOUT_MS = 5000

/** What the older class did not have; every part may be left out. */
export interface DatabaseConnectionOptions extends OpenOptions {
  /** Default `worker.db`. */
  readonly name?: string | undefined
  /** Opens the database. Default `open` of `datasync`. */
  readonly open?: OpenFunction | undefined
}

/** A connection to the database `worker.db` of this site, shared with its other tabs. */
export class DatabaseConnection {
  readonly #database: LazyDatabase
  readonly #timeoutMs: number

  /** Begins to open the database; queries wait until it is. What fails is told to them. `timeoutMs` is 5000 by default. */
  constructor({ name = NAME, open, ...options }: DatabaseConnectionOptions = {}) {
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS
    this.#database = new LazyDatabase({
      name,
      open,
      options: { ...givenModule(), ...options, timeoutMs: this.#timeoutMs },
    })
  }

  /**
   * Runs one statement. Gives its rows as indented JSON (integers beyond 2^53 as texts, blobs as arrays of bytes), or, for
   * a statement without columns, the number of rows changed as decimal text.
   * Throws what `open` and `query` of `datasync` throw; TimeoutError after 5 seconds.
   */
  async query(sql: string): Promise<string> {
    const startedMs = performance.now()
    const database = await this.#database.get()
    const timeoutMs = this.#timeoutMs && Math.max(1, this.#timeoutMs - (performance.now() - startedMs))
    return jsonText(await runStatement(database, sql, { integers: 'auto', timeoutMs }))
  }

  /** Finishes what was asked for and closes the database. Queries made later reject with ClosedError. */
  close(): Promise<void> {
    return this.#database.close()
  }

  /** `close` without waiting for it. */
  free(): void {
    this.close().catch(() => {}) // there is nobody to tell, and nothing acknowledged is lost
  }
}
