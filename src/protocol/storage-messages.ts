// Messages for looking after stored databases without opening one: said to a worker of its own instead of `hello`. They
// stand apart from the engine's messages because no engine takes part; the worker's entry answers them.

import type { WireError } from '../errors/wire-error.ts'
import { fields, flag, list, nonsense, show, text } from './shapes.ts'

/** Names the stored databases, deletes one, or tells what this browser offers. Answer: `failed`, or as the action says. */
export type StorageJob =
  | { readonly type: 'storage'; readonly action: 'list' }
  | { readonly type: 'storage'; readonly action: 'examine' }
  | { readonly type: 'storage'; readonly action: 'delete'; readonly name: string }

export interface StoredEntry {
  readonly name: string
  readonly storage: 'opfs' | 'indexeddb'
  readonly createdMs: number
}

/** Whether a storage can be used, or in words why it cannot. */
export interface StorageOffer {
  readonly available: boolean
  readonly why: string | undefined
}

export type StorageAnswer =
  | {
      readonly type: 'storage-examined'
      readonly opfs: StorageOffer
      readonly indexedDb: StorageOffer
      readonly databases: readonly StoredEntry[]
    }
  | { readonly type: 'storage-done'; readonly databases: readonly StoredEntry[]; readonly deleted: boolean }
  | { readonly type: 'failed'; readonly error: WireError }

/** True if a message is for the storage and not for an engine. */
export function isStorageJob(data: unknown): data is { type: 'storage' } {
  return typeof data === 'object' && data !== null && 'type' in data && data.type === 'storage'
}

/** Throws UsageError `protocol` on anything else. */
export function parseStorageJob(data: unknown): StorageJob {
  const message = fields(data, 'storage message')
  if (message.type !== 'storage') throw nonsense(`unknown message type ${show(message.type)}`)
  if (message.action === 'list' || message.action === 'examine') return data as StorageJob
  if (message.action !== 'delete') throw nonsense(`unknown storage action ${show(message.action)}`)
  text(message, 'name')
  return data as StorageJob
}

/** Throws UsageError `protocol` on anything else. */
export function parseStorageAnswer(data: unknown): StorageAnswer {
  const message = fields(data, 'storage answer')
  if (message.type === 'storage-examined') {
    flag(fields(message.opfs, 'opfs'), 'available')
    flag(fields(message.indexedDb, 'indexedDb'), 'available')
  }
  if (message.type === 'storage-done' || message.type === 'storage-examined') {
    for (const entry of list(message, 'databases')) text(fields(entry, 'database'), 'name')
    return data as StorageAnswer
  }
  if (message.type !== 'failed') throw nonsense(`unknown message type ${show(message.type)}`)
  text(fields(message.error, 'error'), 'code')
  return data as StorageAnswer
}
