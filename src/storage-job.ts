// Answers what is asked about stored databases, in a worker. It stands apart from the worker's entry so that it runs in
// tests, which hand in a platform.

import { examineStorages } from './device/examine.ts'
import type { Platform } from './device/platform.ts'
import { deleteStored, listStored } from './device/stored.ts'
import { toWireError } from './errors/wire.ts'
import { parseStorageJob, type StorageAnswer } from './protocol/storage-messages.ts'

/** Does what the message says; what goes wrong is the answer `failed`. */
export async function answerStorageJob(platform: Platform, data: unknown): Promise<StorageAnswer> {
  try {
    const job = parseStorageJob(data)
    if (job.action === 'list') return { type: 'storage-done', databases: await listStored(platform), deleted: false }
    if (job.action === 'examine') return { type: 'storage-examined', ...(await examineStorages(platform)) }
    return { type: 'storage-done', databases: [], deleted: await deleteStored(platform, job.name) }
  } catch (error) {
    return { type: 'failed', error: toWireError(error) }
  }
}
