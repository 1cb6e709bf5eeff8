// What this browser offers and what a new database would get here, without opening one. It stands apart because it must
// work where nothing else does, and tell why.

import type { ClientPlatform } from '../coordination/platform.ts'
import { DataSyncError } from '../errors/errors.ts'
import type { StorageOffer } from '../protocol/storage-messages.ts'
import { askStorage, type DatabaseEntry, databaseEntries } from './databases.ts'
import { loadPart } from './load-part.ts'
import type { StoredOptions } from './options.ts'
import { pagePlatform } from './start-worker.ts'

/** Whether something can be used here, or in words why it cannot. */
export interface Offered {
  readonly available: boolean
  readonly why: string | undefined
}

/** What `doctor` found: plain data, fit for a bug report. It names databases and holds nothing of what is in them. */
export interface DoctorReport {
  /** Where a new database would live with `storage: 'auto'`; undefined if nothing here keeps data. */
  readonly storage: 'opfs' | 'indexeddb' | undefined
  /** Why, a sentence per decision. */
  readonly why: readonly string[]
  /** What would make it better, a sentence each; empty if nothing. */
  readonly advice: readonly string[]
  /** The worker that holds the engine. Without it nothing else could be looked at. */
  readonly worker: Offered
  readonly opfs: Offered
  readonly indexedDb: Offered
  readonly webLocks: boolean
  readonly broadcastChannel: boolean
  readonly sharedWorker: boolean
  /** The page is served with COOP and COEP. */
  readonly crossOriginIsolated: boolean
  /** The browser has promised not to evict this site's data; undefined where it does not tell. */
  readonly persisted: boolean | undefined
  /** Of this site, as the browser estimates it. */
  readonly usageBytes: number | undefined
  readonly quotaBytes: number | undefined
  readonly deviceMemoryBytes: number | undefined
  readonly databases: readonly DatabaseEntry[]
}

/** What the page knows by itself. */
export type PageFacts = Pick<
  DoctorReport,
  | 'webLocks'
  | 'broadcastChannel'
  | 'sharedWorker'
  | 'crossOriginIsolated'
  | 'persisted'
  | 'usageBytes'
  | 'quotaBytes'
  | 'deviceMemoryBytes'
>

const NOT_LOOKED: StorageOffer = { available: false, why: 'It could not be looked at without the worker.' }

/**
 * Tells what this browser offers and why a storage is chosen. Opens and changes no database. What is missing is part of
 * the report, also a worker that does not load. Throws UsageError for wrong options, TimeoutError, AbortError.
 */
export async function doctor(options?: StoredOptions): Promise<DoctorReport> {
  const { pageFacts } = await import('./doctor-words.ts')
  return doctorWith(pagePlatform(), await pageFacts(), options)
}

/** `doctor` on a given platform. */
export async function doctorWith(
  platform: ClientPlatform,
  facts: PageFacts,
  options?: StoredOptions,
): Promise<DoctorReport> {
  let worker: Offered = { available: true, why: undefined }
  let offers = { opfs: NOT_LOOKED, indexedDb: NOT_LOOKED }
  let databases: DatabaseEntry[] = []
  try {
    const answer = await askStorage(platform, { type: 'storage', action: 'examine' }, 'doctor()', options)
    if (answer.type === 'storage-examined') {
      offers = { opfs: answer.opfs, indexedDb: answer.indexedDb }
      databases = databaseEntries(answer.databases)
    }
  } catch (error) {
    if (!(error instanceof DataSyncError) || !/^(asset-load|unavailable|internal)$/.test(error.code)) throw error
    worker = { available: false, why: error.message }
  }
  const { opfs, indexedDb } = offers
  const { advice, reasons } = await loadPart(() => import('./doctor-words.ts'))
  const storage = opfs.available ? 'opfs' : indexedDb.available ? 'indexeddb' : undefined
  return {
    storage,
    why: reasons(worker, offers),
    advice: advice(storage, facts),
    worker,
    opfs,
    indexedDb,
    ...facts,
    databases,
  }
}
