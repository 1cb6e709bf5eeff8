// Which databases are stored in this browser, and how one is deleted. It stands apart from the choice because it opens
// none of them.

import { StorageError } from '../errors/errors.ts'
import { encodeName } from './names.ts'
import type { Platform } from './platform.ts'
import type { StorageRecord } from './records.ts'
import { Storages, storageErrorFrom } from './storages.ts'
import { acquireStoreLock, Patience, WAIT_MS } from './store-lock.ts'

export interface StoredDatabase {
  readonly name: string
  readonly storage: 'opfs' | 'indexeddb'
  /** Milliseconds since 1970. */
  readonly createdMs: number
}

/** The databases that either storage knows of, by name; a storage that cannot be reached adds none. */
export async function listStored(platform: Platform): Promise<StoredDatabase[]> {
  const storages = new Storages(platform)
  const answers = [
    await storages.ask('indexedDb', (records) => records.all()),
    await storages.ask('opfs', (records) => records.all()),
  ]
  const found = new Map<string, StorageRecord>()
  for (const answer of answers) {
    for (const record of answer.reached ? answer.found : [])
      if (record.state !== 'deleting') found.set(record.name, record)
  }
  return [...found.values()]
    .map(({ name, storage, createdMs }) => ({ name, storage, createdMs }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * Deletes a database with its records; answers whether there was one. Throws StorageError `busy` (retryable) if it stays
 * open somewhere for `waitMs` (default 5000), `storage-changed` if the storage that holds it cannot be reached.
 */
export async function deleteStored(platform: Platform, name: string, waitMs = WAIT_MS): Promise<boolean> {
  encodeName(name)
  const patience = new Patience(platform.environment.clock, waitMs)
  const release = await acquireStoreLock(platform, name, patience)
  try {
    const storages = new Storages(platform)
    const opfs = await storages.ask('opfs', (records) => records.find(name))
    const indexedDb = await storages.ask('indexedDb', (records) => records.find(name))
    const record = (opfs.reached ? opfs.found.record : undefined) ?? (indexedDb.reached ? indexedDb.found : undefined)
    const holder = record?.storage === 'indexeddb' ? indexedDb : opfs
    if (record && !holder.reached) {
      throw new StorageError(
        'storage-changed',
        `The database "${name}" lives in ${record.storage}, which cannot be reached: ${holder.why}`,
      )
    }
    if (!record && !(opfs.reached && opfs.found.hasContent)) return false
    await storages.remove(name, patience)
    return true
  } catch (error) {
    throw storageErrorFrom(error, name)
  } finally {
    release()
  }
}
