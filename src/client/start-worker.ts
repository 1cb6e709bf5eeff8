// Starts the engine's worker in a real page, and the broker, and compiles the wasm. It stands apart because it alone knows a
// page's globals, and answers what goes wrong with the package's files by the setting to change.

import { pageTabs, wrapPort } from '../coordination/browser-tabs.ts'
import type { ClientPlatform, Port, Transport } from '../coordination/platform.ts'
import { realEnvironment } from '../environment.ts'
import { AssetLoadError, StorageError } from '../errors/errors.ts'
import type { WasmSource } from '../protocol/messages.ts'
import { defaultWasm, newDefaultBroker, newDefaultWorker } from './assets.ts'

/** Held here until they are ended: Firefox collects a worker that waits and that only its own handlers refer to. */
const RUNNING = new Set<Worker>()

const BROKER: WorkerOptions = { type: 'module', name: 'datasync' }

/** The page's own workers, locks, time and chance. Touches nothing until a worker is started. */
export function pagePlatform(): ClientPlatform {
  return {
    ...realEnvironment(),
    locks: typeof navigator === 'undefined' ? undefined : navigator.locks,
    tabs: pageTabs(connectBroker),
    startWorker,
    shareMemory: (bytes) => (globalThis.crossOriginIsolated ? new SharedArrayBuffer(bytes) : undefined),
    getWasm: async ({ wasmModule, wasmUrl }) => wasmModule ?? wasmFrom(wasmUrl ?? defaultWasm()),
  }
}

function startWorker(workerUrl: string | URL | undefined): Transport {
  if (typeof Worker !== 'undefined') return new WorkerTransport(workerUrl)
  throw new StorageError(
    'unavailable',
    "A database needs a web page with workers. Here (Node, server-side rendering, or inside a worker of an old browser) there are none: call open() in the browser only, for example in an effect or behind `typeof window`. In Node, open() of 'datasync/node' keeps databases in files.",
  )
}

/** The broker is the same script; where it cannot be had, tabs talk over channels. */
function connectBroker(workerUrl: string | URL | undefined): Port | undefined {
  if (typeof SharedWorker === 'undefined') return undefined
  try {
    const broker = workerUrl === undefined ? newDefaultBroker() : new SharedWorker(workerUrl, BROKER)
    return broker && wrapPort(broker.port)
  } catch {
    return undefined // refused by the page's policy, or a worker script from elsewhere
  }
}

// The page compiles while the worker's script loads and opens the storage. What fails here is tried again by the worker,
// which tells what is wrong with the file, and whose own policy may allow what the page's does not.
async function wasmFrom(file: string | URL | Uint8Array<ArrayBuffer>): Promise<WasmSource> {
  if (file instanceof Uint8Array) return WebAssembly.compile(file).catch(refusedByPolicy)
  const url = new URL(file, typeof document === 'undefined' ? location.href : document.baseURI).href
  return WebAssembly.compileStreaming(fetch(url, { credentials: 'same-origin' })).catch(() => ({ url }))
}

// The bytes are part of the script: nothing can be wrong with them, and a worker made of the same script has its policy.
function refusedByPolicy(cause: unknown): never {
  throw new AssetLoadError(
    "The browser refused to compile SQLite's wasm. Allow it in the page's Content-Security-Policy: script-src 'self' 'wasm-unsafe-eval'.",
    { cause },
  )
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
    RUNNING.add(this.#worker)
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
    RUNNING.delete(this.#worker)
  }
}
