// Runs what stands in the console, one script at a time, and keeps what came of it.
import { signal } from '@preact/signals'
import { splitStatements } from '../sql/split.ts'
import { remember } from './history.ts'
import { errorSpan, type Span, type StatementOutcome, showOutcome, summary } from './outcome.ts'
import { isPlanQuery } from './plan.ts'
import { describeError, lineAndColumn } from './problem.ts'
import { isAtomic, runScript, type ScriptStatement, StatementFailure } from './script-run.ts'
import { notice, refresh, reopenIfStuck, session } from './session.ts'

export interface Running {
  readonly controller: AbortController
  readonly done: number
  readonly total: number
}

export const running = signal<Running | undefined>(undefined)

export type RunMode = 'run' | 'plan'

const EXPLAIN = 'EXPLAIN QUERY PLAN '

/** Runs the part `range` of `text`, or asks how SQLite would run it. */
export async function runSql(
  text: string,
  range: Span = { from: 0, to: text.length },
  mode: RunMode = 'run',
): Promise<void> {
  const current = session.value
  const part = text.slice(range.from, range.to)
  const statements = splitStatements(part).map(({ from, to }) => inText(part.slice(from, to), range.from + from, mode))
  if (current.phase !== 'open' || running.value || statements.length === 0) return
  const controller = new AbortController()
  const outcomes: StatementOutcome[] = []
  let changed = false
  let rolledBack = false
  running.value = { controller, done: 0, total: statements.length }
  errorSpan.value = undefined
  notice.value = undefined
  const started = performance.now()
  try {
    await runScript(current.db, statements, {
      signal: controller.signal,
      onOutcome(ended, changes) {
        outcomes.push(ended)
        changed ||= changes
        running.value = { controller, done: outcomes.length, total: statements.length }
      },
    })
  } catch (error) {
    rolledBack = isAtomic(statements)
    outcomes.push(failure(error, text, statements.length > 1))
  }
  const ended = { statements: outcomes, ms: performance.now() - started, rolledBack }
  showOutcome(ended)
  running.value = undefined
  remember(part, summary(ended))
  if (controller.signal.aborted) await reopenIfStuck()
  if (changed) await refresh()
}

function inText(sql: string, from: number, mode: RunMode): ScriptStatement {
  if (mode === 'run' || isPlanQuery(sql)) return { sql, from, prefix: 0 }
  return { sql: EXPLAIN + sql, from, prefix: EXPLAIN.length }
}

function failure(error: unknown, text: string, several: boolean): StatementOutcome {
  if (!(error instanceof StatementFailure)) return problem(error, '')
  const { sql, from, prefix } = error.statement
  const { offset } = describeError(error.cause)
  if (offset !== undefined) {
    const at = from + Math.max(0, offset - prefix)
    errorSpan.value = tokenAt(text, at)
    return problem(error.cause, sql, lineAndColumn(text, at))
  }
  // SQLite names no place: of several statements, at least the one that it is about is shown.
  if (!several) return problem(error.cause, sql)
  errorSpan.value = { from, to: from + sql.length - prefix }
  return problem(error.cause, sql, lineAndColumn(text, from))
}

function problem(error: unknown, sql: string, place?: string): StatementOutcome {
  return { sql, result: { kind: 'problem', problem: describeError(error), place } }
}

// From the offset to the end of the word or sign there; at the end of the text, its last character.
function tokenAt(text: string, at: number): Span {
  const from = Math.min(at, Math.max(0, text.length - 1))
  const length = /^(?:[\w$\u0080-\uffff]+|[\s\S])/.exec(text.slice(from))?.[0].length ?? 1
  return { from, to: from + length }
}

export function stop(): void {
  running.value?.controller.abort()
}
