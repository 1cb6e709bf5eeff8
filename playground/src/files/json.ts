// A result as JSON: an array of objects, a row per line. Integers that a JSON reader would round are strings; blobs are
// base64. Columns of one name get a number, because an object would keep only the last.
import { base64, type Cell, numberText, PART_CHARACTERS } from './cells.ts'

export const JSON_TYPE = 'application/json'

/** The file in parts of about a megabyte. */
export function* jsonParts(columns: readonly string[], rows: readonly (readonly Cell[])[]): Generator<string> {
  const keys = uniqueNames(columns).map((name) => JSON.stringify(name))
  let part = '['
  let separator = '\n'
  for (const row of rows) {
    part += `${separator}{${keys.map((key, column) => `${key}:${valueText(row[column] ?? null)}`).join(',')}}`
    separator = ',\n'
    if (part.length < PART_CHARACTERS) continue
    yield part
    part = ''
  }
  yield `${part}\n]\n`
}

function valueText(value: Cell): string {
  if (value === null) return 'null'
  if (typeof value === 'number') return numberText(value)
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? String(value) : `"${value}"`
  return `"${base64(value)}"`
}

export function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set(names)
  const used = new Set<string>()
  return names.map((name) => {
    let free = name
    for (let count = 2; used.has(free) || (free !== name && taken.has(free)); count++) free = `${name}_${count}`
    used.add(free)
    return free
  })
}
