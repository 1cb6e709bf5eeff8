// Listing and deleting stored databases: one question to a worker of its own, which is ended whatever comes.

import { expect, test } from 'vitest'
import { deleteDatabaseWith, listDatabasesWith } from '../../src/client/databases.ts'
import type { ClientPlatform, Transport } from '../../src/coordination/platform.ts'
import { StorageError } from '../../src/errors/errors.ts'
import { toWireError } from '../../src/errors/wire.ts'
import { parseStorageJob, type StorageAnswer } from '../../src/protocol/storage-messages.ts'
import { ManualClock } from '../support/manual-clock.ts'

class StoragePlatform implements ClientPlatform {
  readonly clock = new ManualClock()
  readonly random = { bytes: (count: number) => new Uint8Array(count) }
  readonly locks = undefined
  readonly jobs: unknown[] = []
  terminated = 0
  transport: Transport | undefined
  readonly #answer: StorageAnswer | undefined

  constructor(answer?: StorageAnswer) {
    this.#answer = answer
  }

  startWorker(): Transport {
    const transport: Transport = {
      onmessage: undefined,
      onfailure: undefined,
      postMessage: (job) => {
        this.jobs.push(parseStorageJob(structuredClone(job)))
        if (this.#answer) queueMicrotask(() => transport.onmessage?.(structuredClone(this.#answer)))
      },
      terminate: () => void this.terminated++,
    }
    this.transport = transport
    return transport
  }

  getWasm(): never {
    throw new Error('no wasm is needed here')
  }
}

test('the stored databases are named with storage and date', async () => {
  const platform = new StoragePlatform({
    type: 'storage-done',
    deleted: false,
    databases: [{ name: 'app.db', storage: 'opfs', createdMs: 86_400_000 }],
  })
  expect(await listDatabasesWith(platform)).toEqual([
    { name: 'app.db', storage: 'opfs', created: new Date('1970-01-02T00:00:00Z') },
  ])
  expect(platform.jobs).toEqual([{ type: 'storage', action: 'list' }])
  expect(platform.terminated).toBe(1)
})

test('a deletion tells whether there was something to delete', async () => {
  for (const deleted of [true, false]) {
    const platform = new StoragePlatform({ type: 'storage-done', databases: [], deleted })
    expect(await deleteDatabaseWith(platform, 'app.db')).toBe(deleted)
    expect(platform.jobs).toEqual([{ type: 'storage', action: 'delete', name: 'app.db' }])
  }
})

test('a failure of the worker rejects with its error, and the worker is ended', async () => {
  const busy = toWireError(new StorageError('busy', 'open elsewhere', { retryable: true }))
  const platform = new StoragePlatform({ type: 'failed', error: busy })
  await expect(deleteDatabaseWith(platform, 'app.db')).rejects.toMatchObject({ code: 'busy', retryable: true })
  expect(platform.terminated).toBe(1)
  const unloadable = new StoragePlatform()
  const call = listDatabasesWith(unloadable)
  unloadable.transport?.onfailure?.({ kind: 'load', message: '' })
  await expect(call).rejects.toMatchObject({ code: 'asset-load' })
  const nonsense = new StoragePlatform({ type: 'other' } as never)
  await expect(listDatabasesWith(nonsense)).rejects.toMatchObject({ code: 'protocol' })
})

test('time limit and signal end it, and so does a bad argument before anything is started', async () => {
  const slow = new StoragePlatform()
  const call = listDatabasesWith(slow, { timeoutMs: 100 }).catch((e: unknown) => e)
  await slow.clock.advance(100)
  expect(await call).toMatchObject({ code: 'timeout' })
  expect(slow.terminated).toBe(1)
  const controller = new AbortController()
  const aborted = listDatabasesWith(new StoragePlatform(), { signal: controller.signal })
  controller.abort()
  await expect(aborted).rejects.toMatchObject({ code: 'aborted' })
  const untouched = new StoragePlatform()
  await expect(deleteDatabaseWith(untouched, '')).rejects.toMatchObject({ code: 'invalid-argument' })
  await expect(listDatabasesWith(untouched, { wasmUrl: 'x' } as never)).rejects.toMatchObject({
    code: 'unknown-option',
  })
  expect(untouched.transport).toBeUndefined()
})
