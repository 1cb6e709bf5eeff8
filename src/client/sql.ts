// Pieces of SQL that are put together: text from the program, values as parameters. It stands apart because it is the one
// place where text and values meet; everything below sees one text and one list.
//
// Invariants: a value never becomes text; the text of a fragment depends on the program and on how many values there are,
// not on the values, so that the engine finds the compiled statement again.

import { BindError, UsageError } from '../errors/errors.ts'
import type { BindValue } from '../protocol/value-writer.ts'

/** More parameters than this SQLite does not take in one statement. */
const PARAMETERS_MAX = 32_766

/** What may stand in `${}` of a template: a value, which becomes a parameter, or a fragment, which becomes part of the text. */
export type SqlPart = BindValue | SqlFragment

/** A piece of SQL with its values; made by `sql`. */
export class SqlFragment {
  /** The SQL, with `?` in the place of each value. */
  readonly text: string
  readonly values: readonly BindValue[]

  /** Use `sql` instead. */
  constructor(text: string, values: readonly BindValue[]) {
    this.text = text
    this.values = values
  }
}

/** The template tag `sql` and its helpers. */
export interface Sql {
  /**
   * A fragment: values in `${}` become parameters, fragments become part of it. Throws BindError for an array or a plain
   * object, which no parameter can hold.
   */
  (strings: TemplateStringsArray, ...parts: readonly SqlPart[]): SqlFragment
  /** A name, quoted; several become a qualified one: `sql.id('main', 'note')`. Throws UsageError for an empty name. */
  id(...names: readonly string[]): SqlFragment
  /**
   * The list of an IN, with its parentheses: `WHERE id IN ${sql.in(ids)}`. Its text is the same for lists of similar
   * length: it repeats the last value up to a power of two, which changes nothing for IN. Throws UsageError for an empty
   * list and for more than 32 766 values.
   */
  in(values: Iterable<BindValue>): SqlFragment
  /** The parts with `separator` between them; nothing for none. Default separator: a comma. */
  join(parts: Iterable<SqlPart>, separator?: SqlFragment): SqlFragment
  /** Rows for VALUES: `INSERT INTO note (id, text) VALUES ${sql.values(rows)}`. All rows have the same number of values, at least one. */
  values(rows: Iterable<readonly SqlPart[]>): SqlFragment
  /** Text that becomes SQL as it is. Never give it what a user has typed. */
  raw(text: string): SqlFragment
  /** A value as one parameter of JSON text: `sql.json({ tags: ['a'] })`. Throws UsageError for what JSON cannot hold. */
  json(value: unknown): SqlFragment
  /** No text at all, for a part that is left out. */
  readonly empty: SqlFragment
}

export const sql: Sql = Object.assign(
  (strings: TemplateStringsArray, ...parts: readonly SqlPart[]): SqlFragment => {
    if (!isTemplate(strings)) {
      throw misuse(
        'sql is a template tag: write sql`SELECT ...`. For text that the program has made, there is sql.raw().',
      )
    }
    return put(strings, parts)
  },
  { id, in: list, join, values, raw, json, empty: new SqlFragment('', []) },
)

/** True for the first argument of a template tag. */
export function isTemplate(value: unknown): value is TemplateStringsArray {
  return Array.isArray(value) && 'raw' in value && Array.isArray(value.raw)
}

/** The texts with the parts between them. */
function put(texts: readonly string[], parts: readonly SqlPart[]): SqlFragment {
  let text = texts[0] ?? ''
  const values: BindValue[] = []
  for (const [index, part] of parts.entries()) {
    if (part instanceof SqlFragment) {
      text += part.text
      values.push(...part.values)
    } else {
      text += '?'
      values.push(checkValue(part, index + 1))
    }
    text += texts[index + 1] ?? ''
  }
  if (values.length > PARAMETERS_MAX) {
    throw misuse(
      `The fragment has ${values.length} values, SQLite takes at most ${PARAMETERS_MAX}. Use runMany() for many rows, or one JSON parameter and json_each().`,
    )
  }
  return new SqlFragment(text, values)
}

function checkValue(value: BindValue, place: number): BindValue {
  const wrong = Array.isArray(value) ? 'an array' : isPlainObject(value) ? 'a plain object' : undefined
  if (wrong === undefined) return value
  const remedy = Array.isArray(value)
    ? 'sql.in(), sql.join() or sql.values() for a list, sql.json() for'
    : 'sql.json() for'
  throw new BindError(
    `Value ${place} of the template is ${wrong}, which is no value of SQLite. Use ${remedy} JSON text.`,
    place,
  )
}

function isPlainObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

function id(...names: readonly string[]): SqlFragment {
  if (names.length === 0) throw misuse("sql.id() takes at least one name, such as sql.id('note').")
  const quoted = names.map((name) => {
    if (typeof name !== 'string' || name === '' || name.includes('\0')) {
      throw misuse('A name given to sql.id() must be a text that is not empty and has no NUL character.')
    }
    return `"${name.replaceAll('"', '""')}"`
  })
  return new SqlFragment(quoted.join('.'), [])
}

function list(values: Iterable<BindValue>): SqlFragment {
  const all = [...iterable(values, 'sql.in() takes a list of values, such as sql.in([1, 2, 3]).')]
  const last = all.at(-1)
  if (last === undefined) {
    throw misuse(
      'sql.in() was given an empty list (or one that ends with undefined). Nothing is in an empty list: leave the query out, or the condition.',
    )
  }
  const length = Math.min(2 ** Math.ceil(Math.log2(all.length)), Math.max(PARAMETERS_MAX, all.length))
  const parts = all.concat(Array.from({ length: length - all.length }, () => last))
  const inside = put(['', ...Array.from({ length: length - 1 }, () => ', '), ''], parts)
  return new SqlFragment(`(${inside.text})`, inside.values)
}

function join(parts: Iterable<SqlPart>, separator: SqlFragment = new SqlFragment(', ', [])): SqlFragment {
  if (!(separator instanceof SqlFragment)) {
    throw misuse('The separator of sql.join() must be a fragment, such as sql` AND `.')
  }
  const all = [...iterable(parts, 'sql.join() takes a list of values and fragments.')]
  const joined = all.flatMap((part, index) => (index === 0 ? [part] : [separator, part]))
  return put([], joined)
}

function values(rows: Iterable<readonly SqlPart[]>): SqlFragment {
  const remedy = 'sql.values() takes a list of rows, each an array of values: sql.values([[1, "a"], [2, "b"]]).'
  const all = [...iterable(rows, remedy)]
  const width = all[0]?.length ?? 0
  if (width === 0) throw misuse(`${remedy} There must be at least one row with at least one value.`)
  const tuples = all.map((row, index) => {
    if (!Array.isArray(row)) throw misuse(`${remedy} Row ${index + 1} is no array.`)
    if (row.length !== width)
      throw misuse(`Row ${index + 1} of sql.values() has ${row.length} values, the first has ${width}.`)
    return put(['(', ...Array.from({ length: width - 1 }, () => ', '), ')'], row)
  })
  return join(tuples)
}

function raw(text: string): SqlFragment {
  if (typeof text !== 'string') throw misuse('sql.raw() takes a text.')
  return new SqlFragment(text, [])
}

function json(value: unknown): SqlFragment {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    throw new UsageError('invalid-argument', `sql.json() cannot write this value as JSON: ${String(cause)}`, { cause })
  }
  if (text === undefined) throw misuse(`sql.json() cannot write ${typeof value} as JSON.`)
  return new SqlFragment('?', [text])
}

function iterable<T>(given: Iterable<T>, remedy: string): Iterable<T> {
  if (typeof given === 'object' && given !== null && Symbol.iterator in given) return given
  throw misuse(remedy)
}

function misuse(message: string): UsageError {
  return new UsageError('invalid-argument', message)
}
