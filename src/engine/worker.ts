// The engine's worker as its clients meet it: greeted by the `hello` of its page, it opens the engine, answers `ready` or
// `failed`, lets clients of other pages in, passes messages on, and closes at its page's `goodbye`. Nothing happens at
// import; the entry file calls `startEngineWorker`.
//
// Invariant: a client is served through one port, the one of its newest `hello`; answers to it leave through that.
import { DeviceError } from '../device/device.ts'
import { AssetLoadError, ClosedError, StorageError, UsageError } from '../errors/errors.ts'
import { toWireError } from '../errors/wire.ts'
import {
  type ClientId,
  type FromEngine,
  type Hello,
  PROTOCOL_VERSION,
  type Requests,
  type StartOptions,
  type WasmSource,
} from '../protocol/messages.ts'
import { parseToEngine } from '../protocol/parse.ts'
import { type OpenEngine, type OpenedEngine, storedEngines } from './open-engine.ts'
import { refuseMainThread } from './sqlite-module.ts'
import type { TabCoordination } from './tab-coordination.ts'
import type { WorkerPlatform } from './worker-platform.ts'

/** After so long without requests the storage is looked at again before the next one is served. */
const STILL_THERE_MS = 30_000

/** The part of a dedicated worker's global scope that is used. */
export interface WorkerScope {
  /** Present on a page's main thread only. */
  readonly document?: unknown
  postMessage(message: FromEngine, transfer: Transferable[]): void
}

/** The way back to whoever a message came from. */
export interface ReplyPort {
  postMessage(message: FromEngine, transfer: Transferable[]): void
}

/** Held by the worker as long as it lives; its page waits in its queue. */
function aliveLockName(client: string): string {
  return `datasync:alive:${client}`
}

/** Takes each message of the page, or through `port` one of another page's client; never throws. */
export type Receive = (data: unknown, port?: ReplyPort) => void

/**
 * Makes the calling worker an engine, opened by `openEngine`, by default what is stored in this browser.
 * Answers `failed` with UsageError `wrong-thread` on a page's main thread.
 */
export function startEngineWorker(
  scope: WorkerScope,
  platform: WorkerPlatform,
  openEngine: OpenEngine = storedEngines(platform),
): Receive {
  const worker = new EngineWorker(scope, platform, openEngine)
  return (data, port) => worker.receive(data, port)
}

class EngineWorker {
  readonly #scope: WorkerScope
  readonly #platform: WorkerPlatform
  readonly #openEngine: OpenEngine
  /** Missing where a database is open in one page only. */
  #tabs: TabCoordination | undefined
  readonly #ports = new Map<ClientId, ReplyPort>()
  /** The number of the last line over which each client has come. */
  readonly #lines = new Map<ClientId, number>()
  /** The client of the page that started this worker. */
  #owner: ClientId | undefined
  #opening: Promise<OpenedEngine> | undefined
  #opened: OpenedEngine | undefined
  #ending = false
  readonly #wasm: Promise<WasmSource>
  #giveWasm: ((wasm: WasmSource) => void) | undefined
  #lastRequestMs = 0
  #looking: Promise<void> | undefined

  constructor(scope: WorkerScope, platform: WorkerPlatform, openEngine: OpenEngine) {
    this.#scope = scope
    this.#platform = platform
    this.#openEngine = openEngine
    this.#wasm = new Promise((resolve) => {
      this.#giveWasm = resolve
    })
  }

  receive(data: unknown, port: ReplyPort = this.#scope): void {
    try {
      const message = parseToEngine(data)
      if (message.type === 'requests') this.#serve(message)
      else if (message.type === 'hello') void (message.start ? this.#start(message) : this.#letIn(message, port))
      else if (message.type === 'wasm') this.#giveWasm?.(message.wasm)
      else if (message.type === 'broker') this.#tabs?.takeBroker(message.port)
      else if (message.type === 'visibility') this.#seen(message.visible)
      else void (message.client === this.#owner ? this.#close() : this.#part(message.client))
    } catch (error) {
      // Whoever sends nonsense from elsewhere must not end the work of everybody.
      if (port === this.#scope) this.#end(error)
      else port.postMessage({ type: 'failed', error: toWireError(error) }, [])
    }
  }

  #serve(message: Requests): void {
    const opened = this.#opened
    // Whoever hears `closed` asks the next engine.
    if (this.#ending) return
    if (!opened) throw new UsageError('protocol', 'Requests have to wait for `ready`.')
    const now = this.#platform.environment.clock.monotonicMs()
    const idleMs = now - this.#lastRequestMs
    this.#lastRequestMs = now
    if (idleMs >= STILL_THERE_MS) this.#look(opened)
    if (this.#looking) void this.#looking.then(() => opened.receive(message))
    else opened.receive(message)
  }

  /** Data that the browser or the user removed under an open handle would be written to a file that has no name. */
  #look(opened: OpenedEngine): void {
    this.#looking ??= opened.stillThere().then(
      () => {
        this.#looking = undefined
      },
      (error: unknown) => this.#end(evicted(error)),
    )
  }

  /** Whoever comes back to a page may have cleared its data elsewhere; a page that nobody sees may be ended soon. */
  #seen(visible: boolean): void {
    if (!this.#opened || this.#ending) return
    if (visible) this.#look(this.#opened)
    else this.#opened.syncSoon()
  }

  /** The page that started this worker wants the database. */
  async #start(hello: Hello): Promise<void> {
    const { holdLock, environment } = this.#platform
    // What is in memory belongs to the page that asked for it: no other tab may find it, and nobody has to show that it is there.
    this.#tabs = hello.start?.storage === 'memory' ? undefined : this.#platform.tabs
    const tabs = this.#tabs
    try {
      refuseMainThread(this.#scope)
      checkProtocol(hello)
      if (this.#opening) throw new UsageError('protocol', 'The engine has been started already.')
      this.#owner = hello.client
      const { name } = hello.start as StartOptions
      tabs?.begin(name, hello.client)
      const held = holdLock(aliveLockName(hello.client)).then(() => this.#scope.postMessage({ type: 'opening' }, []))
      held.catch(() => {}) // it is awaited below
      this.#opening = this.#openEngine(hello.start as StartOptions, this.#wasm, this.#scope)
      const opened = await this.#opening
      await Promise.all([held, tabs?.lead(opened.term, opened.storeId)])
      this.#opened = opened
      this.#lastRequestMs = environment.clock.monotonicMs()
      await this.#greet(hello, this.#scope)
      tabs?.announce()
      for (const client of opened.rememberedClients) if (client !== hello.client) void this.#remember(client)
      await opened.afterReady()
    } catch (error) {
      if (this.#opened) this.#end(error)
      else {
        tabs?.end()
        this.#scope.postMessage({ type: 'failed', error: toWireError(error) }, [])
      }
    }
  }

  /** A client of another page. */
  async #letIn(hello: Hello, port: ReplyPort): Promise<void> {
    try {
      checkProtocol(hello)
      if (!this.#opened) throw new ClosedError('No database is open here.')
      await this.#greet(hello, port)
    } catch (error) {
      port.postMessage({ type: 'failed', error: toWireError(error) }, [])
    }
  }

  async #greet({ client, settings, line = 0 }: Hello, port: ReplyPort): Promise<void> {
    const tabs = this.#tabs
    // What came over different lines may come in another order than it was said, and only the last has somebody at its end.
    if (line < (this.#lines.get(client) ?? 0)) throw comeAgain()
    this.#lines.set(client, line)
    const [isThere, info] = await Promise.all([
      tabs ? tabs.attend(client, () => this.#part(client)) : true,
      this.#opened?.info(),
    ])
    // Only of a client that has been there without a break is it known that what it asks for again was not applied.
    if (!isThere) throw new ClosedError('The client does not hold the lock that shows that it is there.')
    const opened = this.#opened
    if (!opened || !info) throw new ClosedError('The database is being closed.')
    if (this.#lines.get(client) !== line) throw comeAgain()
    this.#ports.set(client, port)
    opened.attach(client, settings, { post: (message, transfer) => port.postMessage(message, [...transfer]) })
    port.postMessage({ type: 'ready', protocol: PROTOCOL_VERSION, info }, [])
  }

  /** A client whose outcomes are kept comes back or is gone; nobody has to ask which before that matters. */
  async #remember(client: ClientId): Promise<void> {
    const there = await this.#tabs?.attend(client, () => this.#part(client))
    if (!there && !this.#ports.has(client)) await this.#opened?.detach(client)
  }

  async #part(client: ClientId): Promise<void> {
    try {
      const port = this.#ports.get(client)
      this.#ports.delete(client)
      this.#lines.delete(client)
      await this.#opened?.detach(client)
      port?.postMessage({ type: 'closed' }, [])
      if (!this.#ports.has(client)) this.#tabs?.forget(client)
    } catch (error) {
      this.#end(error)
    }
  }

  /** The page that started this worker lets go: whoever else was served looks for the next leader. */
  async #close(): Promise<void> {
    try {
      this.#ending = true
      const opened = await this.#opening
      this.#opened = undefined
      await opened?.close()
      this.#tellAll({ type: 'closed' })
      this.#tabs?.end()
    } catch (error) {
      this.#end(error)
    }
  }

  /** The engine cannot go on. */
  #end(error: unknown): void {
    this.#ending = true
    this.#opened = undefined
    this.#tellAll({ type: 'event', event: { name: 'terminated', error: toWireError(error) } })
    this.#tabs?.end()
  }

  #tellAll(message: FromEngine): void {
    for (const port of this.#ports.values()) if (port !== this.#scope) port.postMessage(message, [])
    this.#scope.postMessage(message, [])
  }
}

const comeAgain = () => new ClosedError('The client has come again over another line.')

function evicted(error: unknown): unknown {
  if (!(error instanceof DeviceError)) return error
  return new StorageError('evicted', `The stored data is gone: ${error.message}`, { cause: error })
}

function checkProtocol({ protocol }: Hello): void {
  if (protocol === PROTOCOL_VERSION) return
  throw new AssetLoadError(
    `The page speaks protocol ${protocol}, its worker ${PROTOCOL_VERSION}: they come from different releases of this package. ` +
      "Serve the worker of the same release, or correct the option 'workerUrl'.",
  )
}
