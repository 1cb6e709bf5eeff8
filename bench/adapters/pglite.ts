// @electric-sql/pglite: Postgres itself, in the worker that its documentation recommends for a page, shared by tabs. The same
// work in its own dialect; what SQLite alone has, it lacks. Its caches are Postgres's own and stay as they are.
import { PGliteWorker } from '@electric-sql/pglite/worker'
import type { Adapter, Durability, Row, Storage } from './adapter.ts'
import { removeEverywhere } from './in-worker.ts'
import { portions, postgres } from './postgres.ts'

/** Its files in IndexedDB are stored before it answers, by transactions of the default kind, which Chromium takes as relaxed. */
const LEVELS: Partial<Record<Storage, Partial<Record<Durability, string>>>> = {
  opfs: { strict: 'Postgres, files flushed', relaxed: 'Postgres, relaxedDurability' },
  indexeddb: { relaxed: 'Postgres, transactions of the default kind' },
}

export const pglite: Adapter = {
  name: 'PGlite',
  lacks: ['fts5', 'rtree', 'in-worker', 'page-cache'],
  tabs: ['opfs', 'indexeddb'],
  durability: (storage, level) => LEVELS[storage]?.[level],
  async open({ name, storage, durability }) {
    const worker = new Worker('/peers/pglite/pglite.js', { type: 'module' })
    const db = await PGliteWorker.create(worker, {
      id: name,
      meta: { directory: name, opfs: storage === 'opfs', relaxed: storage === 'opfs' && durability === 'relaxed' },
    })
    const query = async (sql: string, parameters: readonly unknown[] = []) =>
      (await db.query<Row>(postgres(sql), [...parameters])).rows
    return {
      exec: async (script) => void (await db.exec(postgres(script))),
      run: async (sql, parameters) => void (await query(sql, parameters)),
      async runMany(sql, rows) {
        await db.transaction(async (transaction) => {
          for (const { sql: text, parameters } of portions(sql, rows)) await transaction.query(text, parameters)
        })
      },
      query,
      queryAll: (sql, parameters) =>
        db.transaction(async (transaction) => {
          const all: Row[][] = []
          for (const one of parameters) all.push((await transaction.query<Row>(postgres(sql), [...one])).rows)
          return all
        }),
      async *stream(sql) {
        yield* await query(sql)
      },
      wasmHeapBytes: async () => undefined,
      async close() {
        await db.close()
        worker.terminate()
      },
    }
  },
  remove: removeEverywhere,
}
