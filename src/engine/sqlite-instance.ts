// One started SQLite module with the VFS registered: what all connections of an engine share.
import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm'
import type { Environment } from '../environment.ts'
import type { Blocks } from '../store/block-store-types.ts'
import { SqliteVfs } from '../vfs/vfs.ts'
import type { WasmHeap } from '../vfs/wasm-heap.ts'
import { ParameterBuffers } from './parameter-buffer.ts'
import { SqlFunctions } from './sql-functions.ts'
import { exportsOf, type SqliteExports } from './sqlite-exports.ts'

export class SqliteInstance {
  readonly sqlite3: Sqlite3Static
  readonly exports: SqliteExports
  readonly vfs: SqliteVfs
  readonly heap: WasmHeap
  readonly parameters: ParameterBuffers
  readonly functions: SqlFunctions
  readonly environment: Environment

  constructor(sqlite3: Sqlite3Static, blocks: Blocks, environment: Environment) {
    this.sqlite3 = sqlite3
    this.environment = environment
    this.exports = exportsOf(sqlite3)
    this.vfs = new SqliteVfs(sqlite3, blocks, environment)
    this.heap = this.vfs.heap
    this.parameters = new ParameterBuffers(this.exports, this.heap)
    this.functions = new SqlFunctions(
      this.exports,
      this.heap,
      (signature, call) => sqlite3.wasm.installFunction(signature, call),
      (text, use) => this.withText(text, use),
    )
  }

  /** Runs `use` with `text` as a NUL-terminated string in the heap. */
  withText<T>(text: string, use: (pointer: number, bytes: number) => T): T {
    const encoded = new TextEncoder().encode(`${text}\0`)
    const pointer = this.parameters.copy(encoded)
    try {
      return use(pointer, encoded.length)
    } finally {
      this.parameters.release(pointer)
    }
  }
}
