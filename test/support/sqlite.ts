// SQLite for tests in Node: the official module's wasm, compiled once per process, started anew for each engine.
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'

let compiled: Promise<WebAssembly.Module> | undefined

export function sqliteWasm(): Promise<WebAssembly.Module> {
  compiled ??= readFile(createRequire(import.meta.url).resolve('@sqlite.org/sqlite-wasm/sqlite3.wasm')).then((bytes) =>
    WebAssembly.compile(bytes),
  )
  return compiled
}
