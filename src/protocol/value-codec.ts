// The packed form of SQLite values, for parameters (page to worker) and rows (worker to page). One table, both ways:
//
//   byte 0  meaning                      followed by
//   0       NULL                         nothing
//   1       integer in 32 bits, signed   4 bytes little-endian
//   2       integer in 64 bits, signed   8 bytes little-endian
//   3       real                         8 bytes little-endian
//   4       text                         u32 byte length, UTF-8
//   5       blob                         u32 byte length, bytes
//
// A row is its values one after another; a chunk is its rows one after another. Column count and names travel in the
// message. It stands apart so that neither side knows the other's memory: the engine packs from and binds to the wasm
// heap by these bytes, the page encodes and decodes strings.
export const VALUE_NULL = 0
export const VALUE_INT32 = 1
export const VALUE_INT64 = 2
export const VALUE_REAL = 3
export const VALUE_TEXT = 4
export const VALUE_BLOB = 5

/** Up to here a payload is copied into its message: giving a buffer away costs more. */
const COPIED_BYTES_MAX = 16 * 1024

/** What of a message's payload is transferred with it. */
export function transferred(payload: ArrayBuffer | undefined): ArrayBuffer[] {
  return payload && payload.byteLength > COPIED_BYTES_MAX ? [payload] : []
}

/** Bytes of rows after which the engine starts a new chunk. */
export const CHUNK_BYTES = 1 << 20
