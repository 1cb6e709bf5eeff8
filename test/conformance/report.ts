// The words for what a file's run gave: every failure with file and line, in the form that editors make a link of.
import { execute, type FileResult } from './execute.ts'
import { ParseError, parseConformance } from './parse.ts'
import type { ConformanceSession } from './session.ts'

const SHOWN_FAILURES = 20

/** Labels of plain SQLite, and of this project's engine, which is SQLite with rules of its own. */
export const SQLITE: ReadonlySet<string> = new Set(['sqlite'])
export const DATASYNC: ReadonlySet<string> = new Set(['sqlite', 'datasync'])

/** Parses and runs one file. A file that cannot be parsed is one failure; none of it runs. */
export async function runFile(
  session: ConformanceSession,
  text: string,
  labels: ReadonlySet<string>,
): Promise<FileResult> {
  try {
    return await execute(session, parseConformance(text), labels)
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    return { passed: 0, skipped: 0, failures: [{ line: error.line, message: error.message }] }
  }
}

/** One line per failure, `file:line: message`; '' if there is none. */
export function describeFailures(file: string, { failures }: FileResult): string {
  const lines = failures.slice(0, SHOWN_FAILURES).map(({ line, message }) => `${file}:${line}: ${message}`)
  if (failures.length > SHOWN_FAILURES) lines.push(`${file}: ${failures.length - SHOWN_FAILURES} more failures`)
  return lines.join('\n')
}
