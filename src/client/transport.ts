// What the client takes from outside: a way to the engine, locks, time and chance. It stands apart so that the whole
// client runs in one thread against a scripted engine, and so that only `start-worker.ts` knows what a Worker is.

import type { Environment } from '../environment.ts'
import type { ToEngine, WasmSource } from '../protocol/messages.ts'
import type { StorageJob } from '../protocol/storage-messages.ts'

/** How a transport ends by itself. `load`: the script never ran. `crash`: an error that nobody in the worker caught. */
export interface TransportFailure {
  readonly kind: 'load' | 'crash'
  readonly message: string
  /** The address of the script, where there is one. */
  readonly url?: string
}

/** A two-way line to one worker. After `terminate` nothing more arrives. */
export interface Transport {
  postMessage(message: ToEngine | StorageJob, transfer: Transferable[]): void
  /** Gets what the worker posts, unparsed. */
  onmessage: ((data: unknown) => void) | undefined
  onfailure: ((failure: TransportFailure) => void) | undefined
  terminate(): void
}

/** Where the wasm for an engine comes from, as the options of `open` say. */
export interface WasmFiles {
  readonly wasmUrl: string | URL | undefined
  readonly wasmModule: WebAssembly.Module | undefined
}

/** The part of the Web Locks that is used here. */
export type Locks = Pick<LockManager, 'request'>

export interface ClientPlatform extends Environment {
  /** Missing in old browsers; then only what the worker says of itself tells that it died. */
  readonly locks: Locks | undefined
  /** Throws StorageError `unavailable` where there are no workers, AssetLoadError where this one is refused. */
  startWorker(workerUrl: string | URL | undefined): Transport
  /** Begins to get the wasm; never rejects. */
  getWasm(files: WasmFiles): Promise<WasmSource>
}

/** Held by the worker as long as it lives; the page waits in its queue. Part of the protocol: both sides name it so. */
export function aliveLockName(client: string): string {
  return `datasync:alive:${client}`
}
