// IndexedDB itself, doing in the page the same logical work that the workloads ask for in SQL: one object store with the
// rows as objects. What it has no counterpart for it refuses.
import { INSERT_PERSON } from '../workloads/people.ts'
import { CREATE_INDEX, DELETE_HALF, SELECT_ALL, SELECT_ONE, UPDATE_PERSON } from '../workloads/statements.ts'
import type { Adapter, Connection, Durability, Row, Value } from './adapter.ts'

const STORE = 'people'

export const rawIndexedDb: Adapter = {
  name: 'raw IndexedDB',
  lacks: ['sql', 'fts5', 'rtree', 'in-worker', 'page-cache'],
  tabs: ['indexeddb'],
  durability: (storage, level) => (storage === 'indexeddb' ? `${level} transactions` : undefined),
  async open({ name, durability }) {
    return new RawConnection(await opened(name), durability)
  },
  async remove(name) {
    await done(indexedDB.deleteDatabase(name))
  },
}

/** The version is the number of indexes and one more. */
async function opened(name: string, version?: number): Promise<IDBDatabase> {
  const opening = indexedDB.open(name, version)
  opening.onupgradeneeded = ({ oldVersion }) => {
    if (oldVersion === 0) opening.result.createObjectStore(STORE, { keyPath: 'id' })
    else opening.transaction?.objectStore(STORE).createIndex('email', 'email')
  }
  return done(opening)
}

class RawConnection implements Connection {
  #db: IDBDatabase
  readonly #durability: Durability

  constructor(db: IDBDatabase, durability: Durability) {
    this.#db = db
    this.#durability = durability
  }

  /** The workloads' scripts make or empty the table, or give it an index. */
  async exec(script: string): Promise<void> {
    if (script !== CREATE_INDEX) return this.#write((store) => store.clear())
    if (this.#db.version > 1) return
    const { name, version } = this.#db
    this.#db.close()
    this.#db = await opened(name, version + 1)
  }

  run(sql: string, parameters: readonly Value[]): Promise<void> {
    if (sql !== DELETE_HALF) return this.runMany(sql, [parameters])
    return this.#write((store) => {
      const keys = store.getAllKeys()
      keys.onsuccess = () => {
        for (const key of keys.result) if (Number(key) % 2 === 0) store.delete(key)
      }
    })
  }

  runMany(sql: string, rows: Iterable<readonly Value[]>): Promise<void> {
    if (sql !== INSERT_PERSON && sql !== UPDATE_PERSON) throw new Error(`raw IndexedDB has no counterpart for: ${sql}`)
    return this.#write((store) => {
      for (const row of rows)
        if (sql === INSERT_PERSON) store.put(personOf(row))
        else update(store, row)
    })
  }

  async query(sql: string, parameters: readonly Value[] = []): Promise<Row[]> {
    if (sql === SELECT_ALL) return done<Row[]>(this.#read().getAll())
    if (sql !== SELECT_ONE) throw new Error(`raw IndexedDB has no counterpart for: ${sql}`)
    const row = await done<Row | undefined>(this.#read().get(Number(parameters[0])))
    return row ? [row] : []
  }

  queryAll(sql: string, parameters: readonly (readonly Value[])[]): Promise<Row[][]> {
    return Promise.all(parameters.map((one) => this.query(sql, one)))
  }

  async *stream(sql: string): AsyncGenerator<Row> {
    yield* await this.query(sql)
  }

  async wasmHeapBytes(): Promise<undefined> {}

  async close(): Promise<void> {
    this.#db.close()
  }

  #read(): IDBObjectStore {
    return this.#db.transaction(STORE, 'readonly').objectStore(STORE)
  }

  async #write(work: (store: IDBObjectStore) => void): Promise<void> {
    const transaction = this.#db.transaction(STORE, 'readwrite', { durability: this.#durability })
    work(transaction.objectStore(STORE))
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve()
      transaction.onabort = () => reject(transaction.error)
    })
  }
}

function update(store: IDBObjectStore, [email, id]: readonly Value[]): void {
  const found = store.get(Number(id))
  found.onsuccess = () => store.put({ ...found.result, email })
}

const personOf = ([id, name, email, score, country]: readonly Value[]) => ({ id, name, email, score, country })

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
