// Reads an IndexedDB storage into memory, in large requests that run beside each other: all of it, or all but `main`. It
// stands apart because opening does it once and nothing else reads so.

import { StorageError } from '../errors/errors.ts'
import { type Connection, resultOf, type StoreName, settled } from './indexeddb-connection.ts'
import { BALLAST_VALUES, CHUNK_BYTES, type LogValue, type Sizes } from './indexeddb-format.ts'
import { AWAY, type Chunk } from './main-chunks.ts'

/** Values per request: 4 MiB of chunks, some hundred records of a log. */
const CHUNKS_PER_REQUEST = 64
const VALUES_PER_REQUEST = 256

export interface StoredContent {
  readonly chunks: readonly (readonly [number, Chunk | typeof AWAY])[]
  /** The chunks are away: there are more of them than may stay in memory. */
  readonly away: boolean
  readonly logs: { readonly 'log-0': Map<number, LogValue>; readonly 'log-1': Map<number, LogValue> }
  readonly hasBallast: boolean
}

export interface LoadLimits {
  /** What may stay in memory. */
  readonly residentBytesMax: number
  /** What is loaded, if more can be fetched later; undefined if it cannot. */
  readonly loadBytesMax: number | undefined
}

/**
 * Throws StorageError `too-large-for-storage` before it reads anything, if the content cannot stay in memory and cannot be
 * fetched, or if the logs alone are too large.
 */
export async function loadContent(
  connection: Connection,
  sizes: Sizes,
  { residentBytesMax, loadBytesMax }: LoadLimits,
): Promise<StoredContent> {
  const transaction = connection.transaction(['main', 'log-0', 'log-1', 'ballast'], 'readonly')
  const end = settled(transaction)
  const ballast = transaction.objectStore('ballast').count()
  const keys = (store: StoreName) => resultOf(transaction.objectStore(store).getAllKeys(), end)
  const [chunkKeys, keys0, keys1] = await Promise.all([keys('main'), keys('log-0'), keys('log-1')])
  const logBytes = sizes['log-0'] + sizes['log-1']
  const bytes = chunkKeys.length * CHUNK_BYTES + logBytes
  const away = bytes > (loadBytesMax ?? residentBytesMax)
  if (logBytes > residentBytesMax || (away && loadBytesMax === undefined)) throw tooLarge(bytes, residentBytesMax)
  const read = async <T>(store: StoreName, all: readonly IDBValidKey[], perRequest: number) => {
    const parts: Promise<[number, T][]>[] = []
    for (let first = 0; first < all.length; first += perRequest) {
      const part = all.slice(first, first + perRequest)
      const range = connection.keyRange.bound(part[0], part[part.length - 1])
      const values: Promise<T[]> = resultOf(transaction.objectStore(store).getAll(range), end)
      parts.push(values.then((found) => found.map((value, index) => [Number(part[index]), value])))
    }
    return (await Promise.all(parts)).flat()
  }
  const [chunks, log0, log1] = await Promise.all([
    away ? chunkKeys.map((key) => [Number(key), AWAY] as const) : read<Chunk>('main', chunkKeys, CHUNKS_PER_REQUEST),
    read<LogValue>('log-0', keys0, VALUES_PER_REQUEST),
    read<LogValue>('log-1', keys1, VALUES_PER_REQUEST),
  ])
  await end
  return {
    chunks,
    away,
    logs: { 'log-0': new Map(log0), 'log-1': new Map(log1) },
    hasBallast: ballast.result >= BALLAST_VALUES,
  }
}

/** `why`: why it cannot be fetched as it is needed, if that is known. */
export function tooLarge(bytes: number, residentBytesMax: number, why = '', cause?: unknown): StorageError {
  return new StorageError(
    'too-large-for-storage',
    `the database holds ${bytes} bytes; on IndexedDB it stays in memory, where ${residentBytesMax} are allowed, unless the page is cross-origin isolated${why}`,
    { cause },
  )
}
