// An error as the page shows it: what happened, its code, and the place in the SQL where there is one.
import { DataSyncError, SqliteError } from 'datasync'

export interface Problem {
  readonly code: string
  readonly message: string
  /** True when making the same call again may help. */
  readonly retryable: boolean
  /** Offset of the offending token in the statement's text. */
  readonly offset?: number
}

export function describeError(error: unknown): Problem {
  if (error instanceof SqliteError && error.offset >= 0) {
    return { code: error.code, message: error.message, retryable: error.retryable, offset: error.offset }
  }
  if (error instanceof DataSyncError) {
    return { code: error.code, message: error.message, retryable: error.retryable }
  }
  return { code: 'error', message: error instanceof Error ? error.message : String(error), retryable: false }
}

/** The place of `offset` in `text`, as people count it. */
export function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset)
  return `line ${before.split('\n').length}, column ${offset - before.lastIndexOf('\n')}`
}
