// The workloads' SQL as Postgres wants it: numbered parameters, its own names for types, and many rows in one INSERT.
import type { Value } from './adapter.ts'

/** As many rows in one statement as keep it below the 65 535 parameters that Postgres takes. */
const PARAMETERS_MAX = 20_000

const TYPES: readonly (readonly [RegExp, string])[] = [
  [/\bREAL\b/g, 'DOUBLE PRECISION'],
  [/\bBLOB\b/g, 'BYTEA'],
]

const known = new Map<string, string>()

export function postgres(sql: string): string {
  let text = known.get(sql)
  if (text === undefined) {
    let parameters = 0
    text = sql.replace(/\?/g, () => `$${(parameters += 1)}`)
    for (const [from, to] of TYPES) text = text.replace(from, to)
    known.set(sql, text)
  }
  return text
}

export interface Portion {
  readonly sql: string
  readonly parameters: Value[]
}

/** An INSERT for many rows at a time; other statements once for each row. */
export function* portions(sql: string, rows: Iterable<readonly Value[]>): Generator<Portion> {
  const values = /^(INSERT .* VALUES) \(\?(, \?)*\)$/.exec(sql)
  if (!values?.[1]) {
    for (const row of rows) yield { sql: postgres(sql), parameters: [...row] }
    return
  }
  let taken: (readonly Value[])[] = []
  for (const row of rows) {
    taken.push(row)
    if (taken.length * row.length < PARAMETERS_MAX) continue
    yield manyRows(values[1], taken)
    taken = []
  }
  if (taken.length > 0) yield manyRows(values[1], taken)
}

function manyRows(head: string, rows: readonly (readonly Value[])[]): Portion {
  let parameters = 0
  const tuples = rows.map((row) => `(${row.map(() => `$${(parameters += 1)}`).join(', ')})`)
  return { sql: `${head} ${tuples.join(', ')}`, parameters: rows.flat() }
}
