// The connection to one IndexedDB database and the one kind of transaction that changes it: compare the head, store a
// piece, move the head. It stands apart because connections get lost and transactions abort; the device above decides
// what that means.
//
// A transaction reports success by `complete` only and failure by `abort` only: out of quota no request fails.

import type { Clock } from '../environment.ts'
import { StorageError } from '../errors/errors.ts'
import { DeviceError } from './device.ts'
import { platformNameOf } from './device-errors.ts'
import {
  BALLAST_VALUES,
  FORMAT,
  HEAD_KEY,
  type Head,
  LOG_AREAS,
  parseHead,
  SCHEMA_VERSION,
  STORES,
} from './indexeddb-format.ts'
import type { StorablePiece } from './indexeddb-piece.ts'

export interface IndexedDbPlatform {
  readonly factory: IDBFactory
  readonly keyRange: Pick<typeof IDBKeyRange, 'bound'>
}

export type StoreName = (typeof STORES)[number]
export type Durability = 'strict' | 'relaxed'

const OPEN_MS_MAX = 10_000

/** Settles as the transaction does; `refusal` tells why this side aborted it. */
export function settled(transaction: IDBTransaction, refusal?: () => Error | undefined): Promise<void> {
  const database = transaction.db
  return new Promise((resolve, reject) => {
    // A browser that lost its storage process may close the connection and never end the transaction.
    const lost = () => reject(new DOMException('the connection was lost', 'InvalidStateError'))
    database.addEventListener('close', lost)
    transaction.oncomplete = () => {
      database.removeEventListener('close', lost)
      resolve()
    }
    transaction.onabort = () => {
      database.removeEventListener('close', lost)
      reject(refusal?.() ?? transaction.error ?? new DOMException('the transaction was aborted', 'AbortError'))
    }
  })
}

/** The result of a request; a failure is left to the transaction's end. */
export function resultOf<T>(request: IDBRequest<T>, transaction: Promise<void>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    transaction.catch(reject)
  })
}

/** No transaction could be begun, so certainly nothing was stored. */
export class NotBegunError extends Error {
  override readonly name = 'NotBegunError'
}

/** What changes the storage, in this thread or, for content that is fetched as it is needed, in the helper's. */
export type StoreConnection = Pick<
  Connection,
  'open' | 'storePiece' | 'readHead' | 'takeOver' | 'addBallast' | 'giveUpBallast'
> & { close(): void | Promise<void> }

export class Connection {
  readonly #platform: IndexedDbPlatform
  readonly #clock: Clock
  readonly #name: string
  readonly #onVersionChange: () => void
  #database: IDBDatabase | undefined

  constructor(platform: IndexedDbPlatform, clock: Clock, name: string, onVersionChange: () => void) {
    this.#platform = platform
    this.#clock = clock
    this.#name = name
    this.#onVersionChange = onVersionChange
  }

  get keyRange(): IndexedDbPlatform['keyRange'] {
    return this.#platform.keyRange
  }

  /** Opens it, instead of any connection held so far. Throws DeviceError `evicted` if it is missing and not to be made. */
  async open(create: boolean): Promise<void> {
    this.close()
    const request = this.#platform.factory.open(this.#name, SCHEMA_VERSION)
    let missing = false
    request.onupgradeneeded = () => {
      if (create) for (const store of STORES) request.result.createObjectStore(store)
      else missing = true
      if (missing) request.transaction?.abort()
    }
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      let late = false
      const cancel = this.#clock.after(OPEN_MS_MAX, () => {
        late = true
        reject(new DeviceError('io', `IndexedDB did not open "${this.#name}" within ${OPEN_MS_MAX} ms`))
      })
      request.onsuccess = () => {
        cancel()
        if (late) request.result.close()
        else resolve(request.result)
      }
      request.onerror = () => {
        cancel()
        reject(this.#openFailure(request.error, missing))
      }
    })
    database.onversionchange = () => this.#onVersionChange()
    database.onclose = () => {
      if (this.#database === database) this.#database = undefined
    }
    this.#database = database
  }

  /** Throws NotBegunError when the connection is gone. */
  transaction(stores: readonly StoreName[], mode: 'readonly' | 'readwrite', durability?: Durability): IDBTransaction {
    if (!this.#database) throw new NotBegunError('the connection was closed')
    try {
      return this.#database.transaction([...stores], mode, durability ? { durability } : {})
    } catch (error) {
      throw new NotBegunError(error instanceof Error ? error.message : String(error), { cause: error })
    }
  }

  /** Running transactions still end. */
  close(): void {
    this.#database?.close()
    this.#database = undefined
  }

  /**
   * Stores `piece` and moves the head to `to`, if the head is this owner's and at one of `places`. If it is at `to`
   * already, an earlier attempt got there, and the same is stored again: the caller wants its durability.
   */
  storePiece(piece: StorablePiece, places: ReadonlySet<number>, to: Head, durability: Durability): Promise<void> {
    const logs = LOG_AREAS.filter((area) => piece.logs[area].puts.size + piece.logs[area].deletes.size > 0)
    const stores: StoreName[] = ['head', ...(piece.chunks.size > 0 ? (['main'] as const) : []), ...logs]
    const transaction = this.transaction(stores, 'readwrite', durability)
    let refusal: Error | undefined
    const end = settled(transaction, () => refusal)
    try {
      const heads = transaction.objectStore('head')
      const read = heads.get(HEAD_KEY)
      // The changes wait in line behind this answer and vanish with the transaction if it is the wrong one.
      read.onsuccess = () => {
        const stored = parseHead(read.result)
        refusal = headRefusal(stored, places, to)
        if (refusal) transaction.abort()
      }
      if (piece.chunks.size > 0) {
        const main = transaction.objectStore('main')
        for (const [index, { after }] of piece.chunks) after ? main.put(after, index) : main.delete(index)
      }
      for (const area of logs) {
        const store = transaction.objectStore(area)
        for (const [first, last] of runs(piece.logs[area].deletes)) store.delete(this.keyRange.bound(first, last))
        for (const [number, value] of piece.logs[area].puts) store.put(value, number)
      }
      heads.put(to, HEAD_KEY)
    } catch (error) {
      refusal = error instanceof Error ? error : new Error(String(error))
      end.catch(() => {}) // in case abort throws as well, which is then what the caller hears
      transaction.abort()
    }
    return end
  }

  /** The head as it is stored; undefined if there is none. Throws StorageError `format-unknown`. */
  async readHead(): Promise<Head | undefined> {
    const transaction = this.transaction(['head'], 'readonly')
    const end = settled(transaction)
    const stored = parseHead(await resultOf(transaction.objectStore('head').get(HEAD_KEY), end))
    await end
    if (stored && stored.format !== FORMAT) throw formatError(stored)
    return stored
  }

  /**
   * Takes the storage over: raises the term under a new owner. Answers the new head. `known`: the head under which the
   * content was read; throws DeviceError `fenced` if it is another one by now.
   */
  async takeOver(owner: string, create: boolean, known?: Head): Promise<Head> {
    const transaction = this.transaction(['head'], 'readwrite', 'relaxed')
    let refusal: Error | undefined
    let head: Head | undefined
    const end = settled(transaction, () => refusal)
    const heads = transaction.objectStore('head')
    const read = heads.get(HEAD_KEY)
    read.onsuccess = () => {
      const stored = parseHead(read.result)
      if (stored && stored.format !== FORMAT) {
        refusal = formatError(stored)
      } else if (!stored && !create) {
        refusal = goneError()
      } else if (known && stored && (stored.owner !== known.owner || stored.piece !== known.piece)) {
        refusal = new DeviceError('fenced', `another owner has taken the storage over (term ${stored.term})`)
      }
      if (refusal) return transaction.abort()
      const sizes = stored?.sizes ?? { main: 0, 'log-0': 0, 'log-1': 0 }
      head = { format: FORMAT, owner, term: (stored?.term ?? 0) + 1, piece: 0, sizes }
      heads.put(head, HEAD_KEY)
    }
    await end
    return head!
  }

  /** Writes the ballast where it is missing. */
  async addBallast(noise: () => Uint8Array): Promise<void> {
    const transaction = this.transaction(['ballast'], 'readwrite', 'relaxed')
    const store = transaction.objectStore('ballast')
    for (let index = 0; index < BALLAST_VALUES; index++) store.put(noise(), index)
    await settled(transaction)
  }

  /** Frees the ballast's space; false if there was none, which costs nothing. */
  async giveUpBallast(): Promise<boolean> {
    const look = this.transaction(['ballast'], 'readonly')
    const looked = settled(look)
    const count = await resultOf(look.objectStore('ballast').count(), looked)
    await looked
    if (count === 0) return false
    const transaction = this.transaction(['ballast'], 'readwrite', 'strict')
    transaction.objectStore('ballast').clear()
    await settled(transaction)
    return true
  }

  #openFailure(error: DOMException | null, missing: boolean): Error {
    if (missing) return goneError()
    if (platformNameOf(error) === 'VersionError') {
      return new StorageError('format-unknown', 'the storage was made by a newer version', { cause: error })
    }
    return error ?? new Error('IndexedDB did not open and did not say why')
  }
}

function headRefusal(stored: Head | undefined, places: ReadonlySet<number>, to: Head): DeviceError | undefined {
  if (!stored) return goneError()
  if (stored.owner === to.owner && (places.has(stored.piece) || stored.piece === to.piece)) return undefined
  return new DeviceError('fenced', `another owner has taken the storage over (term ${stored.term}, ours ${to.term})`)
}

function formatError({ format }: Head): StorageError {
  return new StorageError('format-unknown', `the storage has format ${format}, known is ${FORMAT}`)
}

export function goneError(): DeviceError {
  return new DeviceError('evicted', "the storage is gone: the browser or the user has cleared this site's data")
}

/** Runs of consecutive numbers, as first and last. */
function* runs(numbers: ReadonlySet<number>): Iterable<readonly [number, number]> {
  let first: number | undefined
  let last = 0
  for (const number of [...numbers].sort((a, b) => a - b)) {
    if (first !== undefined && number === last + 1) last = number
    else {
      if (first !== undefined) yield [first, last]
      first = last = number
    }
  }
  if (first !== undefined) yield [first, last]
}
