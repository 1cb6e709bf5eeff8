// IndexedDB in Node with the failures that browsers show, on demand: transactions that abort out of quota or otherwise,
// lost connections, transactions that are stored although their end is never heard; and a quota, which is asked as
// Chromium does: a transaction needs as much free space as it puts, also where it overwrites, and deleting needs none.
// What is committed can be looked at without waiting, as another thread would see it.

import { forceCloseDatabase, IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import type { IndexedDbPlatform } from '../../src/device/indexeddb-connection.ts'

/** What happens to the next read-write transaction. */
export type Fault =
  /** Aborts with this error name, as Chromium does out of quota: no request fails. */
  | { readonly abort: string }
  /** `transaction()` throws InvalidStateError, as on a connection that is closing. */
  | { readonly closing: true }
  /** It is stored, but the connection is lost before anybody hears so. */
  | { readonly lostAfterStored: true }
  /** The connection is lost and nothing was stored. */
  | { readonly lostBeforeStored: true }
  | { readonly none: true }

export class FakeIndexedDb implements IndexedDbPlatform {
  readonly keyRange = IDBKeyRange
  readonly factory: IDBFactory = new IDBFactory()
  /** Consulted for each read-write transaction on the data. */
  fault: (transaction: number) => Fault = () => ({ none: true })
  /** Read-write transactions asked for so far, with their durability and stores. */
  readonly transactions: { readonly durability: string; readonly stores: readonly string[] }[] = []
  opens = 0
  /** Bytes that may be stored. */
  quotaBytes = Number.POSITIVE_INFINITY
  readonly #used = new Map<string, Map<IDBValidKey, number>>()
  readonly #committed = new Map<string, Map<IDBValidKey, unknown>>()

  get usedBytes(): number {
    let bytes = 0
    for (const values of this.#used.values()) for (const size of values.values()) bytes += size
    return bytes
  }

  /** What `store` of `database` holds, as of the last transaction that was stored; not to be changed. */
  committed(database: string, store: string): Map<IDBValidKey, unknown> {
    const key = `${database}/${store}`
    const values = this.#committed.get(key) ?? new Map<IDBValidKey, unknown>()
    this.#committed.set(key, values)
    return values
  }

  constructor() {
    const factory = this.factory
    const remove = factory.deleteDatabase.bind(factory)
    factory.deleteDatabase = (name: string) => {
      const request = remove(name)
      request.addEventListener('success', () => {
        for (const key of this.#committed.keys()) if (key.startsWith(`${name}/`)) this.#committed.delete(key)
      })
      return request
    }
    const open = factory.open.bind(factory)
    factory.open = (name: string, version?: number) => {
      const request = open(name, version)
      request.addEventListener('success', () => {
        this.opens++
        this.#wrap(request.result)
      })
      return request
    }
  }

  #wrap(database: IDBDatabase): void {
    const begin = database.transaction.bind(database)
    database.transaction = (stores, mode, options) => {
      if (mode !== 'readwrite') return begin(stores, mode, options)
      const fault = this.fault(this.transactions.length)
      const names = typeof stores === 'string' ? [stores] : [...stores]
      this.transactions.push({ durability: options?.durability ?? 'default', stores: names })
      if ('closing' in fault) throw new DOMException('The database connection is closing.', 'InvalidStateError')
      const transaction = begin(stores, mode, options)
      this.#account(transaction, names)
      if ('abort' in fault) this.#abortLater(transaction, fault.abort)
      if ('lostBeforeStored' in fault) this.#abortLater(transaction, 'UnknownError')
      if ('lostAfterStored' in fault) {
        const swallow = (event: Event) => {
          event.stopImmediatePropagation()
          // @ts-expect-error: its type wants the class of connections where it means one of them
          forceCloseDatabase(database)
        }
        transaction.addEventListener('complete', swallow)
      }
      return transaction
    }
  }

  #account(transaction: IDBTransaction, names: readonly string[]): void {
    const inner = transaction as IDBTransaction & { _abort(name: string): void }
    const done: (() => void)[] = []
    let bytes = 0
    for (const name of names) {
      const values = this.#used.get(name) ?? new Map<IDBValidKey, number>()
      this.#used.set(name, values)
      const committed = this.committed(transaction.db.name, name)
      const store = transaction.objectStore(name)
      const put = store.put.bind(store)
      store.put = (value: unknown, key?: IDBValidKey) => {
        const size = sizeOf(value)
        const clone = structuredClone(value)
        bytes += size
        done.push(() => values.set(key ?? 0, size))
        done.push(() => committed.set(key ?? 0, clone))
        const request = put(value, key)
        if (this.usedBytes + bytes > this.quotaBytes)
          request.addEventListener('success', () => inner._abort('QuotaExceededError'))
        return request
      }
      const remove = store.delete.bind(store)
      store.delete = (query) => {
        done.push(() => {
          for (const key of [...values.keys()]) {
            if (!(query instanceof IDBKeyRange ? query.includes(key) : query === key)) continue
            values.delete(key)
            committed.delete(key)
          }
        })
        return remove(query)
      }
      const clear = store.clear.bind(store)
      store.clear = () => {
        done.push(() => values.clear())
        done.push(() => committed.clear())
        return clear()
      }
    }
    transaction.addEventListener('complete', () => {
      for (const each of done) each()
    })
  }

  /** Aborts after all requests have succeeded, which is when browsers notice that there is no space. */
  #abortLater(transaction: IDBTransaction, errorName: string): void {
    const inner = transaction as IDBTransaction & { _abort(name: string): void }
    const store = transaction.objectStore(transaction.objectStoreNames[0]!)
    const put = store.put.bind(store)
    store.put = (value: unknown, key?: IDBValidKey) => {
      const request = put(value, key)
      request.addEventListener('success', () => inner._abort(errorName))
      return request
    }
    const clear = store.clear.bind(store)
    store.clear = () => {
      const request = clear()
      request.addEventListener('success', () => inner._abort(errorName))
      return request
    }
  }
}

/** Bytes of a stored value, roughly. */
function sizeOf(value: unknown): number {
  if (value instanceof Uint8Array) return value.length
  if (typeof value === 'object' && value !== null && 'bytes' in value) return 200 + sizeOf(value.bytes)
  return 200
}
