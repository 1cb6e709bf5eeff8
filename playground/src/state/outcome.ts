// What came of the last run and the last load: rows, a number, or an error with its place. Rows stay plain arrays; the
// grid draws only those in view.
import { signal } from '@preact/signals'
import type { SqlValue } from 'datasync'
import { formatCount } from '../format.ts'
import type { Problem } from './problem.ts'

export interface RowsOutcome {
  readonly kind: 'rows'
  readonly columns: readonly string[]
  readonly rows: readonly (readonly SqlValue[])[]
  readonly ms: number
}

export type Outcome =
  | RowsOutcome
  | { readonly kind: 'changes'; readonly changes: number; readonly ms: number }
  | { readonly kind: 'script'; readonly statements: number; readonly ms: number }
  | { readonly kind: 'problem'; readonly problem: Problem; readonly place?: string | undefined; readonly ms: number }

/** A place in the editor's text. */
export interface Span {
  readonly from: number
  readonly to: number
}

export const outcome = signal<Outcome | undefined>(undefined)
/** Where the last error lies in the editor's text; cleared by the next edit or run. */
export const errorSpan = signal<Span | undefined>(undefined)

/** How the last load of the data set ended, if there was one since the database was opened. */
export const loadEnd = signal<{ readonly text: string; readonly problem?: Problem } | undefined>(undefined)

export function summary(result: Outcome): string {
  switch (result.kind) {
    case 'rows':
      return formatCount(result.rows.length, 'row')
    case 'changes':
      return `${formatCount(result.changes, 'row')} changed`
    case 'script':
      return formatCount(result.statements, 'statement')
    case 'problem':
      return result.problem.code
  }
}
