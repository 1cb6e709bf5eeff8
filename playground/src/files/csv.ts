// A result as CSV (RFC 4180): a header, CRLF, quotes where they are needed. NULL is an empty field and an empty text is a
// quoted one, so that the two stay apart; blobs are hexadecimal digits; integers are exact.
import { type Cell, hex, numberText, PART_CHARACTERS } from './cells.ts'

export const CSV_TYPE = 'text/csv;charset=utf-8'

/** The file in parts of about a megabyte. */
export function* csvParts(columns: readonly string[], rows: readonly (readonly Cell[])[]): Generator<string> {
  let part = `${columns.map(textField).join(',')}\r\n`
  for (const row of rows) {
    part += `${columns.map((_, column) => field(row[column] ?? null)).join(',')}\r\n`
    if (part.length < PART_CHARACTERS) continue
    yield part
    part = ''
  }
  if (part) yield part
}

function field(value: Cell): string {
  if (value === null) return ''
  if (typeof value === 'string') return textField(value)
  if (typeof value === 'number') return numberText(value)
  return typeof value === 'bigint' ? String(value) : hex(value)
}

function textField(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
