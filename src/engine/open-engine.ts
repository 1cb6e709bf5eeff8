// Opens the engine of a stored database: storage, block store and SQLite, each begun as early as it can be. It stands
// apart from the worker that serves it, which is the same for any engine.
import { type ChosenStorage, chooseStorage } from '../device/choose.ts'
import { CancelFlags } from '../protocol/cancel-flags.ts'
import type { ClientId, ClientSettings, EngineEvent, EngineInfo, Requests, StartOptions } from '../protocol/messages.ts'
import { BlockStore } from '../store/block-store.ts'
import { Checksums } from '../store/checksum.ts'
import { logged } from './debug-log.ts'
import { Engine } from './engine.ts'
import type { ClientPort } from './session.ts'
import { compileSqlite, explainPolicy } from './sqlite-module.ts'
import type { WorkerPlatform } from './worker-platform.ts'

const READ_ONLY = 'There is no space to take it over for writing, so it can only be read until there is.'

const SUPERBLOCK_DAMAGED =
  'One of the two superblocks of this database was damaged, as a power cut may leave it. The other one holds; it was written again.'

const damagedText = (blocks: number): string =>
  `${blocks} damaged blocks were found when the log was brought home. verify() names them; everything else goes on.`

type SqliteSource = Parameters<typeof compileSqlite>[0]

/** An engine that can be served: what its worker needs of it. */
export interface OpenedEngine {
  readonly term: number
  readonly storeId: string
  /** Clients whose outcomes are kept from before. */
  readonly rememberedClients: readonly ClientId[]
  info(): Promise<EngineInfo>
  attach(client: ClientId, settings: ClientSettings, port: ClientPort): void
  receive(message: Requests): void
  /** Ends a client's session and forgets its outcomes; also one that is only remembered. */
  detach(client: ClientId): Promise<void>
  broadcast(event: EngineEvent['event']): void
  /** Has relaxed commits synced that are not yet. */
  syncSoon(): void
  /** What can wait until the first answers are out. */
  afterReady(): Promise<void>
  /** Throws DeviceError if the stored data was removed under the open storage. */
  stillThere(): Promise<void>
  /** Finishes what is queued and closes engine and storage. */
  close(): Promise<void>
}

/** Begins to open; `wasm` is awaited while the storage is looked at. Throws StorageError, AssetLoadError. */
export type OpenEngine = (start: StartOptions, wasm: Promise<SqliteSource>, scope: object) => Promise<OpenedEngine>

/** Finds or makes the storage that a page asks for. */
export type ChooseStorage = (start: StartOptions) => Promise<ChosenStorage>

/** Opens what is stored, by default in this browser. */
export function storedEngines(
  platform: WorkerPlatform,
  choose: ChooseStorage = ({ name, storage, steal, mustExist }) =>
    chooseStorage(platform.storage, { name, storage, steal: steal === true, mustExist: mustExist === true }),
): OpenEngine {
  return async (start, wasm, scope) => {
    const { environment } = platform
    // Compiled once per thread, while the storage is looked at; the store asks for it again and tells what fails.
    Checksums.load().catch(() => {})
    const loading = wasm.then(async (source) => {
      const startSqlite = await compileSqlite(source, scope)
      return { startSqlite, sqlite3: await startSqlite() }
    })
    // Both start at once; if the storage fails first, nobody waits for SQLite any more.
    loading.catch(() => {})
    const chosen = await choose(start)
    let engine: Engine | undefined
    try {
      const store = await BlockStore.open({
        device: chosen.device,
        create: chosen.created,
        blockSize: start.blockSize,
        checksum: start.checksum,
        ...(chosen.storeId !== undefined && { storeId: chosen.storeId }),
        environment,
        ...(chosen.kind !== 'memory' && { freeBytes: async () => platform.freeBytes?.() }),
        whenFull: 'read-only',
        onWritable: () => engine?.broadcast({ name: 'writable' }),
        onSyncFailure: ({ message, recovered }) => {
          engine?.broadcast({ name: 'sync-failure', message, recovered })
          if (!recovered) engine?.storeFailed(() => store.latched)
        },
        onCheckpointFailure: (error) =>
          engine?.broadcast({ name: 'warning', message: `A checkpoint failed and is tried again: ${error}` }),
        onDamage: (blocks) => engine?.broadcast({ name: 'corruption', block: undefined, message: damagedText(blocks) }),
      })
      if (chosen.created) await chosen.afterOpen()
      const { name, cacheBytes, rowBytesMax } = start
      const cancelFlags = start.cancelFlags && new CancelFlags(start.cancelFlags)
      const sizes = { cacheBytes, rowBytesMax }
      engine = new Engine({ ...(await loading), blocks: store, store, environment, name, ...sizes, cancelFlags })
      const whole = opened(platform, start, { chosen, store, engine })
      return start.debug && platform.log ? logged(whole, platform.log, environment.clock) : whole
    } catch (error) {
      await chosen.device.close()
      throw explainPolicy(error)
    }
  }
}

function opened(
  platform: WorkerPlatform,
  start: StartOptions,
  { chosen, store, engine }: { readonly chosen: ChosenStorage; readonly store: BlockStore; readonly engine: Engine },
): OpenedEngine {
  return {
    term: store.term,
    storeId: store.storeId,
    rememberedClients: store.sessionClients(),
    info: async () => ({
      storage: chosen.kind,
      why: store.readOnly ? [...chosen.why, READ_ONLY] : chosen.why,
      blockSize: store.blockSize,
      checksum: start.checksum,
      persisted: await platform.persisted(),
      created: store.created,
      sqliteVersion: engine.sqliteVersion,
      term: store.term,
      storeId: store.storeId,
      contentId: store.contentId,
      readOnly: store.readOnly ? 'quota' : false,
    }),
    attach: (client, settings, port) => engine.attach(client, settings, port),
    receive: (message) => engine.receive(message),
    detach: (client) => engine.detach(client),
    broadcast: (event) => engine.broadcast(event),
    syncSoon: () => engine.syncSoon(),
    afterReady: async () => {
      engine.tidySoon()
      if (store.superblockDamaged) engine.broadcast({ name: 'warning', message: SUPERBLOCK_DAMAGED })
      if (!chosen.created) await chosen.afterOpen()
    },
    stillThere: () => chosen.stillThere(),
    close: async () => {
      await engine.close()
      await store.close()
    },
  }
}
