// Runs the statements of a script one after another, so that each has its own result. It stands apart from the console
// as the place that decides what belongs together: a script is one transaction, unless it says something that cannot be
// part of one.
import type { CallTiming, Database, Transaction } from 'datasync'
import type { Row, StatementOutcome } from './outcome.ts'
import { isPlanQuery, planTree } from './plan.ts'

export interface ScriptStatement {
  readonly sql: string
  /** Offset of its first character in the editor's text. */
  readonly from: number
  /** Characters in front of it that the editor does not show. */
  readonly prefix: number
}

/** A statement's error, with the statement. */
export class StatementFailure extends Error {
  readonly statement: ScriptStatement
  constructor(statement: ScriptStatement, cause: unknown) {
    super('A statement failed.', { cause })
    this.statement = statement
  }
}

export interface ScriptRun {
  readonly signal: AbortSignal
  /** Told of each statement, or group of statements, that has ended. */
  readonly onOutcome: (outcome: StatementOutcome, changed: boolean) => void
}

/** Statements beyond this number are many inserts rather than something to look at one by one. */
const SINGLE_MAX = 100
const ALONE = /^(BEGIN|SAVEPOINT|COMMIT|END|ROLLBACK|RELEASE|VACUUM|ATTACH|DETACH|PRAGMA)\b/i
const QUIET = /^(INSERT|REPLACE|UPDATE|DELETE|CREATE|DROP|ALTER|ANALYZE|REINDEX)\b/i
const CHANGES = /^(INSERT|REPLACE|UPDATE|DELETE|WITH)\b/i

/** Whether the script is all or nothing. */
export function isAtomic(statements: readonly ScriptStatement[]): boolean {
  return statements.length > 1 && !statements.some(({ sql }) => ALONE.test(sql))
}

/** Throws StatementFailure for a statement that failed, and whatever the transaction as a whole ends with. */
export async function runScript(db: Database, statements: readonly ScriptStatement[], run: ScriptRun): Promise<void> {
  const steps = statements.length > SINGLE_MAX ? grouped(statements) : statements.map((statement) => [statement])
  const runAll = async (target: Database | Transaction) => {
    for (const step of steps) await runStep(target, step, run)
  }
  if (isAtomic(statements)) await db.transaction(runAll, { signal: run.signal, timeoutMs: 0 })
  else await runAll(db)
}

async function runStep(target: Database | Transaction, step: readonly ScriptStatement[], run: ScriptRun) {
  const [first] = step
  if (!first) return
  try {
    if (step.length > 1) await runGroup(target, step, run)
    else await runOne(target, first, run)
  } catch (error) {
    throw new StatementFailure(first, error)
  }
}

async function runOne(target: Database | Transaction, { sql }: ScriptStatement, { signal, onOutcome }: ScriptRun) {
  let timing: CallTiming | undefined
  const options = {
    signal,
    timeoutMs: 0,
    onTiming: (measured: CallTiming) => {
      timing = measured
    },
  }
  const statement = await target.prepare(sql, { signal, timeoutMs: 0 })
  const changed = !statement.readonly
  const { columns } = statement
  if (columns.length > 0) {
    const rows: Row[] = await statement.query([], { ...options, rowMode: 'array' })
    const result = isPlanQuery(sql)
      ? ({ kind: 'plan', roots: planTree(rows) } as const)
      : ({ kind: 'rows', columns, rows } as const)
    onOutcome({ sql, result, timing }, changed)
    return
  }
  const { changes } = await statement.run([], options)
  const result = CHANGES.test(sql)
    ? ({ kind: 'changes', changes } as const)
    : ({ kind: 'done', statements: 1 } as const)
  onOutcome({ sql, result, timing }, changed)
}

// As one script: an error's place counts from the first statement, as it does in the editor.
async function runGroup(target: Database | Transaction, step: readonly ScriptStatement[], run: ScriptRun) {
  const { signal, onOutcome } = run
  const first = step[0]!
  let script = ''
  for (const { sql, from } of step) script = `${script.padEnd(from - first.from)}${sql};`
  await target.exec(script, { signal, timeoutMs: 0 })
  onOutcome({ sql: first.sql, result: { kind: 'done', statements: step.length } }, true)
}

function grouped(statements: readonly ScriptStatement[]): ScriptStatement[][] {
  const groups: ScriptStatement[][] = []
  let open: ScriptStatement[] | undefined
  for (const statement of statements) {
    const quiet = QUIET.test(statement.sql) && !/\bRETURNING\b/i.test(statement.sql)
    if (quiet && open) open.push(statement)
    else {
      const group = [statement]
      groups.push(group)
      open = quiet ? group : undefined
    }
  }
  return groups
}
