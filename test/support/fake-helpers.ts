// Helpers of the IndexedDB device in one thread: what they are asked by message the real helper does, on a fake IndexedDB;
// a fetch, for which the device's thread would wait, is answered at once from what is committed. On demand a helper does
// not start, or is silent.

import { ChunkExchange } from '../../src/device/chunk-exchange.ts'
import { DeviceError } from '../../src/device/device.ts'
import type { HelperStart, ToHelper } from '../../src/device/helper-messages.ts'
import type { HelperPlatform, HelperPort } from '../../src/device/helper-platform.ts'
import { HelperService } from '../../src/device/helper-service.ts'
import { HEAD_KEY, parseHead } from '../../src/device/indexeddb-format.ts'
import { realEnvironment } from '../../src/environment.ts'
import type { FakeIndexedDb } from './fake-indexeddb.ts'

export class FakeHelpers implements HelperPlatform {
  /** Consulted for each helper: why it does not start. */
  startFault: () => string | undefined = () => undefined
  /** Consulted for each fetch. */
  fetchFault: () => 'silent' | undefined = () => undefined
  /** Consulted for each call: nobody answers, and it may have been done. */
  callFault: () => 'silent' | undefined = () => undefined
  starts = 0
  /** Fetches so far, as first chunk and count. */
  readonly fetches: (readonly [number, number])[] = []
  readonly #indexedDb: FakeIndexedDb
  readonly #running = new Set<FakeHelper>()

  constructor(indexedDb: FakeIndexedDb) {
    this.#indexedDb = indexedDb
  }

  start(): HelperPort {
    this.starts++
    const helper = new FakeHelper(this.#indexedDb, this, () => this.#running.delete(helper))
    const fault = this.startFault()
    if (fault === undefined) this.#running.add(helper)
    else helper.fail(fault)
    return helper
  }

  share(bytes: number): SharedArrayBuffer {
    return new SharedArrayBuffer(bytes)
  }

  wait(words: Int32Array<SharedArrayBuffer>, index: number, value: number): 'changed' | 'timed-out' {
    return words[index] === value ? 'timed-out' : 'changed'
  }

  /** Ends every helper from outside, as a browser short of memory might. */
  kill(why: string): void {
    for (const helper of this.#running) helper.fail(why)
  }
}

class FakeHelper implements HelperPort {
  onmessage: HelperPort['onmessage']
  onfailure: HelperPort['onfailure']
  readonly #indexedDb: FakeIndexedDb
  readonly #faults: FakeHelpers
  readonly #onEnd: () => void
  #service: HelperService | undefined
  #begun: HelperStart | undefined
  #ended = false

  constructor(indexedDb: FakeIndexedDb, faults: FakeHelpers, onEnd: () => void) {
    this.#indexedDb = indexedDb
    this.#faults = faults
    this.#onEnd = onEnd
  }

  postMessage(message: ToHelper): void {
    if (this.#ended) return
    if (message.type === 'helper') {
      this.#begun = message
      const post = (answer: unknown) => void (this.#ended || this.onmessage?.(structuredClone(answer)))
      const context = { platform: this.#indexedDb, environment: realEnvironment(), post }
      this.#service = new HelperService(context, message)
    } else if (message.type === 'fetch') {
      this.#faults.fetches.push([message.first, message.count])
      if (!this.#faults.fetchFault()) this.#fetch(message, this.#begun!)
    } else {
      const silent = this.#faults.callFault() !== undefined
      const copy = structuredClone(message)
      queueMicrotask(() => this.#service?.receive(silent ? { ...copy, id: -1 } : copy))
    }
  }

  fail(why: string): void {
    queueMicrotask(() => this.onfailure?.(why))
    this.terminate()
  }

  terminate(): void {
    this.#ended = true
    this.#onEnd()
    this.#service?.receive({ type: 'call', id: -1, call: { verb: 'close' } })
  }

  #fetch({ number, first, count }: Extract<ToHelper, { type: 'fetch' }>, { databaseName, shared }: HelperStart): void {
    const exchange = new ChunkExchange(shared)
    const head = parseHead(this.#indexedDb.committed(databaseName, 'head').get(HEAD_KEY))
    if (!head) {
      exchange.fail(number, new DeviceError('evicted', 'the storage is gone'))
      return
    }
    const main = this.#indexedDb.committed(databaseName, 'main')
    const chunks: Uint8Array[] = []
    for (let index = first; index < first + count; index++) {
      const chunk = main.get(index)
      if (chunk instanceof Uint8Array) chunks.push(chunk)
    }
    exchange.give(number, head, chunks)
  }
}
