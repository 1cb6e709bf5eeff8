// UTF-8 bytes to a string. It stands apart because most texts in a database are short ASCII, for which a call into the
// platform's decoder costs several times the work itself.

/** Up to here the characters are handed to String.fromCharCode at once; measured in `bench/codec.mjs`. */
const SHORT_BYTES_MAX = 48

// A text that begins with U+FEFF begins with a character, not with a byte order mark. Bytes that are no UTF-8, which
// SQLite stores when told to, become U+FFFD.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

// One reused array per length keeps its elements small integers and the call free of allocation.
const units: number[][] = Array.from({ length: SHORT_BYTES_MAX + 1 }, (_, length) => new Array<number>(length).fill(0))

/** The text in `bytes` from `at` to `end`. */
export function readText(bytes: Uint8Array<ArrayBuffer>, at: number, end: number): string {
  const short = units[end - at]
  if (!short) return decoder.decode(bytes.subarray(at, end))
  for (let i = 0; i < short.length; i++) {
    const unit = bytes[at + i]!
    if (unit > 0x7f) return decoder.decode(bytes.subarray(at, end))
    short[i] = unit
  }
  return String.fromCharCode.apply(null, short)
}
