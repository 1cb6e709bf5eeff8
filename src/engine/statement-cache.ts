// Compiled statements of one connection by their text; the least recently used goes first. Statements in use are taken out
// of the cache, so that the same text can run twice at a time.
import type { Statement } from './statement.ts'

export class StatementCache {
  readonly #countMax: number
  readonly #statements = new Map<string, Statement>()

  constructor(countMax = 200) {
    this.#countMax = countMax
  }

  get size(): number {
    return this.#statements.size
  }

  /** Takes a statement out, or answers undefined. */
  take(sql: string): Statement | undefined {
    const statement = this.#statements.get(sql)
    if (statement) this.#statements.delete(sql)
    return statement
  }

  /** Gives a cleared statement back. */
  put(statement: Statement): void {
    const other = this.#statements.get(statement.sql)
    if (other) {
      statement.finalize()
      return
    }
    this.#statements.set(statement.sql, statement)
    if (this.#statements.size <= this.#countMax) return
    for (const [sql, oldest] of this.#statements) {
      this.#statements.delete(sql)
      oldest.finalize()
      return
    }
  }

  clear(): void {
    for (const statement of this.#statements.values()) statement.finalize()
    this.#statements.clear()
  }
}
