// The helper's side: holds the connection to one IndexedDB storage and does what the device's thread asks for. It stands
// apart from the connection because it runs in a thread of its own, and decides nothing but how a fetch is tried again.
//
// Invariant: chunks and the head that they are answered with were read in one transaction, begun after the question came.

import type { Environment } from '../environment.ts'
import { ChunkExchange } from './chunk-exchange.ts'
import { DeviceError } from './device.ts'
import { deviceErrorFrom } from './device-errors.ts'
import { type FromHelper, failureFrom, type HelperCall, type HelperStart, parseToHelper } from './helper-messages.ts'
import { Connection, goneError, type IndexedDbPlatform, resultOf, settled } from './indexeddb-connection.ts'
import { CHUNK_BYTES, HEAD_KEY, parseHead } from './indexeddb-format.ts'

export interface HelperContext {
  readonly platform: IndexedDbPlatform
  readonly environment: Environment
  post(message: FromHelper): void
}

export class HelperService {
  readonly #context: HelperContext
  readonly #connection: Connection
  readonly #exchange: ChunkExchange

  constructor(context: HelperContext, { databaseName, shared }: HelperStart) {
    this.#context = context
    this.#exchange = new ChunkExchange(shared)
    const { platform, environment } = context
    this.#connection = new Connection(platform, environment.clock, databaseName, () =>
      context.post({ type: 'version-change' }),
    )
  }

  /** Throws UsageError `protocol`, which ends the thread: nobody could be answered. */
  receive(data: unknown): void {
    const message = parseToHelper(data)
    switch (message.type) {
      case 'call':
        void this.#answer(message.id, message.call)
        break
      case 'fetch':
        void this.#fetch(message.number, message.first, message.count)
        break
      case 'helper':
        break // what it was made from
      default:
        message satisfies never
    }
  }

  async #answer(id: number, call: HelperCall): Promise<void> {
    try {
      this.#context.post({ type: 'done', id, value: await this.#do(call) })
    } catch (error) {
      this.#context.post({ type: 'failed', id, failure: failureFrom(error) })
    }
  }

  #do(call: HelperCall): unknown {
    const connection = this.#connection
    switch (call.verb) {
      case 'open':
        return connection.open(call.create)
      case 'storePiece':
        return connection.storePiece(call.piece, call.places, call.to, call.durability)
      case 'readHead':
        return connection.readHead()
      case 'takeOver':
        return connection.takeOver(call.owner, call.create, call.known)
      case 'addBallast': {
        const noise = call.noise.values()
        return connection.addBallast(() => noise.next().value!)
      }
      case 'giveUpBallast':
        return connection.giveUpBallast()
      case 'close':
        return connection.close()
      default:
        return call satisfies never
    }
  }

  async #fetch(number: number, first: number, count: number): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#read(number, first, count)
      } catch (cause) {
        // Any failure but a clear one gets one new connection: a lost one has many names.
        const final = cause instanceof DeviceError || attempt > 1
        const error = final ? cause : await this.#connection.open(false).catch((again: unknown) => again)
        if (error !== undefined) return this.#exchange.fail(number, deviceErrorFrom(error, 'fetching chunks'))
      }
    }
  }

  async #read(number: number, first: number, count: number): Promise<void> {
    const transaction = this.#connection.transaction(['head', 'main'], 'readonly')
    const end = settled(transaction)
    const range = this.#connection.keyRange.bound(first, first + count - 1)
    const reading = [
      resultOf<unknown>(transaction.objectStore('head').get(HEAD_KEY), end),
      resultOf<unknown[]>(transaction.objectStore('main').getAll(range), end),
    ] as const
    const [stored, values] = await Promise.all(reading)
    await end
    const head = parseHead(stored)
    if (!head) throw goneError()
    const chunks = values.filter((value) => value instanceof Uint8Array && value.length === CHUNK_BYTES)
    this.#exchange.give(number, head, chunks as Uint8Array[])
  }
}
