// What the console is doing: running a script, what came of it, and the text to run next. Rows stay as plain arrays;
// the grid draws only those in view.
import { signal } from '@preact/signals'
import type { Database, SqlValue } from 'datasync'
import { formatCount } from '../format.ts'
import { type StatementRange, splitStatements } from '../sql/split.ts'
import { remember } from './history.ts'
import { describeError, lineAndColumn, type Problem } from './problem.ts'
import { refresh, session } from './session.ts'

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
export const running = signal<AbortController | undefined>(undefined)
/** Where the last error lies in the editor's text; cleared by the next edit or run. */
export const errorSpan = signal<Span | undefined>(undefined)

/** Runs `text`, which begins at `at` in the editor: all statements but the last as one script, then the last one. */
export async function runSql(text: string, at = 0): Promise<void> {
  const current = session.value
  const ranges = splitStatements(text)
  const last = ranges.at(-1)
  if (current.phase !== 'open' || running.value || !last) return
  const controller = new AbortController()
  running.value = controller
  errorSpan.value = undefined
  const started = performance.now()
  const elapsed = () => performance.now() - started
  let base = 0
  try {
    if (ranges.length > 1) await current.db.exec(text.slice(0, last.from), { signal: controller.signal })
    base = last.from
    const result = await runStatement(current.db, text.slice(last.from, last.to), controller.signal)
    outcome.value = finish(result, ranges, elapsed())
  } catch (error) {
    const problem = describeError(error)
    const offset = problem.offset === undefined ? undefined : base + problem.offset
    const place = offset === undefined ? undefined : lineAndColumn(text, offset)
    outcome.value = { kind: 'problem', problem, place, ms: elapsed() }
    errorSpan.value = offset === undefined ? undefined : tokenAt(text, at, offset)
  }
  running.value = undefined
  remember(text, summary(outcome.value))
  await refresh().catch((error: unknown) => {
    outcome.value = { kind: 'problem', problem: describeError(error), ms: elapsed() }
  })
}

interface StatementOutcome {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly SqlValue[])[]
  readonly changes: number
}

async function runStatement(db: Database, sql: string, signal: AbortSignal): Promise<StatementOutcome> {
  const statement = await db.prepare(sql, { signal })
  if (statement.columns.length === 0) {
    const { changes } = await statement.run([], { signal })
    return { columns: [], rows: [], changes }
  }
  const rows = await statement.query<SqlValue[]>([], { rowMode: 'array', signal })
  return { columns: statement.columns, rows, changes: 0 }
}

function finish(result: StatementOutcome, ranges: readonly StatementRange[], ms: number): Outcome {
  if (result.columns.length > 0) return { kind: 'rows', columns: result.columns, rows: result.rows, ms }
  if (ranges.length > 1) return { kind: 'script', statements: ranges.length, ms }
  return { kind: 'changes', changes: result.changes, ms }
}

// From the offset to the end of the word or sign there; at the end of the text, its last character.
function tokenAt(text: string, at: number, offset: number): Span {
  const from = Math.min(offset, Math.max(0, text.length - 1))
  const length = /^(?:[\w$\u0080-\uffff]+|[\s\S])/.exec(text.slice(from))?.[0].length ?? 1
  return { from: at + from, to: at + from + length }
}

export function stop(): void {
  running.value?.abort()
}

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
