// What came of the last run, statement by statement: rows, a plan, a number, or an error with its place. Rows stay plain
// arrays; the grid draws only those in view.
import { signal } from '@preact/signals'
import type { CallTiming, SqlValue } from 'datasync'
import { formatCount } from '../format.ts'
import type { PlanNode } from './plan.ts'
import type { Problem } from './problem.ts'

export type Row = readonly SqlValue[]

export interface RowsResult {
  readonly kind: 'rows'
  readonly columns: readonly string[]
  readonly rows: readonly Row[]
}

export type Result =
  | RowsResult
  | { readonly kind: 'plan'; readonly roots: readonly PlanNode[] }
  | { readonly kind: 'changes'; readonly changes: number }
  /** Statements that ran without telling more. */
  | { readonly kind: 'done'; readonly statements: number }
  | { readonly kind: 'problem'; readonly problem: Problem; readonly place: string | undefined }

export interface StatementOutcome {
  readonly sql: string
  readonly result: Result
  /** Absent where the engine tells none. */
  readonly timing?: CallTiming | undefined
}

export interface Outcome {
  readonly statements: readonly StatementOutcome[]
  readonly ms: number
  /** True if it failed as one transaction, so that nothing of it was kept. */
  readonly rolledBack: boolean
}

/** A place in the editor's text. */
export interface Span {
  readonly from: number
  readonly to: number
}

export const outcome = signal<Outcome | undefined>(undefined)
/** The statement whose result is shown, or the list of all. */
export const shown = signal<number | 'all'>('all')
/** Where the last error lies in the editor's text; cleared by the next edit or run. */
export const errorSpan = signal<Span | undefined>(undefined)

/** How the last load of the data set ended, if there was one since the database was opened. */
export const loadEnd = signal<{ readonly text: string; readonly problem?: Problem } | undefined>(undefined)

/** Shows `next`: its error if there is one, else its last result that has something to show. */
export function showOutcome(next: Outcome): void {
  outcome.value = next
  const last = next.statements.length - 1
  if (last <= 0) {
    shown.value = 0
    return
  }
  const failed = next.statements[last]?.result.kind === 'problem'
  const visible = next.statements.findLastIndex(({ result }) => result.kind === 'rows' || result.kind === 'plan')
  shown.value = failed ? last : visible >= 0 ? visible : 'all'
}

export function summaryOf(result: Result): string {
  switch (result.kind) {
    case 'rows':
      return formatCount(result.rows.length, 'row')
    case 'plan':
      return 'plan'
    case 'changes':
      return `${formatCount(result.changes, 'row')} changed`
    case 'done':
      return result.statements > 1 ? `${formatCount(result.statements, 'statement')} ran` : 'done'
    case 'problem':
      return result.problem.code
  }
}

export function summary({ statements }: Outcome): string {
  const last = statements.at(-1)
  if (!last) return 'nothing'
  const count = statements.reduce((sum, { result }) => sum + (result.kind === 'done' ? result.statements : 1), 0)
  const text = summaryOf(last.result)
  return count === 1 || last.result.kind === 'problem' ? text : `${formatCount(count, 'statement')}, ${text}`
}
