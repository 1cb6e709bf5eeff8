// What a database, its statements and its transactions share: line, engine, options, and the knowledge about the SQL text
// that has passed. It stands apart so that they can be separate files without knowing each other.

import { lostTransactionError } from '../coordination/engine-link.ts'
import type { MemberOptions, Place, Tab } from '../coordination/member.ts'
import type { ClientPlatform } from '../coordination/platform.ts'
import type { Clock } from '../environment.ts'
import { ClosedError, LeaderLostError, StorageError, TimeoutError, VersionTooNewError } from '../errors/errors.ts'
import type {
  ClientCounts,
  ClientId,
  EngineEvent,
  EngineInfo,
  FunctionDefinition,
  TransactionId,
} from '../protocol/messages.ts'
import type { SessionPragmas } from '../protocol/session-pragmas.ts'
import { abortError } from './abort.ts'
import type { EngineAccess, EngineUser } from './engine-access.ts'
import { Emitter } from './events.ts'
import { Line } from './line.ts'
import type { ResolvedOptions } from './options.ts'
import type { StatementText } from './sql-text.ts'
import { WriterWatch } from './writer-watch.ts'

/** An interactive transaction, to be told when it is no more. */
export interface OpenTransaction {
  readonly id: TransactionId
  /** It has the writer from now on. */
  holdsWriter(): void
  /** `error` is what its later calls reject with. */
  lost(error: Error): void
  /** Sends its rollback without waiting. */
  rollBack(error: Error): void
}

export class Session {
  readonly line: Line
  readonly events = new Emitter()
  readonly watch: WriterWatch
  readonly clock: Clock
  readonly name: string
  readonly options: ResolvedOptions
  readonly transactions = new Set<OpenTransaction>()
  /** The functions that are registered, by their names in lower case; each worker gets them. */
  readonly functions = new Map<string, FunctionDefinition>()
  /** Ends each call that answers in pieces and has not ended. */
  readonly flows = new Set<(error: Error) => void>()
  info: EngineInfo | undefined
  place: Place = { role: 'leader', transport: 'worker' }
  readonly #access: EngineAccess
  readonly #platform: ClientPlatform
  #stopWatchingPage: (() => void) | undefined
  #lastTransaction = 0
  #leaderChanges = 0
  #lostMs = 0
  #lastFailoverMs = 0
  /** What `changes()` and its kin answer; the next worker goes on from there. */
  #counts: ClientCounts | undefined
  /** The PRAGMAs of its own that are in force, once they are others than those of `open`. */
  #pragmas: SessionPragmas | undefined
  /** A transaction begun by SQL text is open, as the engine said last. */
  #textOpen = false
  /** Calls under way that may open one. */
  #textOpening = 0
  #textLost: Error | undefined
  #closing: Promise<void> | undefined
  readonly #warned = new Set<string>()

  constructor(name: string, options: ResolvedOptions, platform: ClientPlatform, access: EngineAccess) {
    this.name = name
    this.options = options
    this.#platform = platform
    this.clock = platform.clock
    this.watch = new WriterWatch(platform.clock)
    this.#access = access
    const { member, flags, client } = access
    this.line = new Line({
      client,
      clock: platform.clock,
      onWork: () => member.want(),
      onCancel:
        flags &&
        ((from, seq) => {
          flags.raise(from, seq)
          member.cancel(seq)
        }),
    })
    access.attach({
      settings: () => this.#settings(),
      onReady: (info, place, post) => this.#engineReady(info, place, post),
      onAnswers: (answers) => {
        this.#counts = answers.counts ?? this.#counts
        this.#pragmas = answers.pragmas ?? this.#pragmas
        this.#textOpen = answers.textOpen === true
        this.line.answers(answers)
      },
      onEvent: (event) => this.#tell(event),
      onDeath: (cause) => this.#engineDied(cause),
      onFailure: (cause) => this.#engineFailed(cause),
      onGone: (cause) => this.#gone(cause),
      onSuspend: (next) => this.#suspend(next),
    })
  }

  /** Starts the engine; rejects if it does not get ready, or belongs to another tab and keeps its data elsewhere. */
  async start(): Promise<void> {
    await this.#access.start()
    const { storage, signal, timeoutMs } = this.options
    const open = this.info?.storage
    if (this.place.role === 'follower' && storage !== 'auto' && storage !== open) {
      await this.close(signal, timeoutMs)
      throw new StorageError(
        'storage-changed',
        `The database '${this.name}' is open in ${open}, but ${storage} was asked for. Open it with storage: 'auto'.`,
      )
    }
    this.#stopWatchingPage = this.#platform.onVisibility?.((visible) => this.line.tellVisible(visible))
  }

  /** Everybody who has the database open. */
  tabs(): Promise<readonly Tab[]> {
    return this.#access.member.tabs()
  }

  /** Counts of this client, beside those of the engine. */
  metrics(): Readonly<Record<string, number>> {
    return {
      leaderChanges: this.#leaderChanges,
      lastFailoverMs: this.#lastFailoverMs,
      resentRequests: this.line.resentRequests,
    }
  }

  nextTransaction(): number {
    return ++this.#lastTransaction
  }

  /**
   * To be called for every piece of SQL text outside interactive transactions, before it is sent. Answers how it may be sent
   * again to another engine: what belongs to a transaction of its own making only asks what became of it. Throws
   * LeaderLostError if a transaction begun by text was lost before.
   */
  admit(text: StatementText): { readonly resend: true; readonly asks: boolean } {
    const lost = this.#textLost
    this.#textLost = undefined
    if (lost) throw lost
    return { resend: true, asks: text.control || this.#textOpen || this.#textOpening > 0 }
  }

  /** To be called with 1 when a call is made that may open a transaction by text, with -1 when it has settled. */
  mayOpen(by: 1 | -1): void {
    this.#textOpening += by
  }

  /** To be called when a piece of SQL text has succeeded. */
  succeeded(text: StatementText): void {
    // Its end was recorded, though its engine did not live to say so.
    if (text.closes) this.#textLost = undefined
  }

  warnDuplicates(columns: readonly string[]): void {
    const key = columns.join('\u0000')
    if (this.#warned.has(key) || this.#warned.size >= 100) return
    this.#warned.add(key)
    const twice = columns.filter((column, index) => columns.indexOf(column) !== index)
    this.events.emit('warning', {
      message: `The result has several columns called ${[...new Set(twice)].join(', ')}; of each, a row object holds the last. Name them with AS, or use rowMode: 'array'.`,
    })
  }

  close(signal: AbortSignal | undefined, timeoutMs: number): Promise<void> {
    this.#closing ??= this.#close(signal, timeoutMs)
    return this.#closing
  }

  async #close(signal: AbortSignal | undefined, timeoutMs: number): Promise<void> {
    const closed = new ClosedError(`The database '${this.name}' has been closed.`)
    for (const transaction of this.transactions) transaction.rollBack(closed)
    for (const abandon of this.flows) abandon(closed)
    this.line.refuseNew(closed)
    this.#stopWatchingPage?.()
    let ended: Error | undefined
    const end = (error: Error) => {
      ended ??= error
      this.line.finish(closed)
      this.#access.member.terminate()
    }
    const cancelTimer =
      timeoutMs === 0
        ? undefined
        : this.clock.after(timeoutMs, () =>
            end(
              new TimeoutError(
                `The database did not close within ${timeoutMs} ms and its worker was ended. Nothing acknowledged is lost.`,
              ),
            ),
          )
    const onAbort = () => signal && end(abortError(signal, 'The worker was ended; nothing acknowledged is lost.'))
    if (signal?.aborted) onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })
    await this.line.idle()
    await this.#access.member.close()
    cancelTimer?.()
    signal?.removeEventListener('abort', onAbort)
    this.line.finish(closed)
    if (ended) throw ended
  }

  #engineReady(info: EngineInfo, place: Place, post: Parameters<MemberOptions['onReady']>[2]): void {
    const { role } = place
    const { info: before, place: placeBefore } = this
    // Another database of this name was made after the one that was open here had gone.
    if (before && before.storeId !== info.storeId) {
      this.#dataLost()
      return
    }
    this.info = { ...info, created: before?.created ?? (role === 'leader' && info.created), why: this.#why(info) }
    this.place = place
    this.line.attach(post)
    if (!before) return
    this.#leaderChanges++
    this.#lastFailoverMs = this.clock.monotonicMs() - this.#lostMs
    this.events.emit('leader-change', { term: info.term, role })
    if (role !== placeBefore.role) this.events.emit('role', { role })
    // An import ended while this client had no engine that could have told it.
    if (before.contentId !== info.contentId) this.#reopened(info)
  }

  #why({ why, blockSize }: EngineInfo): readonly string[] {
    const wish = this.options.blockSize
    if (wish === blockSize) return why
    return [...why, `The block size is ${blockSize}, as this database was made; ${wish} was asked for.`]
  }

  #engineDied(cause: Error): void {
    this.#lostMs = this.clock.monotonicMs()
    this.#loseTransactions(cause)
    // Another worker would find nothing and make a new, empty database.
    const gone = cause instanceof StorageError && cause.code === 'evicted'
    const work = !gone && this.line.detach(cause)
    if (gone) this.#gone(cause)
    if (work) this.#access.member.want()
  }

  #engineFailed(cause: Error): void {
    this.line.giveUp(cause)
    if (cause instanceof VersionTooNewError) this.events.emit('version-too-new', { error: cause })
  }

  #suspend(next: ClientId): void {
    const cause = new LeaderLostError('unknown', 'The page was left.')
    this.#loseTransactions(cause)
    this.line.suspend(next, cause)
  }

  #loseTransactions(cause: Error): void {
    for (const transaction of this.transactions) transaction.lost(lostTransactionError(cause))
    this.watch.holder = undefined
    if (this.#textOpen) this.#textLost = lostTransactionError(cause)
    this.#textOpen = false
  }

  /** The next worker found nothing, so it made a new, empty database. It must not be taken for the one that was open. */
  #dataLost(): void {
    const memory = this.info?.storage === 'memory'
    const why = memory
      ? 'It was kept in memory only, and the worker that held it has ended.'
      : 'Its stored data was removed while its worker was down.'
    this.#access.member.terminate()
    this.#gone(new StorageError('evicted', `The database '${this.name}' is gone. ${why}`))
  }

  /** There is nothing any more that calls could be about. */
  #gone(cause: Error): void {
    for (const transaction of this.transactions) transaction.lost(cause)
    for (const abandon of this.flows) abandon(cause)
    this.line.finish(cause)
    this.events.emit('gone', { cause })
  }

  #reopened({ blockSize, term, contentId }: Pick<EngineInfo, 'blockSize' | 'term' | 'contentId'>): void {
    if (!this.info) return
    const why = this.info.why.filter((line) => !line.startsWith('The block size is '))
    if (blockSize !== this.options.blockSize) why.push(`The block size is ${blockSize}, that of the imported file.`)
    this.info = { ...this.info, blockSize, term, contentId, why }
    this.events.emit('reopened', { blockSize, term })
  }

  #tell(event: EngineEvent['event']): void {
    switch (event.name) {
      case 'warning':
      case 'sync-failure':
      case 'corruption':
      case 'quota':
        this.events.emit(event.name, event)
        return
      case 'writable':
        if (!this.info) return
        this.info = { ...this.info, readOnly: false }
        this.events.emit('writable', { term: this.info.term })
        return
      case 'held':
        this.line.held(event.held)
        return
      case 'writer':
        for (const transaction of this.transactions) if (transaction.id === event.transaction) transaction.holdsWriter()
        return
      case 'reopened':
        this.#reopened(event)
        return
      case 'terminated':
        return
      default:
        event satisfies never
    }
  }

  #settings(): ReturnType<EngineUser['settings']> {
    return {
      ...(this.#pragmas && { pragmas: this.#pragmas }),
      ...(this.#counts && { counts: this.#counts }),
      ...(this.functions.size > 0 && { functions: [...this.functions.values()] }),
    }
  }
}
