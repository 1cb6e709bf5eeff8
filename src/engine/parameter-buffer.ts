// Room in the wasm heap for packed parameters. Text and blobs are bound where they lie, so the room must outlive the
// bindings: `release` comes after `Statement.clear`. One slot of 64 KiB is kept for the many small ones.
import { SqliteError } from '../errors/errors.ts'
import { assert } from '../store/assert.ts'
import { SQLITE_NOMEM } from '../vfs/result-codes.ts'
import type { WasmHeap } from '../vfs/wasm-heap.ts'
import type { SqliteExports } from './sqlite-exports.ts'

const SLOT_BYTES = 64 * 1024

export class ParameterBuffers {
  readonly #exports: SqliteExports
  readonly #heap: WasmHeap
  readonly #slot: number
  #slotUsed = false
  #live = 0

  constructor(exports: SqliteExports, heap: WasmHeap) {
    this.#exports = exports
    this.#heap = heap
    this.#slot = exports.sqlite3_malloc(SLOT_BYTES)
  }

  /** How many buffers are in use. */
  get live(): number {
    return this.#live
  }

  /** Copies `bytes` into the heap; returns where. Throws SqliteError `SQLITE_NOMEM`. */
  copy(bytes: Uint8Array): number {
    const inSlot = !this.#slotUsed && bytes.length <= SLOT_BYTES
    const pointer = inSlot ? this.#slot : this.#exports.sqlite3_malloc(bytes.length)
    if (pointer === 0) throw new SqliteError('SQLITE_NOMEM', 'out of memory', { errno: SQLITE_NOMEM })
    if (inSlot) this.#slotUsed = true
    this.#live++
    this.#heap.bytes().set(bytes, pointer)
    return pointer
  }

  release(pointer: number): void {
    assert(this.#live > 0, 'a buffer that is released was in use')
    this.#live--
    if (pointer === this.#slot) this.#slotUsed = false
    else this.#exports.sqlite3_free(pointer)
  }
}
