// Work of an application that lives in the worker, beside the database: what remains when no message has to cross.
import type { Row, Value } from '../adapters/adapter.ts'
import { INSERT_PERSON, keys, people } from './people.ts'
import { SELECT_ONE } from './statements.ts'

/** What some answer at once need not be a promise. */
export interface Beside {
  runMany(sql: string, rows: Iterable<readonly Value[]>): void | Promise<void>
  query(sql: string, parameters: readonly Value[]): readonly Row[] | Promise<readonly Row[]>
  /** Where many reads can be given at once for less. */
  queryAll?(sql: string, parameters: readonly (readonly Value[])[]): Promise<readonly (readonly Row[])[]>
}

export const ROWS_PER_SELECT = 5

export const TASKS = {
  async bulk(db: Beside, count: number): Promise<void> {
    await db.runMany(INSERT_PERSON, people(count))
  },
  async selects(db: Beside, count: number): Promise<void> {
    const all = keys(count, count * ROWS_PER_SELECT)
    let found = 0
    if (db.queryAll) {
      const results = await db.queryAll(
        SELECT_ONE,
        all.map((key) => [key]),
      )
      for (const rows of results) found += rows.length
    } else
      for (const key of all) {
        const answer = db.query(SELECT_ONE, [key])
        found += (answer instanceof Promise ? await answer : answer).length
      }
    if (found !== count) throw new Error(`The answer is wrong: ${found} rows for ${count} keys`)
  },
}

export type Task = keyof typeof TASKS
