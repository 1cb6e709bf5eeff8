// The answer of `DatabaseConnection.query`: a text that `JSON.parse` understands, whatever was asked. It stands apart
// because this form is all that the users of that class ever see.
//
//   rows      an array of objects by column name, indented by two spaces; of columns with one name the last counts
//   integers  numbers; beyond 2^53 texts of their digits, since a number would be another one
//   reals     numbers; infinity, which JSON cannot say, is null
//   blobs     arrays of their bytes
//   no rows   the number of rows changed, as decimal text

import type { SqlValue } from '../index.ts'
import type { StatementOutcome } from './run-statement.ts'

/** What a statement gave, as JSON. */
export function jsonText({ columns, rows, changes }: StatementOutcome): string {
  if (columns.length === 0) return String(changes)
  const objects = rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, jsonValue(row[index]!)])))
  return JSON.stringify(objects, null, 2)
}

function jsonValue(value: SqlValue): null | number | string | number[] {
  if (typeof value === 'bigint') return String(value)
  return value instanceof Uint8Array ? [...value] : value
}
