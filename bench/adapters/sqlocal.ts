// SQLocal: the official package's `opfs` file system behind a client of its own, used as its guide shows it. It has no
// settings but what SQL offers.
import { SQLocal } from 'sqlocal'
import type { Adapter, Value } from './adapter.ts'
import { removeEverywhere } from './in-worker.ts'

/** Statements of one call. */
const BATCH = 10_000

const LEVELS = { strict: 'journal, synchronous=FULL', relaxed: 'journal, synchronous=NORMAL' }

export const sqlocal: Adapter = {
  name: 'SQLocal',
  lacks: ['in-worker'],
  tabs: ['opfs'],
  durability: (storage, level) => (storage === 'opfs' ? LEVELS[level] : undefined),
  async open({ name, durability, cacheBytes }) {
    const pragmas = [`synchronous=${durability === 'strict' ? 'FULL' : 'NORMAL'}`, 'busy_timeout=20000']
    if (cacheBytes !== undefined) pragmas.push(`cache_size=-${cacheBytes >> 10}`)
    const worker = new Worker('/peers/sqlocal/worker.js', { type: 'module' })
    const { sql, batch, transaction, getDatabaseInfo, destroy } = new SQLocal({
      databasePath: name,
      processor: worker,
      onInit: () => pragmas.map((pragma) => ({ sql: `PRAGMA ${pragma}`, params: [] })),
    })
    // Without isolation it would be in memory, with a warning.
    const { storageType } = await getDatabaseInfo()
    if (storageType !== 'opfs') throw new Error(`SQLocal is on ${storageType}`)
    const statement = (text: string, parameters: readonly Value[]) => ({ sql: text, params: [...parameters] })
    const query = (text: string, parameters: readonly Value[] = []) => sql(text, ...parameters)
    return {
      async exec(script) {
        for (const one of script.split(';')) if (one.trim() !== '') await sql(one)
      },
      run: async (text, parameters) => void (await sql(text, ...parameters)),
      runMany: (text, rows) =>
        transaction(async (inside) => {
          // So many arguments at once are too many for the stack.
          for (const portion of portions(rows)) await inside.batch(() => portion.map((row) => statement(text, row)))
        }),
      query,
      queryAll: (text, parameters) => batch(() => parameters.map((one) => statement(text, one))),
      async *stream(text) {
        yield* await query(text)
      },
      wasmHeapBytes: async () => undefined,
      async close() {
        await destroy()
        worker.terminate()
      },
    }
  },
  remove: removeEverywhere,
}

function* portions(rows: Iterable<readonly Value[]>): Generator<(readonly Value[])[]> {
  let taken: (readonly Value[])[] = []
  for (const row of rows) {
    taken.push(row)
    if (taken.length < BATCH) continue
    yield taken
    taken = []
  }
  if (taken.length > 0) yield taken
}
