// A value as the files of a result hold it. `Cell` is what a query gives, said anew here because the formats know nothing
// of databases.

export type Cell = null | number | bigint | string | Uint8Array

/** One text per call would cost much in a result of a million rows; a part is about this many characters. */
export const PART_CHARACTERS = 1 << 20

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export function hex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += HEX[byte]
  return text
}

export function base64(bytes: Uint8Array): string {
  const parts: string[] = []
  // A multiple of three, so that only the last part is padded.
  for (let at = 0; at < bytes.length; at += 24_576) {
    parts.push(btoa(String.fromCharCode(...bytes.subarray(at, at + 24_576))))
  }
  return parts.join('')
}

/** Infinity as SQLite itself writes it, which also reads as infinity in JSON. */
export function numberText(value: number): string {
  return Number.isFinite(value) ? String(value) : value > 0 ? '9e999' : '-9e999'
}
