// The connection of a device whose content is not all in memory: it lives in a helper, a thread of its own, because this
// thread waits for chunks in the middle of SQL, and a transaction of its own could not end meanwhile. It stands apart from
// the device, which uses it like a connection of its own.
//
// Invariants: every call and every fetch ends, by its deadline at the latest; a helper that did not answer in time is
// ended and another one started, with memory of its own, so that a late answer reaches nobody. What was lost with a
// helper counts as a lost connection: perhaps stored.

import type { Clock } from '../environment.ts'
import { ChunkExchange, EXCHANGE_BYTES, EXCHANGE_CHUNKS, type FetchedChunks } from './chunk-exchange.ts'
import { DeviceError } from './device.ts'
import { errorFrom, type FromHelper, type HelperCall, parseFromHelper } from './helper-messages.ts'
import type { HelperPlatform, HelperPort } from './helper-platform.ts'
import type { StoreConnection } from './indexeddb-connection.ts'
import { BALLAST_VALUES, type Head, parseHead } from './indexeddb-format.ts'

/** How long a fetch may block; the helper opens another connection within that if it has to. */
const FETCH_MS_MAX = 10_000
const OPEN_MS_MAX = 15_000
const CALL_MS_MAX = 60_000

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

interface Helper {
  readonly port: HelperPort
  readonly exchange: ChunkExchange
}

export interface HelperOptions {
  readonly platform: HelperPlatform
  readonly clock: Clock
  readonly databaseName: string
  readonly onVersionChange: () => void
}

export class HelperConnection implements StoreConnection {
  readonly chunksMax = EXCHANGE_CHUNKS
  readonly #options: HelperOptions
  readonly #waiting = new Map<number, Waiting>()
  #helper: Helper | undefined
  #opening: Promise<void> | undefined
  #lastId = 0
  #lastFetch = 0
  #closed = false

  constructor(options: HelperOptions) {
    this.#options = options
  }

  /** Opens the storage, in a new helper if there is none. Throws DeviceError `evicted`, `io`. */
  open(create: boolean): Promise<void> {
    this.#opening ??= this.#open(create).finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  async storePiece(...[piece, places, to, durability]: Parameters<StoreConnection['storePiece']>): Promise<void> {
    const chunks = new Map([...piece.chunks].map(([index, { after }]) => [index, { after }]))
    const logs = {
      'log-0': { puts: piece.logs['log-0'].puts, deletes: piece.logs['log-0'].deletes },
      'log-1': { puts: piece.logs['log-1'].puts, deletes: piece.logs['log-1'].deletes },
    }
    await this.#call({ verb: 'storePiece', piece: { chunks, logs }, places, to, durability })
  }

  async readHead(): Promise<Head | undefined> {
    return parseHead(await this.#call({ verb: 'readHead' }))
  }

  async takeOver(owner: string, create: boolean, known?: Head): Promise<Head> {
    return (await this.#call({ verb: 'takeOver', owner, create, known })) as Head
  }

  async addBallast(noise: () => Uint8Array): Promise<void> {
    await this.#call({ verb: 'addBallast', noise: Array.from({ length: BALLAST_VALUES }, noise) })
  }

  async giveUpBallast(): Promise<boolean> {
    return (await this.#call({ verb: 'giveUpBallast' })) as boolean
  }

  /**
   * Chunks of the main area, all of which should be stored. Blocks. Throws DeviceError `evicted`, `io`; after an `io` the
   * next fetch may work.
   */
  fetch(first: number, count: number): FetchedChunks {
    const helper = this.#helper
    if (!helper) {
      this.#startAgain()
      throw new DeviceError('io', 'the helper that fetches chunks is being started')
    }
    const { port, exchange } = helper
    this.#lastFetch = (this.#lastFetch + 1) | 0
    port.postMessage({ type: 'fetch', number: this.#lastFetch, first, count })
    for (let answered = exchange.answered; answered !== this.#lastFetch; answered = exchange.answered) {
      if (this.#options.platform.wait(exchange.control, 0, answered, FETCH_MS_MAX) === 'changed') continue
      this.#lose(helper, `it did not fetch chunk ${first} within ${FETCH_MS_MAX} ms`)
      throw new DeviceError('io', `chunk ${first} was not fetched within ${FETCH_MS_MAX} ms`)
    }
    return exchange.take()
  }

  async close(): Promise<void> {
    this.#closed = true
    const helper = this.#helper
    if (!helper) return
    await this.#call({ verb: 'close' }).catch(() => {}) // ended with its thread in any case
    this.#helper = undefined
    helper.port.terminate()
  }

  async #open(create: boolean): Promise<void> {
    if (this.#closed) throw new DeviceError('closed', 'the storage was used after it was closed')
    if (!this.#helper) {
      // In a task of its own: Firefox blocks this thread for ever, about once in a hundred times, if a worker starts
      // another one in the middle of an event of IndexedDB.
      await new Promise<void>((resolve) => this.#options.clock.after(0, resolve))
      if (this.#closed) throw new DeviceError('closed', 'the storage was used after it was closed')
      this.#start()
    }
    await this.#call({ verb: 'open', create })
  }

  #start(): void {
    const { platform, databaseName, onVersionChange } = this.#options
    const shared = platform.share(EXCHANGE_BYTES)
    const helper: Helper = { port: platform.start(), exchange: new ChunkExchange(shared) }
    this.#helper = helper
    this.#lastFetch = 0
    helper.port.onmessage = (data) => {
      let message: FromHelper
      try {
        message = parseFromHelper(data)
      } catch (error) {
        return this.#lose(helper, `${error}`)
      }
      if (message.type === 'version-change') return onVersionChange()
      const waiting = this.#waiting.get(message.id)
      this.#waiting.delete(message.id)
      if (message.type === 'done') waiting?.resolve(message.value)
      else waiting?.reject(errorFrom(message.failure))
    }
    helper.port.onfailure = (why) => this.#lose(helper, why)
    helper.port.postMessage({ type: 'helper', databaseName, shared })
  }

  #startAgain(): void {
    if (!this.#closed) this.open(false).catch(() => {}) // whoever needs it meets the failure
  }

  #lose(helper: Helper, why: string): void {
    if (this.#helper !== helper) return
    this.#helper = undefined
    helper.port.terminate()
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { reject } of waiting) {
      reject(new DOMException(`the helper on IndexedDB was lost: ${why}`, 'InvalidStateError'))
    }
  }

  #call(call: HelperCall): Promise<unknown> {
    const helper = this.#helper
    if (!helper) return Promise.reject(new DOMException('the helper on IndexedDB was lost', 'InvalidStateError'))
    const id = ++this.#lastId
    return new Promise<unknown>((resolve, reject) => {
      const timeoutMs = call.verb === 'open' ? OPEN_MS_MAX : CALL_MS_MAX
      const cancel = this.#options.clock.after(timeoutMs, () => {
        this.#lose(helper, `it did not answer within ${timeoutMs} ms`)
      })
      this.#waiting.set(id, {
        resolve(value) {
          cancel()
          resolve(value)
        },
        reject(error) {
          cancel()
          reject(error)
        },
      })
      helper.port.postMessage({ type: 'call', id, call })
    })
  }
}
