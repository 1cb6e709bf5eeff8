// Which storage a database lives in: decided once, when it is made, and recorded; from then on followed or refused,
// never decided anew. It stands apart because a wrong answer here is a second, empty database.
//
// In this order: the record in OPFS counts, without a look at IndexedDB; else the record in IndexedDB; only without
// either is a new database made, in OPFS if a probe file works there, else in IndexedDB, else not at all. A storage that
// is held by somebody is busy; one that the record names and that cannot be reached is `storage-changed`; one that can
// be reached and does not hold the database is `evicted`.

import { StorageError } from '../errors/errors.ts'
import type { StorageChoice, StorageKind } from '../protocol/messages.ts'
import type { Device } from './device.ts'
import { toHex } from './hex.ts'
import { MemoryDevice } from './memory.ts'
import { encodeName } from './names.ts'
import type { DirectoryEntry } from './opfs-types.ts'
import type { Platform } from './platform.ts'
import type { OpfsFindings, StorageRecord } from './records.ts'
import { type Answer, isBusy, Storages, said, storageErrorFrom } from './storages.ts'
import { acquireStoreLock, Patience, WAIT_MS } from './store-lock.ts'

const NO_STORAGE_REMEDY =
  "Leave the private window or allow the site to keep data; or open with { storage: 'memory' }, which forgets everything at close."

export interface ChooseOptions {
  readonly name: string
  readonly storage: StorageChoice
  /** For IndexedDB. Default a quarter of the device's memory, 256 MB where that is unknown. */
  readonly residentBytesMax?: number
  /** How long a storage that is held is tried. Default 5000. */
  readonly waitMs?: number
  /** The lock is taken from its holder, which has not answered. Its handles and the IndexedDB head fence it still. */
  readonly steal?: boolean
  /** Whoever opens it has had it open before, so where there is none it was deleted or removed. Default false. */
  readonly mustExist?: boolean
}

export interface ChosenStorage {
  readonly device: Device
  readonly kind: StorageKind
  /** One whole sentence per decision; `afterOpen` may add to it. */
  readonly why: string[]
  /** The database is new: nothing in it has ever been acknowledged. */
  readonly created: boolean
  /** 32 hexadecimal digits. Undefined if the record could not be read: the store's own counts. */
  readonly storeId: string | undefined
  /**
   * Completes the records in both storages and checks that they agree. For a new database it must be awaited before the
   * first answer, since until then the database counts as not made; else it can follow the first answer.
   * Throws StorageError `storage-changed` if the other storage holds another database of this name.
   */
  afterOpen(): Promise<void>
  /** Looks whether the storage is still there (OPFS). Throws DeviceError `evicted`. */
  stillThere(): Promise<void>
}

/**
 * Finds or makes the storage of a database and opens it, exclusively. Closing the device releases it.
 * Throws StorageError `busy` (retryable), `unavailable`, `storage-changed`, `evicted`, `quota`, `io`,
 * `too-large-for-storage`, `format-unknown`; UsageError `name`.
 */
export async function chooseStorage(platform: Platform, options: ChooseOptions): Promise<ChosenStorage> {
  encodeName(options.name)
  if (options.storage === 'memory') return inMemory(platform)
  if (options.storage === 'node')
    throw new StorageError('unavailable', "There are no files in a browser: storage 'node' is for 'datasync/node'.")
  const patience = new Patience(platform.environment.clock, options.waitMs ?? WAIT_MS)
  const release = await acquireStoreLock(platform, options.name, patience, options.steal)
  try {
    return await new Choice(platform, options, patience, release).make()
  } catch (error) {
    release()
    throw error
  }
}

function inMemory({ environment }: Platform): ChosenStorage {
  return {
    device: new MemoryDevice(),
    kind: 'memory',
    why: ['It is kept in memory, as was asked for: nothing is left when it is closed.'],
    created: true,
    storeId: toHex(environment.random.bytes(16)),
    afterOpen: async () => {},
    stillThere: async () => {},
  }
}

class Choice {
  readonly #platform: Platform
  readonly #options: ChooseOptions
  readonly #name: string
  readonly #storages: Storages
  readonly #patience: Patience
  readonly #release: () => void
  readonly #why: string[] = []

  constructor(platform: Platform, options: ChooseOptions, patience: Patience, release: () => void) {
    this.#platform = platform
    this.#options = options
    this.#name = options.name
    this.#storages = new Storages(platform)
    this.#patience = patience
    this.#release = release
  }

  async make(): Promise<ChosenStorage> {
    const opfs = await this.#storages.ask('opfs', (records) => records.find(this.#name))
    const inOpfs = opfs.reached ? opfs.found.record : undefined
    if (inOpfs && inOpfs.state !== 'deleting') return this.#openRecorded(inOpfs, opfs)
    const indexedDb = await this.#storages.ask('indexedDb', (records) => records.find(this.#name))
    const inIndexedDb = indexedDb.reached ? indexedDb.found : undefined
    if (inOpfs?.state === 'deleting' || inIndexedDb?.state === 'deleting') {
      await this.#storages.remove(this.#name, this.#patience)
    } else if (inIndexedDb) {
      return this.#openRecorded(inIndexedDb, opfs)
    } else if (opfs.reached && opfs.found.hasContent) {
      this.#why.push('OPFS holds this database, though the record of that could not be read.')
      return this.#openOpfs(undefined)
    }
    if (this.#options.mustExist === true) {
      throw new StorageError(
        'evicted',
        `The database "${this.#name}" was open and is gone: it was deleted, or the browser or the user has removed it.`,
      )
    }
    return this.#create(opfs, indexedDb)
  }

  async #openRecorded(record: StorageRecord, opfs: Answer<OpfsFindings>): Promise<ChosenStorage> {
    const wish = this.#options.storage
    if (wish !== 'auto' && wish !== record.storage) {
      throw new StorageError(
        'storage-changed',
        `The database "${this.#name}" lives in ${called(record.storage)} since ${dateOf(record)}, but ${called(wish)} was asked for. Open it with storage: 'auto'.`,
      )
    }
    this.#why.push(`${called(record.storage)} holds this database since ${dateOf(record)}.`)
    if (record.storage === 'indexeddb') return this.#openIndexedDb(record)
    if (!opfs.reached) throw this.#unreachable(record, opfs.why)
    return this.#openOpfs(record, opfs.found.directory)
  }

  /** With `record` undefined it is there and its record is not. */
  async #openOpfs(record: StorageRecord | undefined, found?: DirectoryEntry): Promise<ChosenStorage> {
    const create = record?.state === 'creating'
    let probed = false
    let directory = found
    const device = await this.#patience
      .retry(
        () => this.#storages.openOpfs(this.#name, create, this.#release, directory),
        async (error) => {
          directory = undefined
          if (!isBusy(error)) return false
          if (probed) return true
          probed = true
          const probe = await this.#storages.probe()
          if (!probe.reached && record) throw this.#unreachable(record, probe.why)
          return true
        },
      )
      .catch((error) => this.#failToOpen(error, record))
    if (!create && device.size('main') === 0) {
      device.close()
      throw this.#evicted('opfs')
    }
    const stillThere = () => device.stillThere()
    return this.#chosen(device, 'opfs', record, { created: create, stillThere, keepBallast: async () => {} })
  }

  async #openIndexedDb(record: StorageRecord): Promise<ChosenStorage> {
    if (!this.#platform.indexedDb) throw this.#unreachable(record, 'This browser has no IndexedDB')
    const create = record.state === 'creating'
    const device = await this.#patience
      .retry(
        () => this.#storages.openIndexedDb(this.#name, create, this.#release, this.#options.residentBytesMax),
        (error) => storageErrorFrom(error, this.#name).code === 'io',
      )
      .catch((error) => {
        if (storageErrorFrom(error, this.#name).code === 'io') throw this.#unreachable(record, said(error))
        return this.#failToOpen(error, record)
      })
    if (!create && device.size('main') === 0) {
      await device.close()
      throw this.#evicted('indexeddb')
    }
    if (device.partly)
      this.#why.push('It is larger than may stay in memory: a helper worker fetches it as it is needed.')
    const keepBallast = () => device.keepBallast()
    return this.#chosen(device, 'indexeddb', record, { created: create, stillThere: async () => {}, keepBallast })
  }

  async #create(opfs: Answer<unknown>, indexedDb: Answer<unknown>): Promise<ChosenStorage> {
    const wish = this.#options.storage
    const storage = wish === 'auto' || wish === 'opfs' ? await this.#probeOpfs(opfs) : 'indexeddb'
    const record: StorageRecord = {
      format: 1,
      name: this.#name,
      storage,
      storeId: toHex(this.#platform.environment.random.bytes(16)),
      createdMs: this.#platform.environment.clock.epochMs(),
      state: 'creating',
    }
    if (storage === 'opfs') {
      await this.#writeFirst('opfs', record)
      return this.#openOpfs(record)
    }
    if (wish === 'indexeddb') this.#why.push('IndexedDB was asked for.')
    if (!indexedDb.reached) {
      const all = [...this.#why, ended(`IndexedDB cannot be used here: ${indexedDb.why}`)].join(' ')
      throw new StorageError(
        'unavailable',
        `This browser offers no storage that keeps data. ${all} ${NO_STORAGE_REMEDY}`,
      )
    }
    await this.#writeFirst('indexedDb', record)
    return this.#openIndexedDb(record)
  }

  /** The record of a database that is about to be made. */
  async #writeFirst(storage: 'opfs' | 'indexedDb', record: StorageRecord): Promise<void> {
    const written = await this.#storages.ask<'opfs' | 'indexedDb', void>(storage, (records) => records.write(record))
    if (written.reached) return
    throw new StorageError('io', ended(`The database "${this.#name}" could not be recorded: ${written.why}`))
  }

  async #probeOpfs(opfs: Answer<unknown>): Promise<'opfs' | 'indexeddb'> {
    const probe = opfs.reached ? await this.#storages.probe() : opfs
    if (probe.reached) {
      this.#why.push('OPFS works in this browser, and is the fastest storage that keeps data.')
      return 'opfs'
    }
    this.#why.push(ended(`OPFS cannot be used here: ${probe.why}`))
    if (this.#options.storage !== 'opfs') return 'indexeddb'
    throw new StorageError('unavailable', ended(`OPFS was asked for, but it cannot be used here: ${probe.why}`))
  }

  #chosen(
    device: Device,
    kind: 'opfs' | 'indexeddb',
    record: StorageRecord | undefined,
    more: { created: boolean; stillThere(): Promise<void>; keepBallast(): Promise<void> },
  ): ChosenStorage {
    return {
      device,
      kind,
      why: this.#why,
      created: more.created,
      storeId: record?.storeId,
      stillThere: more.stillThere,
      afterOpen: async () => {
        await this.#completeRecords(kind, record)
        const ballast = more.keepBallast()
        // The first answer of a new database need not wait; what fails here fails for the next commit too, which says so.
        if (more.created) ballast.catch(() => {})
        else await ballast
      },
    }
  }

  async #completeRecords(kind: 'opfs' | 'indexeddb', record: StorageRecord | undefined): Promise<void> {
    if (!record) return // its store id is not known here, and a guess would be worse than none
    const ready: StorageRecord = { ...record, state: 'ready' }
    const keepInOpfs = () =>
      this.#storages.ask('opfs', async (records) => {
        const copy = (await records.find(this.#name)).record
        if (mustWrite(copy, ready)) await records.write(ready)
      })
    const keepInIndexedDb = () =>
      this.#storages.ask('indexedDb', async (records) => {
        if (mustWrite(await records.find(this.#name), ready)) await records.write(ready)
      })
    const own = await (kind === 'opfs' ? keepInOpfs() : keepInIndexedDb())
    if (!own.reached)
      throw new StorageError('io', ended(`The record of the database "${this.#name}" could not be written: ${own.why}`))
    const other = await (kind === 'opfs' ? keepInIndexedDb() : keepInOpfs()).catch((error: unknown): Answer<void> => {
      if (!(error instanceof StorageError) || error.code !== 'quota') throw error
      return { reached: false, why: error.message }
    })
    if (!other.reached) this.#why.push(ended(`The other storage could not keep a record of it too: ${other.why}`))
  }

  #failToOpen(error: unknown, record: StorageRecord | undefined): never {
    const failure = storageErrorFrom(error, this.#name)
    if (failure.code === 'evicted' && record) throw this.#evicted(record.storage, error)
    throw failure
  }

  #unreachable(record: StorageRecord, why: string): StorageError {
    const since = `${called(record.storage)} since ${dateOf(record)}`
    return new StorageError(
      'storage-changed',
      ended(`The database "${this.#name}" lives in ${since}, which cannot be reached now: ${why}`),
    )
  }

  #evicted(storage: StorageRecord['storage'], cause?: unknown): StorageError {
    return new StorageError(
      'evicted',
      `The database "${this.#name}" was in ${called(storage)} and is gone: the browser or the user has removed it. Delete it with deleteDatabase() to start anew.`,
      { cause },
    )
  }
}

/** Whether `copy` must be replaced by `ready`; throws StorageError `storage-changed` if it names another database. */
function mustWrite(copy: StorageRecord | undefined, ready: StorageRecord): boolean {
  if (copy?.state !== 'ready') return true
  if (copy.storeId === ready.storeId) return false
  throw new StorageError(
    'storage-changed',
    `${called(copy.storage)} is recorded as holding another database "${ready.name}", made ${dateOf(copy)}; ` +
      `the one in ${called(ready.storage)}, made ${dateOf(ready)}, is open.`,
  )
}

function called(storage: ChooseOptions['storage']): string {
  return storage === 'opfs' ? 'OPFS' : storage === 'indexeddb' ? 'IndexedDB' : storage
}

/** Reasons of the browser may end with a full stop or without one. */
function ended(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`
}

function dateOf(record: StorageRecord): string {
  return new Date(record.createdMs).toISOString().slice(0, 10)
}
