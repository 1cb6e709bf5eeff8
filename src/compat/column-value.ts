// Values as the older API gives them: each with the name of its SQLite type. It stands apart because a JavaScript number
// alone does not tell 1 from 1.0; integers are read as bigint for that, and become numbers here.

import { type SqlValue, UsageError } from '../index.ts'
import type { ColumnValue } from './published-types.ts'

/** A value of a row that was read with `integers: 'bigint'`. Throws UsageError `integer-range`. */
export function columnValue(value: SqlValue): ColumnValue {
  switch (typeof value) {
    case 'bigint':
      return { type: 'Integer', value: exactNumber(value) }
    case 'number':
      return { type: 'Real', value }
    case 'string':
      return { type: 'Text', value }
    default:
      return value === null ? { type: 'Null' } : { type: 'Blob', value }
  }
}

function exactNumber(integer: bigint): number {
  const number = Number(integer)
  if (Number.isSafeInteger(number)) return number
  throw new UsageError(
    'integer-range',
    `The integer ${integer} does not fit a number exactly, which is all that this API has. Ask for CAST(... AS TEXT).`,
  )
}
