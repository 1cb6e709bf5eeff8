// The small record per database that makes the choice of the storage stick: which storage holds it, under which store id,
// since when. Both storages keep a copy, so that a database whose storage vanished is missed instead of made anew.
//
// In OPFS it is the file `record` in the database's directory, JSON padded to one length so that a change is one write
// in place; in IndexedDB it is a value of the database `datasync`, keyed by name.

import type { Clock } from '../environment.ts'
import { DeviceError } from './device.ts'
import { platformNameOf } from './device-errors.ts'
import type { IndexedDbPlatform } from './indexeddb-connection.ts'
import { resultOf, settled } from './indexeddb-connection.ts'
import { decodeName, encodeName, ROOT } from './names.ts'
import type { DirectoryEntry } from './opfs-types.ts'

export interface StorageRecord {
  readonly format: 1
  readonly name: string
  readonly storage: 'opfs' | 'indexeddb'
  /** 32 hexadecimal digits. */
  readonly storeId: string
  /** Milliseconds since 1970. */
  readonly createdMs: number
  /** `creating`: nothing in it has been acknowledged yet. `deleting`: the rest is to be removed. */
  readonly state: 'creating' | 'ready' | 'deleting'
}

const RECORD_FILE = 'record'
const RECORD_BYTES = 2048
const STORE = 'databases'
const OPEN_MS_MAX = 5000

export function parseRecord(value: unknown): StorageRecord | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const record = value as { readonly [field in keyof StorageRecord]?: unknown }
  const known =
    record.format === 1 &&
    typeof record.name === 'string' &&
    (record.storage === 'opfs' || record.storage === 'indexeddb') &&
    typeof record.storeId === 'string' &&
    typeof record.createdMs === 'number' &&
    (record.state === 'creating' || record.state === 'ready' || record.state === 'deleting')
  return known ? (value as StorageRecord) : undefined
}

/** What OPFS knows about a name. */
export interface OpfsFindings {
  readonly record: StorageRecord | undefined
  /** There are bytes of a database, whether or not the record can be read. */
  readonly hasContent: boolean
  /** Where it was found. */
  readonly directory?: DirectoryEntry
}

export class OpfsRecords {
  readonly #root: () => Promise<DirectoryEntry>

  constructor(root: () => Promise<DirectoryEntry>) {
    this.#root = root
  }

  /** The directory of database `name`. */
  async directory(name: string, create: boolean): Promise<DirectoryEntry> {
    return (await this.top(create)).getDirectoryHandle(encodeName(name), { create })
  }

  /** The directory above those of the databases. */
  async top(create: boolean): Promise<DirectoryEntry> {
    return (await this.#root()).getDirectoryHandle(ROOT, { create })
  }

  async find(name: string): Promise<OpfsFindings> {
    const directory = await ifFound(this.directory(name, false))
    if (!directory) return { record: undefined, hasContent: false }
    const file = await ifFound(directory.getFileHandle(RECORD_FILE))
    const record = file && parseRecord(parseJson(await (await file.getFile()).text()))
    if (record?.name === name) return { record, hasContent: true, directory }
    const main = await ifFound(directory.getFileHandle('main'))
    return { record: undefined, hasContent: main !== undefined && (await main.getFile()).size > 0 }
  }

  async write(record: StorageRecord): Promise<void> {
    const directory = await this.directory(record.name, true)
    const file = await directory.getFileHandle(RECORD_FILE, { create: true })
    const handle = await file.createSyncAccessHandle()
    try {
      const bytes = new TextEncoder().encode(JSON.stringify(record).padEnd(RECORD_BYTES))
      const written = handle.write(bytes, { at: 0 })
      if (written !== bytes.length) throw new DeviceError('full', 'no space left for the record of the database')
      handle.flush()
    } finally {
      handle.close()
    }
  }

  /** Removes the directory of database `name` with all that is in it. */
  async remove(name: string): Promise<void> {
    const top = await ifFound(this.top(false))
    if (top) await ifFound(top.removeEntry(encodeName(name), { recursive: true }))
  }

  async all(): Promise<StorageRecord[]> {
    const top = await ifFound(this.top(false))
    if (!top) return []
    const records: StorageRecord[] = []
    for await (const encoded of top.keys()) {
      const name = decodeName(encoded)
      const record = name === undefined ? undefined : (await this.find(name)).record
      if (record) records.push(record)
    }
    return records
  }
}

export class IndexedDbRecords {
  readonly #platform: IndexedDbPlatform
  readonly #clock: Clock

  constructor(platform: IndexedDbPlatform, clock: Clock) {
    this.#platform = platform
    this.#clock = clock
  }

  find(name: string): Promise<StorageRecord | undefined> {
    return this.#with('readonly', async (store, end) => parseRecord(await resultOf(store.get(name), end)))
  }

  async write(record: StorageRecord): Promise<void> {
    await this.#with('readwrite', async (store) => store.put(record, record.name))
  }

  async remove(name: string): Promise<void> {
    await this.#with('readwrite', async (store) => store.delete(name))
  }

  all(): Promise<StorageRecord[]> {
    return this.#with('readonly', async (store, end) => {
      const found = await resultOf<unknown[]>(store.getAll(), end)
      return found.map(parseRecord).filter((record) => record !== undefined)
    })
  }

  async #with<T>(
    mode: IDBTransactionMode,
    body: (store: IDBObjectStore, end: Promise<void>) => Promise<T>,
  ): Promise<T> {
    const database = await this.#open()
    try {
      const transaction = database.transaction([STORE], mode, { durability: 'strict' })
      const end = settled(transaction)
      const [result] = await Promise.all([body(transaction.objectStore(STORE), end), end])
      return result
    } finally {
      database.close()
    }
  }

  #open(): Promise<IDBDatabase> {
    const request = this.#platform.factory.open(ROOT, 1)
    return new Promise((resolve, reject) => {
      let late = false
      const cancel = this.#clock.after(OPEN_MS_MAX, () => {
        late = true
        reject(new DeviceError('io', `IndexedDB did not open within ${OPEN_MS_MAX} ms`))
      })
      request.onupgradeneeded = () => request.result.createObjectStore(STORE)
      request.onsuccess = () => {
        cancel()
        if (late) request.result.close()
        else resolve(request.result)
      }
      request.onerror = () => {
        cancel()
        reject(request.error)
      }
    })
  }
}

async function ifFound<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise
  } catch (error) {
    if (platformNameOf(error) === 'NotFoundError') return undefined
    throw error
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // a torn record: what follows treats it as one that cannot be read
  }
}
