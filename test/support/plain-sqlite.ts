// Opens the bytes of a SQLite file with plain SQLite, nothing of this package in between: what an export is judged by.
import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm'
import { loadSqlite } from '../../src/engine/sqlite-module.ts'
import { sqliteWasm } from './sqlite.ts'

/** A database in memory that holds the file's bytes; to be closed by the caller. */
export async function openPlain(file: Uint8Array) {
  return openPlainIn(await loadSqlite(await sqliteWasm(), {}), file)
}

/** The same in a SQLite that is there already. */
export function openPlainIn(sqlite3: Sqlite3Static, file: Uint8Array) {
  const plain = new sqlite3.oo1.DB(':memory:')
  const { SQLITE_DESERIALIZE_FREEONCLOSE, SQLITE_DESERIALIZE_RESIZEABLE, sqlite3_deserialize } = sqlite3.capi
  // A copy, since a Buffer is no plain Uint8Array to the module.
  const pointer = sqlite3.wasm.allocFromTypedArray(new Uint8Array(file))
  const flags = SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE
  const code = sqlite3_deserialize(plain.pointer!, 'main', pointer, file.length, file.length, flags)
  if (code !== 0) throw new Error(`sqlite3_deserialize answered ${code}`)
  return plain
}
