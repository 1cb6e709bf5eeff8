// The wasm in Node: compiled once per process, from the package that has the JavaScript to it. It stands apart because it
// is kept between databases.

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { WasmFiles } from '../coordination/platform.ts'
import type { WasmSource } from '../protocol/messages.ts'

const FILE = '@sqlite.org/sqlite-wasm/sqlite3.wasm'

let compiled: Promise<WebAssembly.Module> | undefined

/** What the options name, else the package's own. What cannot be read is left to the thread, which tells why. */
export async function wasmInNode({ wasmModule, wasmUrl }: WasmFiles): Promise<WasmSource> {
  if (wasmModule) return wasmModule
  if (wasmUrl !== undefined) return { url: pathOf(wasmUrl) }
  compiled ??= readFile(createRequire(import.meta.url).resolve(FILE)).then((bytes) =>
    WebAssembly.compile(new Uint8Array(bytes)),
  )
  return compiled.catch(() => ({ url: FILE }))
}

function pathOf(url: string | URL): string {
  return String(url).startsWith('file:') ? fileURLToPath(url) : String(url)
}
