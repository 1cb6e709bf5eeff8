// What the engine keeps about one client: its settings, its transactions and bulks, its chunks under way, and the port its
// answers leave through.

import { toWireError } from '../errors/wire.ts'
import type { Answers, ClientCounts, ClientSettings, EngineEvent, FromEngine } from '../protocol/messages.ts'
import type { SessionPragmas } from '../protocol/session-pragmas.ts'
import { transferred } from '../protocol/value-codec.ts'
import type { OpenBulk } from './bulk.ts'
import { type CountsOfClient, NO_COUNTS } from './client-counts.ts'
import type { ImportFeed } from './import-feed.ts'
import type { InteractiveTransaction } from './interactive.ts'
import { normalSetting, pragmaRule } from './pragmas.ts'
import { buildAnswers, type Reply } from './reply.ts'
import { NO_FUNCTIONS, type UserFunctionSet } from './user-functions.ts'

/** Where messages to a client go. */
export interface ClientPort {
  post(message: FromEngine, transfer: readonly ArrayBuffer[]): void
}

/** The engine keeps at most so many chunks of one request under way. */
const CHUNKS_UNDER_WAY_MAX = 4

/** Chunks of one request: how many may still be sent, and what waits for that. */
export class ChunkStream {
  credit = CHUNKS_UNDER_WAY_MAX
  /** Called when credit arrives or the request is given up. */
  wake: (() => void) | undefined
  readonly #waiting: { readonly final: boolean; readonly post: () => void }[] = []

  /** True if another chunk would have to wait. */
  get blocked(): boolean {
    return this.credit <= 0
  }

  /** True if the client has taken everything. */
  get idle(): boolean {
    return this.credit === CHUNKS_UNDER_WAY_MAX
  }

  /** Sends a chunk now or when there is credit; the `final` answer needs none but stays behind its chunks. */
  send(final: boolean, post: () => void): void {
    this.#waiting.push({ final, post })
    this.#drain()
  }

  addCredit(chunks: number): void {
    this.credit += chunks
    this.#drain()
    this.wake?.()
  }

  #drain(): void {
    for (let next = this.#waiting[0]; next && (next.final || this.credit > 0); next = this.#waiting[0]) {
      this.#waiting.shift()
      if (!next.final) this.credit--
      next.post()
    }
  }
}

export class Session {
  readonly client: string
  readonly settings: ClientSettings
  /** Settings that belong to this client; replaced as a whole, so that a connection knows what it has in force. */
  pragmas: ReadonlyMap<string, string>
  readonly transactions = new Map<number, InteractiveTransaction>()
  /** The number of the transaction that was opened by SQL text. */
  textTransaction: number | undefined
  readonly bulks = new Map<number, OpenBulk>()
  functions: UserFunctionSet = NO_FUNCTIONS
  /** Functions of a former engine are being loaded. */
  restoring = false
  readonly streams = new Map<number, ChunkStream>()
  /** Bytes on their way, by the number of their import. */
  readonly imports = new Map<number, ImportFeed>()
  readonly #port: ClientPort
  #sentCounts: ClientCounts
  #sentPragmas: ReadonlyMap<string, string>
  readonly #warned = new Set<string>()
  ackedThrough = 0
  /** What `changes()` and its kin answer; connections change it. */
  readonly counts: CountsOfClient
  ended = false

  constructor(client: string, settings: ClientSettings, port: ClientPort) {
    this.client = client
    this.settings = settings
    this.#port = port
    this.counts = { ...NO_COUNTS, ...settings.counts }
    this.#sentCounts = { ...this.counts }
    this.pragmas = new Map([['foreign_keys', settings.foreignKeys ? '1' : '0']])
    for (const [name, value] of Object.entries(settings.pragmas ?? {}))
      if (pragmaRule(name) === 'session') this.set(name, normalSetting(name, value))
    this.#sentPragmas = this.pragmas
  }

  set(pragma: string, value: string): void {
    this.pragmas = new Map([...this.pragmas, [pragma, value]])
  }

  /** `counts`: as of these answers, so that a client never knows of a change before it knows of the request that made it. */
  send(replies: readonly Reply[], counts: ClientCounts | undefined): void {
    if (this.ended) return
    const messages = buildAnswers(replies)
    for (const answers of messages) {
      const message: { -readonly [F in keyof Answers]: Answers[F] } = answers
      if (answers === messages.at(-1)) this.#addNews(message, counts)
      if (this.textTransaction !== undefined) message.textOpen = true
      this.#port.post(message, transferred(message.payload))
    }
  }

  #addNews(message: { counts?: ClientCounts; pragmas?: SessionPragmas }, counts: ClientCounts | undefined): void {
    if (counts && this.#isNews(counts)) message.counts = this.#sentCounts = counts
    if (this.pragmas === this.#sentPragmas) return
    this.#sentPragmas = this.pragmas
    message.pragmas = Object.fromEntries(this.pragmas)
  }

  #isNews({ changes, totalChanges, lastInsertRowid }: ClientCounts): boolean {
    const sent = this.#sentCounts
    return totalChanges !== sent.totalChanges || changes !== sent.changes || lastInsertRowid !== sent.lastInsertRowid
  }

  post(message: FromEngine): void {
    this.#port.post(message, [])
  }

  event(event: EngineEvent['event']): void {
    this.post({ type: 'event', event })
  }

  /** Tells the client something once. */
  warn(message: string): void {
    if (this.#warned.has(message)) return
    this.#warned.add(message)
    this.event({ name: 'warning', message })
  }
}

export function errorReply(seq: number, error: unknown): Reply {
  const wire = toWireError(error)
  return () => ({ type: 'error', seq, error: wire })
}
