// The package's own files as a page finds them. It stands apart because bundlers look for these expressions literally:
// `new Worker(new URL(...), ...)`, `new SharedWorker(...)` and `new URL('./sqlite3.wasm', ...)`. Each is alone in a function;
// none may take a variable or a condition, and all resolve against the built package, where worker and wasm lie beside this
// code. The single-file build has `inline/assets.ts` in its place.

/** What a Content-Security-Policy has to allow for the worker. */
export const WORKER_SOURCE = "'self'"

/** The engine's worker, from the file beside the package. Throws what the browser throws. */
export function newDefaultWorker(): Worker {
  return new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
}

/** The broker that all pages share, from the same file; undefined where tabs cannot share one. */
export function newDefaultBroker(): SharedWorker | undefined {
  return new SharedWorker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'datasync' })
}

/** Where SQLite's wasm is: its address, or its bytes. */
export function defaultWasm(): URL | Uint8Array<ArrayBuffer> {
  return new URL('./sqlite3.wasm', import.meta.url)
}
