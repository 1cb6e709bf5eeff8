// BLAKE3, the first 64 bits of it, in plain arithmetic: for blocks of a few KiB between half and all of the speed of a
// WebAssembly module, at a tenth of its size. It stands apart because published vectors decide it. It may assume that the
// processor stores the low byte first, as all do on which WebAssembly runs, and that inputs stay below 4 GiB.
import { compress, IV } from './blake3-compress.ts'

const CHUNK_START = 1
const CHUNK_END = 2
const PARENT = 4
const ROOT = 8

const BLOCK_BYTES = 64
const CHUNK_BYTES = 1024

let words = new Int32Array(0)
let input = new Uint8Array(0)
const cv = new Int32Array(8)
/** Chaining values of finished subtrees, those of more chunks first. */
const stack = new Int32Array(24 * 8)

/** Hashes the bytes of `parts`, one behind the other; the lowest byte of the value is BLAKE3's first. */
export function blake3(...parts: readonly Uint8Array[]): bigint {
  const bytes = take(parts)
  const chunks = Math.max(1, Math.ceil(bytes / CHUNK_BYTES))
  const last = chunks - 1
  let depth = 0
  for (let chunk = 0; chunk <= last; chunk++) {
    hashChunk(chunk, Math.min(bytes - chunk * CHUNK_BYTES, CHUNK_BYTES), last === 0 ? ROOT : 0)
    stack.set(cv, depth++ * 8)
    // Each zero at the end of the count of chunks is a subtree that this chunk finishes; the root is joined at the end.
    if (chunk < last) for (let count = chunk + 1; count % 2 === 0; count /= 2) join(--depth, 0)
  }
  while (depth > 1) join(--depth, depth === 1 ? ROOT : 0)
  return BigInt.asUintN(64, (BigInt(cv[1] as number) << 32n) | BigInt.asUintN(32, BigInt(cv[0] as number)))
}

/** Puts the parts into `words`, with zeros up to the end of the last block. */
function take(parts: readonly Uint8Array[]): number {
  const bytes = parts.reduce((sum, part) => sum + part.length, 0)
  const padded = Math.max(1, Math.ceil(bytes / BLOCK_BYTES)) * BLOCK_BYTES
  if (input.length < padded) {
    words = new Int32Array(padded / 4)
    input = new Uint8Array(words.buffer)
  }
  let at = 0
  for (const part of parts) {
    input.set(part, at)
    at += part.length
  }
  input.fill(0, bytes, padded)
  return bytes
}

function hashChunk(chunk: number, bytes: number, root: number): void {
  cv.set(IV)
  const lastBlock = Math.max(0, Math.ceil(bytes / BLOCK_BYTES) - 1)
  for (let block = 0; block <= lastBlock; block++) {
    const flags = (block === 0 ? CHUNK_START : 0) | (block === lastBlock ? CHUNK_END | root : 0)
    const at = (chunk * CHUNK_BYTES + block * BLOCK_BYTES) / 4
    compress(cv, words, at, chunk, Math.min(bytes - block * BLOCK_BYTES, BLOCK_BYTES), flags)
  }
}

/** Replaces the subtrees at `right` and before it by the one that they form; its value is in `cv` as well. */
function join(right: number, root: number): void {
  const left = (right - 1) * 8
  cv.set(IV)
  compress(cv, stack, left, 0, BLOCK_BYTES, PARENT | root)
  stack.set(cv, left)
}
