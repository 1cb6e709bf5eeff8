// The storages that a browser offers to the device contract, each fresh and by its own name. To be called inside a
// dedicated worker, the only place where OPFS has sync access handles:
//
//   const storage = await browserStorages.opfs()
//   try { await run(storage) } finally { await storage.dispose() }

import { browserHelperPlatform } from '../../src/device/helper-platform.ts'
import { openIndexedDbDevice } from '../../src/device/indexeddb-open.ts'
import type { IndexedDbOptions } from '../../src/device/indexeddb-options.ts'
import { emptyMemoryAreas, MemoryDevice } from '../../src/device/memory.ts'
import { openOpfsDevice } from '../../src/device/opfs.ts'
import type { DirectoryEntry } from '../../src/device/opfs-types.ts'
import { realEnvironment } from '../../src/environment.ts'
import type { DeviceStorage } from './device.ts'

async function opfs(): Promise<DeviceStorage> {
  const name = `device-contract-${crypto.randomUUID()}`
  const root: DirectoryEntry = await navigator.storage.getDirectory()
  return {
    open: () => openOpfsDevice({ resolve: (create) => root.getDirectoryHandle(name, { create }), create: true }),
    secondOpen: 'busy',
    dispose: () => root.removeEntry(name, { recursive: true }),
  }
}

/** With everything away at each opening, fetched by a helper: this worker's script once more. */
function lazyIndexeddb(): Promise<DeviceStorage> {
  const helpers = browserHelperPlatform()
  if (!helpers) throw new Error('this page is not cross-origin isolated')
  return indexeddb({ helpers, loadBytesMax: 0, residentBytesMax: 6_000_000 })
}

async function indexeddb(options: Partial<IndexedDbOptions> = {}): Promise<DeviceStorage> {
  const databaseName = `device-contract-${crypto.randomUUID()}`
  const platform = { factory: indexedDB, keyRange: IDBKeyRange }
  const environment = realEnvironment()
  return {
    open: () => openIndexedDbDevice({ platform, environment, databaseName, create: true, ...options }),
    secondOpen: 'fenced',
    dispose: () =>
      new Promise((resolve, reject) => {
        const request = indexedDB.deleteDatabase(databaseName)
        request.onsuccess = () => resolve()
        request.onerror = () => reject(request.error)
        request.onblocked = () => reject(new Error(`${databaseName} was left open`))
      }),
  }
}

async function memory(): Promise<DeviceStorage> {
  const areas = emptyMemoryAreas()
  return { open: async () => new MemoryDevice({ areas }), secondOpen: 'shared', dispose: async () => {} }
}

export const browserStorages = { opfs, indexeddb: () => indexeddb(), 'lazy indexeddb': lazyIndexeddb, memory }
