// IndexedDB itself, doing in the page the same logical work that the workloads ask for in SQL: one object store with the
// rows as objects. What it has no counterpart for it refuses.
import { INSERT_PERSON } from '../workloads/people.ts'
import { SELECT_ALL, SELECT_ONE } from '../workloads/statements.ts'
import type { Adapter, Connection, Durability, Row, Value } from './adapter.ts'

const STORE = 'people'

export const rawIndexedDb: Adapter = {
  name: 'raw IndexedDB',
  lacks: ['sql'],
  durability: (storage, level) => (storage === 'indexeddb' ? `${level} transactions` : undefined),
  async open({ name, durability }) {
    const opening = indexedDB.open(name, 1)
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: 'id' })
    return connection(await done(opening), durability)
  },
  async remove(name) {
    await done(indexedDB.deleteDatabase(name))
  },
}

function connection(db: IDBDatabase, durability: Durability): Connection {
  const write = async (work: (store: IDBObjectStore) => void) => {
    const transaction = db.transaction(STORE, 'readwrite', { durability })
    work(transaction.objectStore(STORE))
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve()
      transaction.onabort = () => reject(transaction.error)
    })
  }
  const read = () => db.transaction(STORE, 'readonly').objectStore(STORE)
  const insert = (sql: string) => {
    if (sql !== INSERT_PERSON) throw new Error(`raw IndexedDB has no counterpart for: ${sql}`)
  }
  const query = async (sql: string, parameters: readonly Value[] = []): Promise<Row[]> => {
    if (sql === SELECT_ALL) return done<Row[]>(read().getAll())
    if (sql !== SELECT_ONE) throw new Error(`raw IndexedDB has no counterpart for: ${sql}`)
    const row = await done<Row | undefined>(read().get(Number(parameters[0])))
    return row ? [row] : []
  }
  return {
    // The workloads' scripts only make or empty the table.
    exec: () => write((store) => store.clear()),
    run(sql, parameters) {
      insert(sql)
      return write((store) => store.put(personOf(parameters)))
    },
    runMany(sql, rows) {
      insert(sql)
      return write((store) => {
        for (const row of rows) store.put(personOf(row))
      })
    },
    query,
    queryAll: (sql, parameters) => Promise.all(parameters.map((one) => query(sql, one))),
    async *stream(sql) {
      yield* await query(sql)
    },
    wasmHeapBytes: async () => undefined,
    close: async () => db.close(),
  }
}

const personOf = ([id, name, email, score, country]: readonly Value[]) => ({ id, name, email, score, country })

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
