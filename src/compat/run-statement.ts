// One statement with everything that the older APIs tell of it: columns, rows, rows changed, the new rowid. It stands apart
// because the public API has a call for each purpose and this one needs two, sent together.

import type { ArrayRow, Database, IntegerMode, Parameters, Transaction } from '../index.ts'
import { statementVerb } from './statement-verb.ts'

export interface StatementOutcome {
  /** Empty for a statement that gives no rows. */
  readonly columns: readonly string[]
  readonly rows: readonly ArrayRow[]
  /** Rows inserted, updated or deleted. */
  readonly changes: number
  /** Of the last row that the statement inserted; undefined if it inserted none. */
  readonly lastInsertRowid: number | bigint | undefined
}

export interface RunStatementOptions {
  readonly params?: Parameters | undefined
  readonly integers: IntegerMode
  readonly timeoutMs?: number | undefined
}

/** Runs one statement on a database or in a transaction. Throws what `query` throws. */
export async function runStatement(
  target: Database | Transaction,
  sql: string,
  { params, integers, timeoutMs }: RunStatementOptions,
): Promise<StatementOutcome> {
  const verb = statementVerb(sql)
  const options = { rowMode: 'array', integers, timeoutMs } as const
  const run = async () => {
    if (verb === 'other') return { rows: await target.query(sql, params, options), changes: 0, lastInsertRowid: 0 }
    const [result] = await target.batch([params === undefined ? [sql] : [sql, params]], options)
    return result!
  }
  const [{ columns }, { rows, changes, lastInsertRowid }] = await Promise.all([
    target.prepare(sql, { timeoutMs }),
    run(),
  ])
  const inserted = verb === 'insert' && changes > 0
  return { columns, rows, changes, lastInsertRowid: inserted ? lastInsertRowid : undefined }
}
