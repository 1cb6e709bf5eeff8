// What the choice of the storage takes from the browser, as one interface. It stands apart so that the choice is tested
// without a browser, and so that nothing in this folder reaches for `navigator` by itself.

import type { Environment } from '../environment.ts'
import { browserHelperPlatform, type HelperPlatform } from './helper-platform.ts'
import type { IndexedDbPlatform } from './indexeddb-connection.ts'
import type { DirectoryEntry } from './opfs-types.ts'

/** The part of the Web Locks that is used. */
export interface StoreLocks {
  request(
    name: string,
    options: { readonly ifAvailable: true } | { readonly steal: true },
    callback: (lock: unknown) => Promise<void> | undefined,
  ): Promise<unknown>
}

export interface Platform {
  readonly environment: Environment
  /** Undefined where the browser has no OPFS; rejects where it has it for other pages only. */
  readonly getDirectory: (() => Promise<DirectoryEntry>) | undefined
  readonly indexedDb: IndexedDbPlatform | undefined
  /** Undefined where the browser has no Web Locks; then OPFS handles and the IndexedDB head are the only fences. */
  readonly locks: StoreLocks | undefined
  /** Undefined where threads cannot share memory. */
  readonly helpers?: HelperPlatform | undefined
  /** Undefined where the browser does not tell. */
  readonly deviceMemoryBytes: number | undefined
}

const GIB = 1024 ** 3
const INSECURE = 'the page is not served securely: browsers offer OPFS and Web Locks over https and on localhost only'

/** The platform of the worker that calls it. Does nothing until called. */
export function browserPlatform(environment: Environment): Platform {
  const { navigator } = globalThis
  const storage: StorageManager | undefined = navigator.storage
  const locks: LockManager | undefined = navigator.locks
  const memoryGiB = 'deviceMemory' in navigator ? Number(navigator.deviceMemory) : undefined
  return {
    environment,
    getDirectory: storage?.getDirectory
      ? () => storage.getDirectory()
      : globalThis.isSecureContext === false
        ? () => Promise.reject(new Error(INSECURE))
        : undefined,
    indexedDb: indexedDbPlatform(),
    helpers: browserHelperPlatform(),
    locks: locks && { request: (name, options, callback) => locks.request(name, options, callback) },
    deviceMemoryBytes: memoryGiB && memoryGiB * GIB,
  }
}

function indexedDbPlatform(): IndexedDbPlatform | undefined {
  try {
    const { indexedDB, IDBKeyRange } = globalThis
    return indexedDB ? { factory: indexedDB, keyRange: IDBKeyRange } : undefined
  } catch {
    return undefined // where storage is blocked for a site, some browsers throw on the mere look at it
  }
}
