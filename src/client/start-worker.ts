// Starts the engine's worker in a real page, and the broker. It stands apart because bundlers look for the expressions below
// literally: `new Worker(new URL(...), ...)`, `new SharedWorker(...)` and `new URL('./sqlite3.wasm', ...)`. Each is alone in
// a function; none may take a variable or a condition, and all resolve against the built package, where worker and wasm
// lie beside this code.

import { pageTabs, wrapPort } from '../coordination/browser-tabs.ts'
import type { ClientPlatform, Port, Transport } from '../coordination/platform.ts'
import { realEnvironment } from '../environment.ts'
import { AssetLoadError, StorageError } from '../errors/errors.ts'
import type { WasmSource } from '../protocol/messages.ts'

const BROKER: WorkerOptions = { type: 'module', name: 'datasync' }

/** The page's own workers, locks, time and chance. Touches nothing until a worker is started. */
export function pagePlatform(): ClientPlatform {
  return {
    ...realEnvironment(),
    locks: typeof navigator === 'undefined' ? undefined : navigator.locks,
    tabs: pageTabs(connectBroker),
    startWorker,
    shareMemory: (bytes) => (globalThis.crossOriginIsolated ? new SharedArrayBuffer(bytes) : undefined),
    getWasm: async ({ wasmModule, wasmUrl }) => wasmModule ?? wasmFrom(wasmUrl ?? defaultWasmUrl()),
  }
}

function startWorker(workerUrl: string | URL | undefined): Transport {
  if (typeof Worker !== 'undefined') return new WorkerTransport(workerUrl)
  throw new StorageError(
    'unavailable',
    'A database needs a web page with workers. Here (Node, server-side rendering, or inside a worker of an old browser) there are none: call open() in the browser only, for example in an effect or behind `typeof window`.',
  )
}

/** The broker is the same script; where it cannot be had, tabs talk over channels. */
function connectBroker(workerUrl: string | URL | undefined): Port | undefined {
  if (typeof SharedWorker === 'undefined') return undefined
  try {
    const { port } = workerUrl === undefined ? newDefaultBroker() : new SharedWorker(workerUrl, BROKER)
    return wrapPort(port)
  } catch {
    return undefined // refused by the page's policy, or a worker script from elsewhere
  }
}

function newDefaultBroker(): SharedWorker {
  return new SharedWorker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'datasync' })
}

function newDefaultWorker(): Worker {
  return new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
}

function defaultWasmUrl(): URL {
  return new URL('./sqlite3.wasm', import.meta.url)
}

// The page compiles while the worker's script loads and opens the storage. What fails here is tried again by the worker,
// which tells what is wrong with the file.
async function wasmFrom(url: string | URL): Promise<WasmSource> {
  const absolute = new URL(url, typeof document === 'undefined' ? location.href : document.baseURI).href
  return WebAssembly.compileStreaming(fetch(absolute, { credentials: 'same-origin' })).catch(() => ({ url: absolute }))
}

class WorkerTransport implements Transport {
  onmessage: Transport['onmessage']
  onfailure: Transport['onfailure']
  readonly #worker: Worker
  #spoke = false

  constructor(workerUrl: string | URL | undefined) {
    const url = workerUrl === undefined ? 'the place beside the package' : String(workerUrl)
    try {
      this.#worker = workerUrl === undefined ? newDefaultWorker() : new Worker(workerUrl, { type: 'module' })
    } catch (cause) {
      throw new AssetLoadError(
        `The browser refused to start the worker from ${url}. Serve the file 'datasync/worker' from the page's own origin, name it with the option 'workerUrl' of open(), and allow it in the page's Content-Security-Policy (worker-src).`,
        { cause, url },
      )
    }
    this.#worker.onmessage = (event: MessageEvent<unknown>) => {
      this.#spoke = true
      this.onmessage?.(event.data)
    }
    // A script that cannot be loaded gives an event without a message.
    this.#worker.onerror = (event) => {
      event.preventDefault()
      const kind = this.#spoke || event.message ? 'crash' : 'load'
      this.onfailure?.({ kind, message: event.message ?? '', url })
    }
    this.#worker.onmessageerror = () => {
      this.onfailure?.({ kind: 'crash', message: 'a message from the worker could not be deserialized', url })
    }
  }

  postMessage(message: Parameters<Transport['postMessage']>[0], transfer: Transferable[]): void {
    this.#worker.postMessage(message, transfer)
  }

  terminate(): void {
    this.#worker.onmessage = this.#worker.onerror = this.#worker.onmessageerror = null
    this.#worker.terminate()
  }
}
