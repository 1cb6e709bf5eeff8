// What a conformance file runs on: the least that an SQL engine offers, so that plain SQLite, the engine and the public API
// in a browser can stand behind it.
import type { ConformanceValue } from './render.ts'

export interface ConformanceSession {
  /** Runs a script of one or more statements. Rejects with an error whose `code`, if any, is SQLite's name for it. */
  exec(sql: string): Promise<void>
  /** Runs one statement; gives the number of rows that it changed. */
  run(sql: string): Promise<number>
  /** Runs one statement; gives its rows. */
  query(sql: string): Promise<readonly (readonly ConformanceValue[])[]>
}

/** The text that a file's error patterns are held against. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? `${error.code}: ` : ''
  return `${code}${error.message}`
}
