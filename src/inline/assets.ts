// The package's own files in its single-file form, where they are part of the script: no second request, no address to get
// right, and nothing for a bundler to find. The price: a third more bytes for the wasm, a Content-Security-Policy that
// allows `blob:` workers, and no broker, since every page's blob has an address of its own; tabs talk over channels.

import wasm from 'embedded:wasm'
import worker from 'embedded:worker'

/** What a Content-Security-Policy has to allow for the worker. */
export const WORKER_SOURCE = 'blob:'

/** Kept for the life of the page: a worker that died is started again from it. */
let workerUrl: string | undefined

export function newDefaultWorker(): Worker {
  workerUrl ??= URL.createObjectURL(new Blob([worker], { type: 'text/javascript' }))
  return new Worker(workerUrl, { type: 'module' })
}

export function newDefaultBroker(): SharedWorker | undefined {
  return undefined
}

export function defaultWasm(): URL | Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(wasm), (character) => character.charCodeAt(0))
}
