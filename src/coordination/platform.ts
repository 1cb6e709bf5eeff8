// What a client takes from outside: a way to start an engine, the ways to other tabs, locks, time and chance. It stands
// apart so that many tabs run in one thread from one seed, and so that only `page-platform.ts` knows a page's globals.

import type { Environment } from '../environment.ts'
import type { Log } from '../log.ts'
import type { ToEngine, WasmSource } from '../protocol/messages.ts'
import type { StorageJob } from '../protocol/storage-messages.ts'

/** How a transport ends by itself. `load`: the script never ran. `crash`: an error that nobody in the worker caught. */
export interface TransportFailure {
  readonly kind: 'load' | 'crash'
  /** What went wrong; of a script that did not load also what to do, as far as that is known. */
  readonly message: string
  /** The address of the script, where there is one. */
  readonly url?: string
}

/** A two-way line to one engine. After `terminate` nothing more arrives; a worker of this page is ended by it. */
export interface Transport {
  postMessage(message: ToEngine | StorageJob, transfer: Transferable[]): void
  /** Gets what the engine posts, unparsed. */
  onmessage: ((data: unknown) => void) | undefined
  onfailure: ((failure: TransportFailure) => void) | undefined
  terminate(): void
}

/** One end of a pair of message ports. */
export interface Port {
  postMessage(message: unknown, transfer: Transferable[]): void
  onmessage: ((data: unknown) => void) | undefined
  close(): void
}

/** A channel that everybody of this site hears who opened the same name, but not the speaker. */
export interface Channel {
  postMessage(message: unknown): void
  onmessage: ((data: unknown) => void) | undefined
  close(): void
}

/** Where the wasm for an engine comes from, as the options of `open` say. */
export interface WasmFiles {
  readonly wasmUrl: string | URL | undefined
  readonly wasmModule: WebAssembly.Module | undefined
}

/** The part of the Web Locks that a single page needs. */
export type Locks = Pick<LockManager, 'request'>

/**
 * `unload`: the page ends. `hide`: it is kept for coming back and stops as soon as the event has been handled. `freeze`: it may
 * stop at any moment. `show` and `resume`: it runs again.
 */
export type LifecycleEvent = 'unload' | 'hide' | 'show' | 'freeze' | 'resume'

/** What many tabs need beyond one page. */
export interface TabPlatform {
  readonly locks: Pick<LockManager, 'request' | 'query'>
  openChannel(name: string): Channel
  /** Two connected ports, each to be transferred or wrapped. */
  newPorts(): readonly [Transferable, Transferable]
  wrapPort(port: Transferable): Port
  /** A line to the broker that all pages of this release share; undefined where there is none. */
  connectBroker(workerUrl: string | URL | undefined): Port | undefined
  /** Calls back until the returned function is called. */
  onLifecycle(listener: (event: LifecycleEvent) => void): () => void
}

export interface ClientPlatform extends Environment {
  /** Missing in old browsers; then only what the worker says of itself tells that it died. */
  readonly locks: Locks | undefined
  /** Missing where tabs cannot find each other; then a database is open in one page at a time. */
  readonly tabs?: TabPlatform | undefined
  /** Takes what is logged when `debug` is on. */
  readonly log?: Log
  /** True if whoever looks at the page has turned `debug` on for all of its databases. */
  debugWanted?(): boolean
  /** Throws StorageError `unavailable` where there are no workers, AssetLoadError where this one is refused. */
  startWorker(workerUrl: string | URL | undefined): Transport
  /** Memory that the page's own worker shares; undefined where the page is not cross-origin isolated. */
  shareMemory?(bytes: number): SharedArrayBuffer | undefined
  /** Tells whenever the page is looked at again or is not any more, until the returned function is called. */
  onVisibility?(listener: (visible: boolean) => void): () => void
  /** Begins to get the wasm. Rejects with AssetLoadError only where no worker could get it either. */
  getWasm(files: WasmFiles): Promise<WasmSource>
}

/** Held by the worker as long as it lives; the page waits in its queue. Part of the protocol: both sides name it so. */
export function aliveLockName(client: string): string {
  return `datasync:alive:${client}`
}
