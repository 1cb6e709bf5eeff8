// DataSync and its application in one worker: the package's own client and its worker's script on one thread, joined by a
// message channel. No user has to do this; it shows what remains of the work when no other thread can share it.
import { open } from '../../src/index.ts'
import './own-engine.ts'
import { serve } from './serve.ts'

serve({
  async open({ name, storage, durability, cacheBytes }) {
    if (storage === 'file') throw new Error('There are no files in a browser.')
    const db = await open(name, { storage, durability, timeoutMs: 0, ...(cacheBytes !== undefined && { cacheBytes }) })
    return {
      exec: (script) => db.exec(script),
      run: async (sql, parameters) => void (await db.run(sql, parameters)),
      runMany: async (sql, rows) => void (await db.runMany(sql, rows)),
      query: (sql, parameters) => db.query(sql, parameters),
      async queryAll(sql, parameters) {
        const results = await db.batch(parameters.map((one) => [sql, one] as const))
        return results.map(({ rows }) => rows)
      },
      close: () => db.close(),
    }
  },
})
