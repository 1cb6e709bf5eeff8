// Looking after stored databases without opening one. It stands apart because it needs a worker (only there can files
// be held exclusively) but neither engine nor session.

import { failureError } from '../coordination/engine-link.ts'
import type { ClientPlatform } from '../coordination/platform.ts'
import { TimeoutError, UsageError } from '../errors/errors.ts'
import { fromWireError } from '../errors/wire.ts'
import {
  parseStorageAnswer,
  type StorageAnswer,
  type StorageJob,
  type StoredEntry,
} from '../protocol/storage-messages.ts'
import { abortError } from './abort.ts'
import { checkDatabaseName, checkStoredOptions, type StoredOptions } from './options.ts'
import { pagePlatform } from './start-worker.ts'

/** One stored database. */
export interface DatabaseEntry {
  readonly name: string
  readonly storage: 'opfs' | 'indexeddb'
  readonly created: Date
}

type StorageResult = Exclude<StorageAnswer, { type: 'failed' }>

/**
 * Deletes the database `name` and everything in it, wherever it is stored; resolves to whether there was one.
 * Throws StorageError `busy` (retryable) if it is open somewhere, `storage-changed` if its storage cannot be reached,
 * AssetLoadError, TimeoutError, AbortError.
 */
export async function deleteDatabase(name: string, options?: StoredOptions): Promise<boolean> {
  return deleteDatabaseWith(pagePlatform(), name, options)
}

/** Names the databases stored in this browser for this site. Throws AssetLoadError, TimeoutError, AbortError. */
export async function listDatabases(options?: StoredOptions): Promise<DatabaseEntry[]> {
  return listDatabasesWith(pagePlatform(), options)
}

export async function deleteDatabaseWith(
  platform: ClientPlatform,
  name: string,
  options?: StoredOptions,
): Promise<boolean> {
  checkDatabaseName(name)
  const answer = await askStorage(platform, { type: 'storage', action: 'delete', name }, 'deleteDatabase()', options)
  return expectDone(answer).deleted
}

export async function listDatabasesWith(platform: ClientPlatform, options?: StoredOptions): Promise<DatabaseEntry[]> {
  const answer = await askStorage(platform, { type: 'storage', action: 'list' }, 'listDatabases()', options)
  return databaseEntries(expectDone(answer).databases)
}

export function databaseEntries(stored: readonly StoredEntry[]): DatabaseEntry[] {
  return stored.map(({ name, storage, createdMs }) => ({ name, storage, created: new Date(createdMs) }))
}

function expectDone(answer: StorageResult): Extract<StorageAnswer, { type: 'storage-done' }> {
  if (answer.type === 'storage-done') return answer
  throw new UsageError('protocol', `The worker answered '${answer.type}' to a question about databases.`)
}

/** Has a worker of its own do the job. */
export async function askStorage(
  platform: ClientPlatform,
  job: StorageJob,
  call: string,
  options: StoredOptions = {},
): Promise<StorageResult> {
  checkStoredOptions(call, options)
  const { signal, workerUrl, timeoutMs = 30_000 } = options
  if (signal?.aborted) throw abortError(signal, 'It was not begun.')
  const transport = platform.startWorker(workerUrl)
  const endings: (() => void)[] = [() => transport.terminate()]
  try {
    return await new Promise<StorageResult>((resolve, reject) => {
      transport.onmessage = (data) => {
        try {
          const answer = parseStorageAnswer(data)
          if (answer.type === 'failed') reject(fromWireError(answer.error))
          else resolve(answer)
        } catch (error) {
          reject(error)
        }
      }
      transport.onfailure = (failure) => reject(failureError(failure))
      const onAbort = () => reject(abortError(signal!, 'What was begun is finished at the next opening or deletion.'))
      signal?.addEventListener('abort', onAbort, { once: true })
      endings.push(() => signal?.removeEventListener('abort', onAbort))
      if (timeoutMs > 0) {
        endings.push(
          platform.clock.after(timeoutMs, () =>
            reject(new TimeoutError(`${call} did not end within ${timeoutMs} ms.`)),
          ),
        )
      }
      transport.postMessage(job, [])
    })
  } finally {
    for (const end of endings) end()
  }
}
