// DataSync itself.
import { deleteDatabase, open } from '../../src/index.ts'
import type { Adapter, Storage } from './adapter.ts'
import { openInWorker } from './in-worker.ts'

const TABS: readonly Storage[] = ['opfs', 'indexeddb']

export const datasync: Adapter = {
  name: 'datasync',
  tabs: TABS,
  durability: (storage, level) =>
    storage === 'file'
      ? undefined
      : storage === 'memory'
        ? level === 'strict'
          ? 'none'
          : undefined
        : level === 'strict'
          ? 'synced'
          : 'flushed',
  async open(wish) {
    const { name, storage, durability, cacheBytes, inWorker } = wish
    if (inWorker) return openInWorker('own', wish)
    if (storage === 'file') throw new Error('There are no files in a browser.')
    const db = await open(name, {
      storage,
      durability,
      timeoutMs: 0,
      ...(cacheBytes !== undefined && { cacheBytes }),
    })
    return {
      exec: (script) => db.exec(script),
      run: async (sql, parameters) => {
        await db.run(sql, parameters)
      },
      runMany: async (sql, rows) => {
        await db.runMany(sql, rows)
      },
      query: (sql, parameters = []) => db.query(sql, parameters),
      queryAll: async (sql, parameters) => {
        const results = await db.batch(parameters.map((one) => [sql, one] as const))
        return results.map(({ rows }) => rows)
      },
      stream: (sql) => db.stream(sql),
      wasmHeapBytes: async () => (await db.metrics()).wasmHeapBytes,
      close: () => db.close(),
    }
  },
  async remove(name) {
    await deleteDatabase(name)
  },
}
