// Starts the engine's worker in a real page, and the broker, and compiles the wasm. It stands apart because it alone knows a
// page's globals, and answers what goes wrong with the package's files by the setting to change.

import { pageTabs, wrapPort } from '../coordination/browser-tabs.ts'
import type { ClientPlatform, Port, Transport } from '../coordination/platform.ts'
import { realEnvironment } from '../environment.ts'
import { NO_ADDRESS, ORIGIN_REMEDY, WASM_POLICY_REMEDY } from '../errors/asset-words.ts'
import { AssetLoadError, StorageError } from '../errors/errors.ts'
import { consoleLog } from '../log.ts'
import type { WasmSource } from '../protocol/messages.ts'
import { defaultWasm, newDefaultBroker, newDefaultWorker, WORKER_SOURCE } from './assets.ts'
import type { PolicyViolation } from './worker-failure.ts'

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
    shareMemory,
    onVisibility,
    log: consoleLog,
    debugWanted,
    getWasm: async ({ wasmModule, wasmUrl }) => wasmModule ?? wasmFrom(wasmUrl ?? ownWasm()),
  }
}

function debugWanted(): boolean {
  try {
    return ['datasync-debug', 'sqlite-worker-debug'].some((key) => localStorage.getItem(key))
  } catch {
    // Not in a page, or in one that may keep nothing.
    return false
  }
}

// WebKit can be isolated and have none.
function shareMemory(bytes: number): SharedArrayBuffer | undefined {
  const shared = globalThis.crossOriginIsolated && typeof SharedArrayBuffer !== 'undefined'
  return shared ? new SharedArrayBuffer(bytes) : undefined
}

function onVisibility(listener: (visible: boolean) => void): () => void {
  if (typeof document === 'undefined') return () => {}
  const onChange = () => listener(document.visibilityState === 'visible')
  document.addEventListener('visibilitychange', onChange)
  return () => document.removeEventListener('visibilitychange', onChange)
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
  const url = absolute(file)
  return WebAssembly.compileStreaming(fetch(url, { credentials: 'same-origin' })).catch(() => ({ url }))
}

// The bytes are part of the script: nothing can be wrong with them, and a worker made of the same script has its policy.
function refusedByPolicy(cause: unknown): never {
  throw new AssetLoadError(`The browser refused to compile SQLite's wasm. ${WASM_POLICY_REMEDY}`, { cause })
}

class WorkerTransport implements Transport {
  onmessage: Transport['onmessage']
  onfailure: Transport['onfailure']
  readonly #worker: Worker
  readonly #watch = new AbortController()
  #spoke = false
  #violation: PolicyViolation | undefined

  constructor(workerUrl: string | URL | undefined) {
    if (workerUrl === undefined) ownWasm()
    this.#watchPolicy()
    try {
      this.#worker = workerUrl === undefined ? newDefaultWorker() : new Worker(workerUrl, { type: 'module' })
    } catch (cause) {
      this.#watch.abort()
      const url = workerUrl === undefined ? besideWasm() : absolute(workerUrl)
      throw new AssetLoadError(
        `The browser refused to start the worker${url ? ` from ${url}` : ''}: ${cause instanceof Error ? cause.message : cause}. ${ORIGIN_REMEDY} If it is the Content-Security-Policy that forbids it, add to that: worker-src ${WORKER_SOURCE}.`,
        { cause, ...(url !== undefined && { url }) },
      )
    }
    RUNNING.add(this.#worker)
    this.#worker.onmessage = (event: MessageEvent<unknown>) => {
      if (!this.#spoke) this.#watch.abort()
      this.#spoke = true
      this.onmessage?.(event.data)
    }
    // A script that cannot be loaded gives an event without a message.
    this.#worker.onerror = (event) => {
      event.preventDefault()
      if (this.#spoke || event.message) this.onfailure?.({ kind: 'crash', message: event.message ?? '' })
      else void this.#tellWhyNotLoaded(workerUrl)
    }
    this.#worker.onmessageerror = () => {
      this.onfailure?.({ kind: 'crash', message: 'a message from the worker could not be deserialized' })
    }
  }

  postMessage(message: Parameters<Transport['postMessage']>[0], transfer: Transferable[]): void {
    this.#worker.postMessage(message, transfer)
  }

  terminate(): void {
    this.#watch.abort()
    this.onfailure = undefined
    this.#worker.onmessage = this.#worker.onerror = this.#worker.onmessageerror = null
    this.#worker.terminate()
    RUNNING.delete(this.#worker)
  }

  /** The event comes before the worker's own, which does not say that it was the policy. */
  #watchPolicy(): void {
    if (typeof document === 'undefined') return
    const heard = ({ effectiveDirective }: SecurityPolicyViolationEvent) => {
      if (/^(worker|child|script|default)-src/.test(effectiveDirective))
        this.#violation ??= { directive: effectiveDirective }
    }
    document.addEventListener('securitypolicyviolation', heard, { signal: this.#watch.signal })
  }

  async #tellWhyNotLoaded(workerUrl: string | URL | undefined): Promise<void> {
    const violation = this.#violation
    const address = workerUrl === undefined ? besideWasm() : absolute(workerUrl)
    const message = await import('./worker-failure.ts').then(
      ({ explainWorkerFailure }) => explainWorkerFailure({ address, violation, source: WORKER_SOURCE }),
      () => '', // the server that lost the worker may have lost this file too
    )
    this.onfailure?.({ kind: 'load', message, ...(address !== undefined && { url: address }) })
  }
}

/** Throws AssetLoadError where the bundler took from the script what it knows of its own address. */
function ownWasm(): ReturnType<typeof defaultWasm> {
  try {
    return defaultWasm()
  } catch (cause) {
    throw new AssetLoadError(NO_ADDRESS, { cause })
  }
}

/** Where the worker was looked for if nobody moved the package's files; bundlers that do rename the wasm. */
function besideWasm(): string | undefined {
  const wasm = ownWasm()
  return wasm instanceof URL && wasm.pathname.endsWith('/sqlite3.wasm') ? new URL('worker.js', wasm).href : undefined
}

function absolute(url: string | URL): string {
  return new URL(url, typeof document === 'undefined' ? location.href : document.baseURI).href
}
