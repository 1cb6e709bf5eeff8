// Looking after stored databases without opening one. It stands apart because it needs a worker (only there can files
// be held exclusively) but neither engine nor session.

import { whileNobodyHasIt } from '../coordination/deletion.ts'
import { failureError } from '../coordination/engine-link.ts'
import type { ClientPlatform } from '../coordination/platform.ts'
import { AbortError, TimeoutError, UsageError } from '../errors/errors.ts'
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

const TIMEOUT_MS = 30_000
const DELETE = 'deleteDatabase()'
const PAGE_LEFT = () => new AbortError('The page was left or frozen while it waited for other tabs to let go.')

type StorageResult = Exclude<StorageAnswer, { type: 'failed' }>

/**
 * Deletes the database `name` and everything in it, wherever it is stored; resolves to whether there was one. Whoever has it
 * open, in this tab or another one, finishes what its engine has begun and lets go; what else was asked, and every later call,
 * rejects with ClosedError, and the event `gone` tells of it. Throws StorageError `busy` (retryable, nothing is deleted) if a
 * tab does not let go within 5 s because it is frozen or inside a long statement, `storage-changed` if its storage cannot be
 * reached, AssetLoadError, TimeoutError, AbortError.
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
  const { tabs, clock, random } = platform
  const remove = async (limits = options) => {
    const job: StorageJob = { type: 'storage', action: 'delete', name }
    return expectDone(await askStorage(platform, job, DELETE, limits)).deleted
  }
  if (!tabs) return remove()
  checkStoredOptions(DELETE, options)
  const { signal, timeoutMs = TIMEOUT_MS } = options ?? {}
  const startedMs = clock.monotonicMs()
  const left = new AbortController()
  const stop = new AbortController()
  const endings: (() => void)[] = [
    // A page that is kept or frozen would hold everybody up until somebody looks at it again.
    tabs.onLifecycle((event) => {
      if (event === 'hide' || event === 'freeze') left.abort()
    }),
  ]
  for (const cause of [left.signal, ...(signal ? [signal] : [])]) {
    const onAbort = () => stop.abort(cause.reason)
    if (cause.aborted) onAbort()
    cause.addEventListener('abort', onAbort, { once: true })
    endings.push(() => cause.removeEventListener('abort', onAbort))
  }
  const givenUp = new Promise<never>((_, reject) => {
    const aborted = () => reject(left.signal.aborted ? PAGE_LEFT() : abortError(stop.signal, 'It was not begun.'))
    if (stop.signal.aborted) aborted()
    stop.signal.addEventListener('abort', aborted, { once: true })
    if (timeoutMs > 0) endings.push(clock.after(timeoutMs, () => reject(tooLate(DELETE, timeoutMs))))
  })
  try {
    return await whileNobodyHasIt({ tabs, clock, random, name, givenUp }, () => {
      const restMs = timeoutMs === 0 ? 0 : Math.max(1, timeoutMs - (clock.monotonicMs() - startedMs))
      return remove({ ...options, signal: stop.signal, timeoutMs: restMs })
    })
  } finally {
    for (const end of endings) end()
  }
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
  const { signal, workerUrl, timeoutMs = TIMEOUT_MS } = options
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
        endings.push(platform.clock.after(timeoutMs, () => reject(tooLate(call, timeoutMs))))
      }
      transport.postMessage(job, [])
    })
  } finally {
    for (const end of endings) end()
  }
}

function tooLate(call: string, timeoutMs: number): TimeoutError {
  return new TimeoutError(`${call} did not end within ${timeoutMs} ms.`)
}
