// The engine's worker as its page meets it: greeted by `hello`, it chooses and opens the storage while SQLite is being
// loaded, answers `ready` or `failed`, passes messages on, and closes at the last `goodbye`. Nothing happens at import;
// the entry file calls `startEngineWorker`.
import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm'
import { type ChosenStorage, chooseStorage } from '../device/choose.ts'
import { DeviceError } from '../device/device.ts'
import { AssetLoadError, StorageError, UsageError } from '../errors/errors.ts'
import { toWireError } from '../errors/wire.ts'
import {
  type EngineInfo,
  type FromEngine,
  type Hello,
  PROTOCOL_VERSION,
  type Requests,
  type StartOptions,
  type WasmSource,
} from '../protocol/messages.ts'
import { parseToEngine } from '../protocol/parse.ts'
import { BlockStore } from '../store/block-store.ts'
import { Engine } from './engine.ts'
import { loadSqlite, refuseMainThread } from './sqlite-module.ts'
import type { WorkerPlatform } from './worker-platform.ts'

/** After so long without requests the storage is looked at again before the next one is served. */
const STILL_THERE_MS = 30_000

/** The part of a dedicated worker's global scope that is used. */
export interface WorkerScope {
  /** Present on a page's main thread only. */
  readonly document?: unknown
  postMessage(message: FromEngine, transfer: Transferable[]): void
}

/** Held by the worker as long as it lives; the page waits in its queue. */
function aliveLockName(client: string): string {
  return `datasync:alive:${client}`
}

/**
 * Makes the calling worker an engine. Returns what takes each message of the page; it never throws.
 * Answers `failed` with UsageError `wrong-thread` on a page's main thread.
 */
export function startEngineWorker(scope: WorkerScope, platform: WorkerPlatform): (data: unknown) => void {
  const worker = new EngineWorker(scope, platform)
  return (data) => worker.receive(data)
}

/** What has been opened, to be closed in the opposite order. */
interface Opened {
  readonly engine: Engine
  readonly store: BlockStore
  readonly chosen: ChosenStorage
}

class EngineWorker {
  readonly #scope: WorkerScope
  readonly #platform: WorkerPlatform
  #opening: Promise<Opened> | undefined
  #opened: Opened | undefined
  readonly #wasm: Promise<WasmSource>
  #giveWasm: ((wasm: WasmSource) => void) | undefined
  #lastRequestMs = 0
  #looking: Promise<void> | undefined

  constructor(scope: WorkerScope, platform: WorkerPlatform) {
    this.#scope = scope
    this.#platform = platform
    this.#wasm = new Promise((resolve) => {
      this.#giveWasm = resolve
    })
  }

  receive(data: unknown): void {
    try {
      const message = parseToEngine(data)
      if (message.type === 'requests') this.#serve(message)
      else if (message.type === 'hello') void this.#greet(message)
      else if (message.type === 'wasm') this.#giveWasm?.(message.wasm)
      else void this.#part(message.client)
    } catch (error) {
      this.#end(error)
    }
  }

  #post(message: FromEngine, transfer: readonly ArrayBuffer[] = []): void {
    this.#scope.postMessage(message, [...transfer])
  }

  #serve(message: Requests): void {
    const opened = this.#opened
    if (!opened) throw new UsageError('protocol', 'Requests have to wait for `ready`.')
    const now = this.#platform.environment.clock.monotonicMs()
    const idleMs = now - this.#lastRequestMs
    this.#lastRequestMs = now
    // Data that the browser or the user removed under an open handle would be written to a file that has no name.
    if (idleMs >= STILL_THERE_MS)
      this.#looking = opened.chosen.stillThere().then(
        () => {
          this.#looking = undefined
        },
        (error: unknown) => this.#end(evicted(error)),
      )
    if (this.#looking) void this.#looking.then(() => opened.engine.receive(message))
    else opened.engine.receive(message)
  }

  async #greet(hello: Hello): Promise<void> {
    try {
      refuseMainThread(this.#scope)
      if (hello.protocol !== PROTOCOL_VERSION) throw versionError(hello.protocol)
      const { start } = hello
      if (!this.#opening && !start) throw new UsageError('protocol', 'The first greeting has to say what to open.')
      const held = this.#platform.holdLock(aliveLockName(hello.client))
      this.#opening ??= this.#open(start!, hello.client)
      const opened = await this.#opening
      await held
      this.#opened = opened
      this.#lastRequestMs = this.#platform.environment.clock.monotonicMs()
      opened.engine.attach(hello.client, hello.settings, {
        post: (message, transfer) => this.#post(message, transfer),
      })
      this.#post({ type: 'ready', protocol: PROTOCOL_VERSION, info: await this.#info(opened, start) })
      if (!opened.chosen.created) await opened.chosen.afterOpen()
    } catch (error) {
      if (this.#opened) this.#end(error)
      else this.#post({ type: 'failed', error: toWireError(error) })
    }
  }

  async #open(start: StartOptions, client: string): Promise<Opened> {
    const { environment, storage } = this.#platform
    const loading = this.#wasm.then((wasm) => loadSqlite(wasm, this.#scope))
    // Both start at once; if the storage fails first, nobody waits for SQLite any more.
    loading.catch(() => {})
    const chosen = await chooseStorage(storage, { name: start.name, storage: start.storage })
    let engine: Engine | undefined
    try {
      const store = await BlockStore.open({
        device: chosen.device,
        create: chosen.created,
        blockSize: start.blockSize,
        checksum: start.checksum,
        ...(chosen.storeId !== undefined && { storeId: chosen.storeId }),
        environment,
        whenFull: 'read-only',
        onWritable: () => engine?.broadcast({ name: 'writable' }),
        onSyncFailure: ({ message, recovered }) => engine?.broadcast({ name: 'sync-failure', message, recovered }),
        onCheckpointFailure: (error) =>
          engine?.broadcast({ name: 'warning', message: `A checkpoint failed and is tried again: ${error}` }),
      })
      // One tab owns the database, so whoever else is remembered has gone and will not ask again.
      for (const other of store.sessionClients()) if (other !== client) store.endSession(other)
      if (chosen.created) await chosen.afterOpen()
      engine = startEngine({ start, store, environment, sqlite3: await loading })
      return { engine, store, chosen }
    } catch (error) {
      await chosen.device.close()
      throw error
    }
  }

  async #info({ engine, store, chosen }: Opened, start: StartOptions | undefined): Promise<EngineInfo> {
    const why = [...chosen.why]
    if (start && start.blockSize !== store.blockSize)
      why.push(`The block size is ${store.blockSize}, as this database was made; ${start.blockSize} was asked for.`)
    if (store.readOnly)
      why.push('There is no space to take it over for writing, so it can only be read until there is.')
    return {
      storage: chosen.kind,
      why,
      blockSize: store.blockSize,
      checksum: start?.checksum ?? 'xxhash64',
      persisted: await this.#platform.persisted(),
      created: store.created,
      sqliteVersion: engine.sqliteVersion,
      term: store.term,
      readOnly: store.readOnly ? 'quota' : false,
    }
  }

  async #part(client: string): Promise<void> {
    try {
      const opened = await this.#opening
      if (!opened) return
      await opened.engine.detach(client)
      if (opened.engine.clients > 0) return
      await opened.engine.close()
      await opened.store.close()
      this.#opened = this.#opening = undefined
      this.#post({ type: 'closed' })
    } catch (error) {
      this.#end(error)
    }
  }

  /** The engine cannot go on; the page starts another one. */
  #end(error: unknown): void {
    this.#post({ type: 'event', event: { name: 'terminated', error: toWireError(error) } })
  }
}

function startEngine(parts: {
  readonly start: StartOptions
  readonly store: BlockStore
  readonly environment: WorkerPlatform['environment']
  readonly sqlite3: Sqlite3Static
}): Engine {
  const { start, store, environment, sqlite3 } = parts
  const { name, cacheBytes } = start
  return new Engine({ sqlite3, blocks: store, store, environment, name, cacheBytes })
}

function evicted(error: unknown): unknown {
  if (!(error instanceof DeviceError)) return error
  return new StorageError('evicted', `The stored data is gone: ${error.message}`, { cause: error })
}

function versionError(protocol: number): AssetLoadError {
  return new AssetLoadError(
    `The page speaks protocol ${protocol}, its worker ${PROTOCOL_VERSION}: they come from different releases of this package. ` +
      "Serve the worker of the same release, or correct the option 'workerUrl'.",
  )
}
