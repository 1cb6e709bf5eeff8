// CRC-32C (Castagnoli), eight bytes at a time by tables ("slicing-by-8"). It stands apart because it is plain arithmetic
// that published vectors decide, and because its 8 KiB of tables are made when the first block asks for it.

const POLYNOMIAL = 0x82f63b78

/** Table k, at k * 256, says what a byte becomes when k further bytes have passed. */
let tables: Int32Array | undefined

function makeTables(): Int32Array {
  const made = new Int32Array(8 * 256)
  for (let index = 0; index < made.length; index++) {
    if (index < 256) {
      let value = index
      for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? POLYNOMIAL : 0)
      made[index] = value
    } else {
      const shorter = made[index - 256] as number
      made[index] = (shorter >>> 8) ^ (made[shorter & 0xff] as number)
    }
  }
  return made
}

/** The CRC-32C of `bytes` behind bytes whose CRC is `before` (default: none), as an unsigned number. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  tables ??= makeTables()
  const table = tables
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let crc = ~before
  let at = 0
  for (const end = bytes.length - 7; at < end; at += 8) {
    const low = crc ^ view.getInt32(at, true)
    const high = view.getInt32(at + 4, true)
    crc =
      (table[1792 + (low & 0xff)] as number) ^
      (table[1536 + ((low >>> 8) & 0xff)] as number) ^
      (table[1280 + ((low >>> 16) & 0xff)] as number) ^
      (table[1024 + (low >>> 24)] as number) ^
      (table[768 + (high & 0xff)] as number) ^
      (table[512 + ((high >>> 8) & 0xff)] as number) ^
      (table[256 + ((high >>> 16) & 0xff)] as number) ^
      (table[high >>> 24] as number)
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ (table[(crc ^ (bytes[at] as number)) & 0xff] as number)
  return ~crc >>> 0
}
