// The life of the engine's worker as its page sees it: started, ready, dead, started again, closed. It stands apart from
// the line, which only knows whether there is an engine to send to.
//
//   none ----start----> starting ----ready----> ready ----goodbye----> closing ----closed----> closed
//     ^                    |                      |                       |
//     +------failed--------+                      |                       +---(any end)------> closed
//     +-----------------(death)-------------------+
//
// Death is noticed in three ways: the worker says so (`terminated`), an error event, or, where a worker just vanishes,
// by a Web Lock that the worker holds while it lives and on which the page waits. Without Web Locks the third is not
// there: a ping that is not answered in time would not tell a dead worker from a busy one, so none is made, and such a
// death ends calls by their deadlines only.
//
// A dead engine's messages are never looked at: each engine has an object of its own, dropped at its end.

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
  type ClientId,
  type EngineEvent,
  type EngineInfo,
  type Hello,
  PROTOCOL_VERSION,
  type ToEngine,
} from '../protocol/messages.ts'
import { parseFromEngine } from '../protocol/parse.ts'
import {
  aliveLockName,
  type ClientPlatform,
  type Transport,
  type TransportFailure,
  type WasmFiles,
} from './transport.ts'

export interface EngineHostOptions {
  readonly platform: ClientPlatform
  readonly client: ClientId
  readonly files: WasmFiles & { readonly workerUrl: string | URL | undefined }
  /** Sent to each engine at its start. */
  readonly hello: () => Hello
  readonly timeoutMs: number
  onReady(info: EngineInfo, post: (message: ToEngine, transfer: Transferable[]) => void): void
  onAnswers(answers: Answers): void
  onEvent(event: EngineEvent['event']): void
  onDeath(cause: Error): void
}

interface Engine {
  readonly transport: Transport
  readonly started: { resolve(info: EngineInfo): void; reject(error: Error): void }
  ready: boolean
  /** Ends the waiting for the worker's lock. */
  readonly watch: AbortController
}

export class EngineHost {
  readonly #options: EngineHostOptions
  #engine: Engine | undefined
  #starting: Promise<EngineInfo> | undefined
  #closed: (() => void) | undefined

  constructor(options: EngineHostOptions) {
    this.#options = options
  }

  /**
   * Starts an engine unless there is one; resolves once it is ready. Rejects with StorageError, AssetLoadError or what
   * else the engine says, TimeoutError, or AbortError.
   */
  start(signal?: AbortSignal): Promise<EngineInfo> {
    this.#starting ??= this.#start(signal).catch((error: unknown) => {
      this.#starting = undefined
      throw error
    })
    return this.#starting
  }

  /** Says goodbye and resolves once the worker has closed the database, or is no more. */
  async close(): Promise<void> {
    const engine = this.#engine
    if (!engine) return
    if (!engine.ready) {
      this.#drop(engine)
      return
    }
    const closed = new Promise<void>((resolve) => {
      this.#closed = resolve
    })
    engine.transport.postMessage({ type: 'goodbye', client: this.#options.client }, [])
    await closed
    this.#drop(engine)
  }

  /** Ends the engine at once. */
  terminate(): void {
    if (this.#engine) this.#drop(this.#engine)
    this.#closed?.()
  }

  async #start(signal: AbortSignal | undefined): Promise<EngineInfo> {
    const { platform, files, timeoutMs } = this.#options
    if (signal?.aborted) throw new AbortError('Opening was aborted by its signal.', { cause: signal.reason })
    const transport = platform.startWorker(files.workerUrl)
    const wasm = platform.getWasm(files)
    let settle: Engine['started'] | undefined
    const started = new Promise<EngineInfo>((resolve, reject) => {
      settle = { resolve, reject }
    })
    const engine: Engine = { transport, started: settle!, ready: false, watch: new AbortController() }
    this.#engine = engine
    transport.onmessage = (data) => this.#receive(engine, data)
    transport.onfailure = (failure) => this.#die(engine, failureError(failure))
    const fail = (error: Error) => this.#die(engine, error)
    const onAbort = () => fail(new AbortError('Opening was aborted by its signal.', { cause: signal?.reason }))
    signal?.addEventListener('abort', onAbort, { once: true })
    const cancelTimer =
      timeoutMs === 0
        ? undefined
        : platform.clock.after(timeoutMs, () =>
            fail(new TimeoutError(`The database did not open within ${timeoutMs} ms.`)),
          )
    // It may reject while the wasm is still awaited; whoever is awaited first, the rejection is seen below.
    started.catch(() => {})
    try {
      transport.postMessage(this.#options.hello(), [])
      const source = await wasm
      if (this.#engine === engine) transport.postMessage({ type: 'wasm', wasm: source }, [])
      return await started
    } catch (error) {
      if (this.#engine === engine) this.#drop(engine)
      throw error
    } finally {
      cancelTimer?.()
      signal?.removeEventListener('abort', onAbort)
    }
  }

  #receive(engine: Engine, data: unknown): void {
    if (this.#engine !== engine) return
    try {
      this.#handle(engine, data)
    } catch (error) {
      this.#die(engine, error instanceof Error ? error : new DataSyncError('internal', String(error)))
    }
  }

  #handle(engine: Engine, data: unknown): void {
    const message = parseFromEngine(data)
    switch (message.type) {
      case 'answers':
        this.#options.onAnswers(message)
        return
      case 'ready':
        if (message.protocol !== PROTOCOL_VERSION) throw versionError(message.protocol)
        engine.ready = true
        this.#watch(engine)
        this.#options.onReady(message.info, (toEngine, transfer) => engine.transport.postMessage(toEngine, transfer))
        engine.started.resolve(message.info)
        return
      case 'failed':
        this.#die(engine, fromWireError(message.error))
        return
      case 'closed':
        if (this.#closed) this.#closed()
        else this.#die(engine, new ClosedError('The worker closed the database.'))
        return
      case 'event':
        if (message.event.name === 'terminated') this.#die(engine, fromWireError(message.event.error))
        else this.#options.onEvent(message.event)
        return
      default:
        throw new UsageError('protocol', `Unknown message ${message satisfies never}`)
    }
  }

  // The worker held its lock before it said `ready`, so the request is granted only once the worker is no more.
  #watch(engine: Engine): void {
    const { platform, client } = this.#options
    const { signal } = engine.watch
    platform.locks
      ?.request(aliveLockName(client), { signal }, () => {
        this.#die(engine, new DataSyncError('worker-ended', 'The worker ended without a word; its lock was released.'))
      })
      .catch((error: unknown) => {
        if (!signal.aborted) this.#die(engine, error instanceof Error ? error : new Error(String(error)))
      })
  }

  #die(engine: Engine, cause: Error): void {
    if (this.#engine !== engine) return
    engine.started.reject(cause)
    this.#drop(engine)
    if (this.#closed) {
      this.#closed()
    } else if (engine.ready) {
      this.#starting = undefined
      this.#options.onDeath(cause)
    }
  }

  /** A worker after an uncaught error still runs and holds its files, so it is always ended. */
  #drop(engine: Engine): void {
    this.#engine = undefined
    engine.watch.abort()
    engine.transport.onmessage = engine.transport.onfailure = undefined
    engine.transport.terminate()
    engine.started.reject(new ClosedError('The database was closed while it was being opened.'))
  }
}

/** The error for a worker that has failed by itself. */
export function failureError(failure: TransportFailure): Error {
  if (failure.kind === 'crash') return new DataSyncError('internal', `The worker failed: ${failure.message}`)
  const url = failure.url === undefined ? {} : { url: failure.url }
  return new AssetLoadError(
    `The worker's script could not be loaded from ${failure.url ?? 'its address'}. Set the option 'workerUrl' of open() to the address under which the file 'datasync/worker' is served (same origin as the page, type text/javascript), and allow it in the page's Content-Security-Policy (worker-src).`,
    url,
  )
}

function versionError(protocol: number): Error {
  return new AssetLoadError(
    `The worker speaks protocol ${protocol}, this page ${PROTOCOL_VERSION}: they come from different releases. Serve the worker of the same release, or correct the option 'workerUrl'.`,
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
