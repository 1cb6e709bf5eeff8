// A platform whose engines are scripted by the test: it takes messages as a port does (cloned, transferred, parsed) and
// answers what the script says. Engines die when told to, with or without a word; the lock of a dead one is free.

import { aliveLockName, type ClientPlatform, type Locks, type Transport } from '../../src/coordination/platform.ts'
import { LeaderLostError } from '../../src/errors/errors.ts'
import { toWireError } from '../../src/errors/wire.ts'
import type {
  Answer,
  EngineInfo,
  FromEngine,
  Hello,
  PackedParameters,
  Request,
  Requests,
  ToEngine,
} from '../../src/protocol/messages.ts'
import { parseFromEngine, parseToEngine } from '../../src/protocol/parse.ts'
import { ManualClock } from './manual-clock.ts'
import { packValues, type StoredValue, unpackValues } from './reference-codec.ts'

export type NumberedRequest = Exclude<Request, { type: 'cancel' | 'credit' | 'import-part' }>
/** Gives the answers to a request; undefined or an empty list leaves it open. */
export type Script = (request: NumberedRequest, engine: FakeEngine) => Answer | readonly Answer[] | undefined

export const INFO: EngineInfo = {
  storage: 'opfs',
  why: ['scripted'],
  blockSize: 4096,
  checksum: 'xxhash64',
  persisted: false,
  created: true,
  sqliteVersion: '3.54.1',
  contentId: '5'.repeat(32),
  term: 1,
  storeId: '1'.padStart(32, '0'),
  readOnly: false,
}

export class FakeEngine {
  readonly received: ToEngine[] = []
  readonly transport: Transport
  terminated = false
  #payload = new ArrayBuffer(0)
  #textOpen = false
  readonly #platform: FakePlatform

  constructor(platform: FakePlatform) {
    this.#platform = platform
    this.transport = {
      onmessage: undefined,
      onfailure: undefined,
      postMessage: (message, transfer) => {
        const data = structuredClone(message, { transfer })
        queueMicrotask(() => this.#receive(parseToEngine(data)))
      },
      terminate: () => {
        this.terminated = true
        this.#platform.locks.free()
      },
    }
  }

  get envelopes(): Requests[] {
    return this.received.filter((message): message is Requests => message.type === 'requests')
  }

  get requests(): Request[] {
    return this.envelopes.flatMap(({ requests }) => requests)
  }

  get hello(): Hello {
    return this.received.find((message): message is Hello => message.type === 'hello')!
  }

  /** The values of parameters of the envelope that is being answered. */
  values(parameters: PackedParameters | undefined): StoredValue[] {
    if (!parameters) return []
    return unpackValues(this.#payload, parameters.at, parameters.bytes, parameters.count)
  }

  answer(...answers: readonly Answer[]): void {
    this.post({ type: 'answers', answers, ...(this.#textOpen && { textOpen: true as const }) })
  }

  /** Answers with rows, packed as the engine packs them. */
  answerRows(seq: number, columns: readonly string[], rows: readonly (readonly StoredValue[])[], last = true): void {
    const payload = packValues(rows.flat()).buffer
    const packed = { at: 0, bytes: payload.byteLength, count: rows.length }
    const answer: Answer = last
      ? { ...result(seq), columns, rows: packed }
      : { type: 'chunk', seq, columns, rows: packed }
    this.post({ type: 'answers', answers: [answer], payload })
  }

  post(message: FromEngine): void {
    if (this.terminated) return
    this.transport.onmessage?.(structuredClone(parseFromEngine(message)))
  }

  /** The worker is gone without a word; only its lock tells. */
  vanish(): void {
    this.terminated = true
    this.#platform.locks.free()
  }

  #receive(message: ToEngine): void {
    if (this.terminated) return
    this.received.push(message)
    if (message.type === 'hello') this.#platform.onHello(this)
    else if (message.type === 'goodbye') this.#platform.onGoodbye(this)
    else if (message.type === 'requests') {
      this.#payload = message.payload ?? new ArrayBuffer(0)
      const answers = message.requests.flatMap((request) =>
        request.type === 'cancel' || request.type === 'credit' || request.type === 'import-part'
          ? []
          : (this.#platform.script(request, this) ?? []),
      )
      for (const request of message.requests) this.#follow(request, answers)
      if (answers.length > 0) this.answer(...answers)
    }
  }

  /** Transactions by text, as far as one statement per request and its success tell. */
  #follow(request: Request, answers: readonly Answer[]): void {
    if (
      request.type !== 'statement' ||
      !answers.some((answer) => answer.seq === request.seq && answer.type === 'result')
    )
      return
    if (/^(begin|savepoint)/i.test(request.sql)) this.#textOpen = true
    if (/^(commit|end|release|rollback(?! to))/i.test(request.sql)) this.#textOpen = false
  }
}

/** One lock, held by whichever engine lives. */
class FakeLocks {
  readonly #waiting: { name: string; granted: () => void }[] = []
  readonly names: string[] = []

  readonly request: Locks['request'] = async (name: string, ...rest: unknown[]) => {
    const [options, callback] = rest as [LockOptions, () => void]
    this.names.push(name)
    return new Promise((resolve, reject) => {
      const entry = { name, granted: () => resolve(callback() as never) }
      this.#waiting.push(entry)
      options.signal?.addEventListener('abort', () => {
        const index = this.#waiting.indexOf(entry)
        if (index < 0) return
        this.#waiting.splice(index, 1)
        reject(new DOMException('The request was aborted.', 'AbortError'))
      })
    })
  }

  free(): void {
    for (const { granted } of this.#waiting.splice(0)) queueMicrotask(granted)
  }
}

export class FakePlatform implements ClientPlatform {
  readonly clock = new ManualClock()
  readonly random = { bytes: (count: number) => new Uint8Array(count).fill(0xab) }
  readonly locks = new FakeLocks()
  readonly engines: FakeEngine[] = []
  #stores = 0
  script: Script
  /** Whether the next engine finds no database and makes one. */
  created = true
  onHello = (engine: FakeEngine): void => {
    engine.post({ type: 'ready', protocol: 1, info: this.#info() })
    this.created = false
  }
  onGoodbye = (engine: FakeEngine): void => engine.post({ type: 'closed' })

  constructor(script: Script = answerPlainly) {
    this.script = script
  }

  #info(): EngineInfo {
    if (this.created) this.#stores++
    const storeId = `${this.#stores}`.padStart(32, '0')
    return { ...INFO, created: this.created, term: this.engines.length, storeId }
  }

  get engine(): FakeEngine {
    return this.engines.at(-1)!
  }

  startWorker(): Transport {
    const engine = new FakeEngine(this)
    this.engines.push(engine)
    return engine.transport
  }

  async getWasm(): Promise<{ url: string }> {
    return { url: 'https://example.org/sqlite3.wasm' }
  }
}

export const CLIENT = 'ab'.repeat(16)
export const ALIVE = aliveLockName(CLIENT)

export function result(seq: number, changes = 0): Extract<Answer, { type: 'result' }> {
  return { type: 'result', seq, changes, lastInsertRowid: 0n, queuedMs: 0, ranMs: 0 }
}

export function failure(seq: number, code: string, name = 'SqliteError'): Answer {
  return { type: 'error', seq, error: { class: name, code, message: `scripted ${code}`, facts: { errno: 1 } } }
}

/** Every request succeeds and changes or gives nothing; of those before it the engine knows none. */
export function answerPlainly(request: NumberedRequest): Answer {
  const { seq } = request
  if (request.asks)
    return { type: 'error', seq, error: toWireError(new LeaderLostError('no', 'scripted: not recorded')) }
  switch (request.type) {
    case 'statement':
      return request.want === 'changes'
        ? result(seq)
        : { ...result(seq), columns: ['a'], rows: { at: 0, bytes: 0, count: 0 } }
    case 'bulk':
      return request.last ? result(seq) : { type: 'done', seq }
    case 'batch':
      return { type: 'batch-result', seq, results: request.items.map(() => result(seq)) }
    case 'prepare':
      return { type: 'prepared', seq, columns: [], parameterNames: [], readonly: false }
    default:
      return { type: 'done', seq }
  }
}
