// Runs what stands in the console, one script at a time, and keeps what came of it.
import { signal } from '@preact/signals'
import type { Statement } from 'datasync'
import { splitStatements } from '../sql/split.ts'
import { remember } from './history.ts'
import { errorSpan, type Outcome, outcome, type Span, summary } from './outcome.ts'
import { describeError, lineAndColumn } from './problem.ts'
import { notice, refresh, reopenIfStuck, session } from './session.ts'

export const running = signal<AbortController | undefined>(undefined)

/** Runs the part `range` of `text`: all statements but the last as one script, then the last one. */
export async function runSql(text: string, range: Span = { from: 0, to: text.length }): Promise<void> {
  const current = session.value
  const part = text.slice(range.from, range.to)
  const statements = splitStatements(part)
  const last = statements.at(-1)
  if (current.phase !== 'open' || running.value || !last) return
  const controller = new AbortController()
  const { signal } = controller
  running.value = controller
  errorSpan.value = undefined
  notice.value = undefined
  const started = performance.now()
  const elapsed = () => performance.now() - started
  let ended: Outcome
  let base = range.from
  let changed = statements.length > 1
  try {
    if (statements.length > 1) await current.db.exec(part.slice(0, last.from), { signal })
    base += last.from
    const statement = await current.db.prepare(part.slice(last.from, last.to), { signal })
    changed ||= !statement.readonly
    ended = await runStatement(statement, statements.length, signal, elapsed)
  } catch (error) {
    const problem = describeError(error)
    const at = problem.offset === undefined ? undefined : base + problem.offset
    errorSpan.value = at === undefined ? undefined : tokenAt(text, at)
    ended = { kind: 'problem', problem, place: at === undefined ? undefined : lineAndColumn(text, at), ms: elapsed() }
  }
  outcome.value = ended
  running.value = undefined
  remember(part, summary(ended))
  if (signal.aborted) await reopenIfStuck()
  if (changed) await refresh()
}

async function runStatement(
  statement: Statement,
  statements: number,
  signal: AbortSignal,
  elapsed: () => number,
): Promise<Outcome> {
  if (statement.columns.length > 0) {
    const rows = await statement.query([], { rowMode: 'array', signal })
    return { kind: 'rows', columns: statement.columns, rows, ms: elapsed() }
  }
  const { changes } = await statement.run([], { signal })
  return statements > 1 ? { kind: 'script', statements, ms: elapsed() } : { kind: 'changes', changes, ms: elapsed() }
}

// From the offset to the end of the word or sign there; at the end of the text, its last character.
function tokenAt(text: string, at: number): Span {
  const from = Math.min(at, Math.max(0, text.length - 1))
  const length = /^(?:[\w$\u0080-\uffff]+|[\s\S])/.exec(text.slice(from))?.[0].length ?? 1
  return { from, to: from + length }
}

export function stop(): void {
  running.value?.abort()
}
