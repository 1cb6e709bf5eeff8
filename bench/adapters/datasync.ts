// DataSync itself.
import { deleteDatabase, open } from '../../src/index.ts'
import type { Adapter } from './adapter.ts'

export const datasync: Adapter = {
  name: 'datasync',
  durability: (storage, level) =>
    storage === 'memory' ? (level === 'strict' ? 'none' : undefined) : level === 'strict' ? 'synced' : 'flushed',
  async open({ name, storage, durability, cacheBytes }) {
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
