// One engine as a client knows it, from the first greeting to its end: its own page's worker, or another page's over a
// port. It stands apart from the line, which only knows whether there is an engine to send to, and from the member, which
// decides what comes after an engine's end.
//
//   starting ----ready----> ready ----close()----> closing ----closed----> ended
//      |                      |                       |
//      +---failed, death------+--------death----------+------------------> ended
//
// Death is noticed in three ways: the engine says so (`terminated`, `closed`), its transport fails, or, where it just
// vanishes, by a Web Lock that it holds while it lives and on which the client waits. Without Web Locks the third is not
// there: a ping that is not answered in time would not tell a dead worker from a busy one, so none is made, and such a
// death ends calls by their deadlines only.
//
// A link never comes back: messages of an engine that has ended are never looked at.

import type { Clock } from '../environment.ts'
import {
  AbortError,
  AssetLoadError,
  ClosedError,
  DataSyncError,
  LeaderLostError,
  TimeoutError,
  UsageError,
} from '../errors/errors.ts'
import { fromWireError } from '../errors/wire.ts'
import {
  type Answers,
  type EngineEvent,
  type EngineInfo,
  type Hello,
  PROTOCOL_VERSION,
  type ToEngine,
  type WasmSource,
} from '../protocol/messages.ts'
import { parseFromEngine } from '../protocol/parse.ts'
import type { Locks, Transport, TransportFailure } from './platform.ts'

export interface EngineLinkOptions {
  readonly transport: Transport
  readonly hello: Hello
  /** For an engine that has to be started. */
  readonly wasm: Promise<WasmSource> | undefined
  readonly locks: Locks | undefined
  /** The lock that the engine holds while it lives. `held`: already before it is ready. */
  readonly life: { readonly lock: string; readonly held: boolean }
  readonly clock: Clock
  readonly timeoutMs: number
  onAnswers(answers: Answers): void
  onEvent(event: EngineEvent['event']): void
  /** Called once if an engine that was ready has ended without being asked to. */
  onDeath(cause: Error): void
}

type State = 'starting' | 'ready' | 'closing' | 'ended'

export class EngineLink {
  readonly #options: EngineLinkOptions
  readonly #watch = new AbortController()
  #state: State = 'starting'
  #watching = false
  #started: { resolve(info: EngineInfo): void; reject(error: Error): void } | undefined
  #closing: Promise<void> | undefined
  #closed: (() => void) | undefined

  constructor(options: EngineLinkOptions) {
    this.#options = options
  }

  get ended(): boolean {
    return this.#state === 'ended'
  }

  /**
   * Greets the engine and resolves once it is ready. Rejects with StorageError, AssetLoadError or what else the engine
   * says, TimeoutError, AbortError, or the cause of its death. To be called once.
   */
  async start(signal?: AbortSignal): Promise<EngineInfo> {
    const { transport, hello, wasm, clock, timeoutMs, life } = this.#options
    const started = new Promise<EngineInfo>((resolve, reject) => {
      this.#started = { resolve, reject }
    })
    transport.onmessage = (data) => this.#receive(data)
    transport.onfailure = (failure) => this.#die(failureError(failure))
    const onAbort = () => this.#die(new AbortError('Opening was aborted by its signal.', { cause: signal?.reason }))
    if (signal?.aborted) onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })
    const cancelTimer =
      timeoutMs === 0
        ? undefined
        : clock.after(timeoutMs, () => this.#die(new TimeoutError(`The database did not open within ${timeoutMs} ms.`)))
    // It may reject while the wasm is still awaited; whoever is awaited first, the rejection is seen below.
    started.catch(() => {})
    try {
      if (!this.ended) transport.postMessage(hello, [])
      if (life.held) this.#watchLife()
      const source = await wasm?.catch((error: unknown) => this.#die(toError(error)))
      if (source && !this.ended) transport.postMessage({ type: 'wasm', wasm: source }, [])
      return await started
    } finally {
      cancelTimer?.()
      signal?.removeEventListener('abort', onAbort)
    }
  }

  post(message: ToEngine, transfer: Transferable[]): void {
    if (!this.ended) this.#options.transport.postMessage(message, transfer)
  }

  /** Says goodbye and resolves once the engine has let the client go, or is no more. */
  async close(): Promise<void> {
    if (this.#state === 'starting') this.#end(closedWhileOpening())
    if (this.#state === 'ready') {
      this.#state = 'closing'
      this.#closing = new Promise((resolve) => {
        this.#closed = resolve
      })
      this.#options.transport.postMessage({ type: 'goodbye', client: this.#options.hello.client }, [])
    }
    await this.#closing
  }

  /** Ends the link at once, and with it a worker of this page. */
  terminate(): void {
    this.#end(closedWhileOpening())
  }

  #receive(data: unknown): void {
    if (this.ended) return
    try {
      this.#handle(data)
    } catch (error) {
      this.#die(error instanceof Error ? error : new DataSyncError('internal', String(error)))
    }
  }

  #handle(data: unknown): void {
    const message = parseFromEngine(data)
    switch (message.type) {
      case 'answers':
        this.#options.onAnswers(message)
        return
      case 'opening':
        this.#watchLife()
        return
      case 'ready':
        if (message.protocol !== PROTOCOL_VERSION) throw versionError(message.protocol)
        this.#state = 'ready'
        this.#watchLife()
        this.#started?.resolve(message.info)
        return
      case 'failed':
        this.#die(fromWireError(message.error))
        return
      case 'closed':
        this.#die(new ClosedError('The engine closed the database.'))
        return
      case 'event':
        if (message.event.name === 'terminated') this.#die(fromWireError(message.event.error))
        else this.#options.onEvent(message.event)
        return
      default:
        throw new UsageError('protocol', `Unknown message ${message satisfies never}`)
    }
  }

  // The engine held its lock before the request was made, so that is granted only once the engine is no more.
  #watchLife(): void {
    if (this.#watching) return
    this.#watching = true
    const { locks, life } = this.#options
    const { signal } = this.#watch
    locks
      ?.request(life.lock, { mode: 'shared', signal }, () => {
        this.#die(new DataSyncError('worker-ended', 'The worker ended without a word; its lock was released.'))
      })
      .catch((error: unknown) => {
        if (!signal.aborted) this.#die(toError(error))
      })
  }

  #die(cause: Error): void {
    const wasReady = this.#state === 'ready'
    this.#end(cause)
    if (wasReady) this.#options.onDeath(cause)
  }

  /** A worker after an uncaught error still runs and holds its files, so it is always ended. */
  #end(cause: Error): void {
    if (this.ended) return
    this.#state = 'ended'
    const { transport } = this.#options
    this.#watch.abort()
    transport.onmessage = transport.onfailure = undefined
    transport.terminate()
    this.#started?.reject(cause)
    this.#closed?.()
  }
}

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

const closedWhileOpening = () => new ClosedError('The database was closed while it was being opened.')

/** The error for a worker that has failed by itself. */
export function failureError(failure: TransportFailure): Error {
  if (failure.kind === 'crash') return new DataSyncError('internal', `The worker failed: ${failure.message}`)
  const message =
    failure.message ||
    `The worker's script could not be loaded from ${failure.url ?? 'its address'}. Set the option 'workerUrl' of open() to where 'datasync/worker' is served, and allow it in the Content-Security-Policy (worker-src).`
  return new AssetLoadError(message, failure.url === undefined ? {} : { url: failure.url })
}

function versionError(protocol: number): AssetLoadError {
  return new AssetLoadError(
    `The worker speaks protocol ${protocol}, this page ${PROTOCOL_VERSION}: they are of different releases. Serve the worker of this page's, or correct the option 'workerUrl'.`,
  )
}

/** The error for work that was under way inside an engine that died. */
export function lostTransactionError(cause: Error): LeaderLostError {
  return new LeaderLostError(
    'no',
    "The database's worker ended while the transaction was open. It was rolled back and can be run again (option `retries`).",
    { cause },
  )
}
