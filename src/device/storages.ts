// The two storages of a browser as the choice sees them: can they be reached, what do they know of a name, how is a
// device on them opened, how is one deleted. It stands apart so that `choose.ts` holds the decisions and nothing else.

import { StorageError } from '../errors/errors.ts'
import { DeviceError } from './device.ts'
import { isOutOfSpace } from './device-errors.ts'
import { toHex } from './hex.ts'
import type { IndexedDbDevice } from './indexeddb.ts'
import { openIndexedDbDevice } from './indexeddb-open.ts'
import { indexedDbNameOf } from './names.ts'
import { type OpfsDevice, openOpfsDevice } from './opfs.ts'
import type { DirectoryEntry } from './opfs-types.ts'
import type { Platform } from './platform.ts'
import { IndexedDbRecords, OpfsRecords } from './records.ts'
import type { Patience } from './store-lock.ts'

/** What was found when a storage was asked, or why it could not be. */
export type Answer<T> =
  | { readonly reached: true; readonly found: T }
  | { readonly reached: false; readonly why: string }

const RESIDENT_BYTES_DEFAULT = 256_000_000

export class Storages {
  readonly opfs: OpfsRecords | undefined
  readonly indexedDb: IndexedDbRecords | undefined
  readonly #platform: Platform

  constructor(platform: Platform) {
    this.#platform = platform
    this.opfs = platform.getDirectory && new OpfsRecords(platform.getDirectory)
    this.indexedDb = platform.indexedDb && new IndexedDbRecords(platform.indexedDb, platform.environment.clock)
  }

  /** Asks a storage; that it cannot be reached is an answer. Out of space is not, nor is a StorageError: it rejects. */
  async ask<S extends 'opfs' | 'indexedDb', T>(
    storage: S,
    question: (records: NonNullable<Storages[S]>) => Promise<T>,
  ): Promise<Answer<T>> {
    const records = this[storage]
    if (!records) return { reached: false, why: `this browser has no ${storage === 'opfs' ? 'OPFS' : 'IndexedDB'}` }
    try {
      return { reached: true, found: await question(records) }
    } catch (error) {
      if (error instanceof StorageError) throw error
      if (isOutOfSpace(error)) throw new StorageError('quota', 'no space left in this browser', { cause: error })
      return { reached: false, why: said(error) }
    }
  }

  /** Tries OPFS with exclusive handles on a file of its own, and removes it. */
  probe(): Promise<Answer<void>> {
    return this.ask('opfs', async (records) => {
      const top = await records.top(true)
      const name = `~probe-${toHex(this.#platform.environment.random.bytes(8))}`
      const file = await top.getFileHandle(name, { create: true })
      try {
        const handle = await file.createSyncAccessHandle()
        try {
          const bytes = Uint8Array.of(1, 2, 3, 4)
          handle.write(bytes, { at: 0 })
          handle.flush()
          const back = new Uint8Array(4)
          if (handle.read(back, { at: 0 }) !== 4 || back.some((byte, index) => byte !== bytes[index])) {
            throw new DeviceError('io', 'what was written to a probe file could not be read back')
          }
        } finally {
          handle.close()
        }
      } finally {
        await top.removeEntry(name)
      }
    })
  }

  /** `directory` spares looking it up, if it was found a moment ago. */
  openOpfs(name: string, create: boolean, onClosed: () => void, directory?: DirectoryEntry): Promise<OpfsDevice> {
    const records = this.opfs!
    const resolve = (make: boolean) => records.directory(name, make)
    return openOpfsDevice({ resolve, create, onClosed, ...(directory && { directory }) })
  }

  openIndexedDb(name: string, create: boolean, onClosed: () => void, bytesMax?: number): Promise<IndexedDbDevice> {
    const { indexedDb, environment, deviceMemoryBytes, helpers } = this.#platform
    const quarter = deviceMemoryBytes ? deviceMemoryBytes / 4 : RESIDENT_BYTES_DEFAULT
    return openIndexedDbDevice({
      platform: indexedDb!,
      environment,
      databaseName: indexedDbNameOf(name),
      create,
      residentBytesMax: bytesMax ?? quarter,
      helpers,
      onClosed,
    })
  }

  /**
   * Removes database `name` from both storages: records say `deleting` first, so that a deletion that is interrupted is
   * finished by the next open. Throws StorageError `busy` if somebody has it open.
   */
  async remove(name: string, patience: Patience): Promise<void> {
    const inOpfs = await this.ask('opfs', (records) => records.find(name))
    // Holding the handles proves that nobody else does, also where there are no locks.
    const held =
      inOpfs.reached && inOpfs.found.hasContent
        ? await patience.retry(() => this.openOpfs(name, true, () => {}), isBusy)
        : undefined
    try {
      const inIndexedDb = await this.ask('indexedDb', async (records) => {
        const record = await records.find(name)
        if (record) await records.write({ ...record, state: 'deleting' })
      })
      if (inOpfs.reached && inOpfs.found.record) {
        await this.opfs?.write({ ...inOpfs.found.record, state: 'deleting' })
      }
      if (inIndexedDb.reached) await this.#removeIndexedDb(name, patience)
      held?.close()
      if (inOpfs.reached) await this.opfs?.remove(name)
      if (inIndexedDb.reached) await this.indexedDb?.remove(name)
    } finally {
      held?.close()
    }
  }

  async #removeIndexedDb(name: string, patience: Patience): Promise<void> {
    const request = this.#platform.indexedDb!.factory.deleteDatabase(indexedDbNameOf(name))
    let done = false
    const deleted = new Promise<void>((resolve, reject) => {
      request.onsuccess = () => {
        done = true
        resolve()
      }
      request.onerror = () => {
        done = true
        reject(request.error)
      }
    })
    const tooLate = async (): Promise<void> => {
      while (!done && (await patience.another()));
      if (!done)
        throw new StorageError(
          'busy',
          `The database "${name}" is still open elsewhere. It is deleted once it is closed there.`,
        )
    }
    await Promise.race([deleted, tooLate()])
  }
}

export function isBusy(error: unknown): boolean {
  return error instanceof StorageError && error.code === 'busy'
}

/** The StorageError for what a device's opening threw. */
export function storageErrorFrom(error: unknown, name: string): StorageError {
  if (error instanceof StorageError) return error
  const codes = { full: 'quota', io: 'io', fenced: 'busy', evicted: 'evicted', closed: 'io' } as const
  const code = error instanceof DeviceError ? codes[error.reason] : 'io'
  return new StorageError(code, `The database "${name}" could not be opened: ${said(error)}`, { cause: error })
}

export function said(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
