// The default export of both older packages: there it loaded the wasm, here it only keeps a module that the page has
// compiled by itself. Everything else is loaded when a database is opened.

let given: WebAssembly.Module | undefined

/** Resolves at once. A compiled `sqlite3.wasm` that is passed is used by every database that is opened from then on. */
export async function init(module?: WebAssembly.Module | undefined): Promise<void> {
  if (module !== undefined) given = module
}

/** What `init` was given. */
export function givenModule(): { readonly wasmModule?: WebAssembly.Module } {
  return given ? { wasmModule: given } : {}
}
