// Runs requests: each kind on the connection it belongs to, each write as one transaction whose record carries the
// request's outcome. It decides what a request needs (the writer, a reader, its transaction) and hands every answer to the
// outbox together with the newest commit that the answer could see.
//
// Invariants: while an interactive transaction or a bulk owns the writer, nothing else runs there; between two requests the
// writer is otherwise in autocommit with no active statement.
import { AbortError, LeaderLostError, SqliteError, StorageError, UsageError } from '../errors/errors.ts'
import type { StatementRequest } from '../protocol/messages.ts'
import { BulkRunner } from './bulk-runner.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import type { MaintenanceStore } from './engine-store.ts'
import { runExport } from './export.ts'
import { FunctionRequests } from './function-requests.ts'
import type { Host } from './host.ts'
import { importReady, runImport } from './import.ts'
import type { InteractiveTransaction } from './interactive.ts'
import { InteractiveRunner } from './interactive-runner.ts'
import { type Job, waitTimeout } from './job.ts'
import { answerMaintenance } from './maintenance.ts'
import type { Outbox } from './outbox.ts'
import { countsMoved, decodeOutcome, partlyApplied, type RecordedOutcome } from './outcome.ts'
import { NoOutcomeRoom, OutcomeRoom } from './outcome-room.ts'
import { PlainRequests } from './plain-requests.ts'
import { runPrepare } from './prepare.ts'
import { ReaderRequests } from './reader-requests.ts'
import { batchReplies, type Reply, resultReplies, type StatementOutcome } from './reply.ts'
import type { Runner, RunResult, Scheduler } from './scheduler.ts'
import { controlledScript, splitForRunning } from './script-run.ts'
import { settingsAfter } from './script-settings.ts'
import { ChunkStream, errorReply, type Session } from './session.ts'
import { isBroken } from './sqlite-errors.ts'
import type { Statement } from './statement.ts'
import { noRows, prepareFor } from './statement-rules.ts'
import { beginsDeferred, TextTransactions, transactionOf } from './text-transactions.ts'
import { type Maybe, WriteTransactions } from './write-transactions.ts'

const notApplied = () =>
  new LeaderLostError('no', "The database's worker ended before this was committed. It was not applied.")

/** The storage failed while commits were not stored, and this may be one of them. */
const perhapsApplied = (cause: unknown) =>
  new LeaderLostError('unknown', 'The storage failed; whether the write was applied is unknown.', { cause })

export class RequestRunner implements Runner, Host {
  readonly database: Database
  readonly #outbox: Outbox
  readonly store: MaintenanceStore
  readonly metrics: () => Readonly<Record<string, number>>
  /** All clients' sessions. */
  readonly sessions: () => Iterable<Session>
  readonly writes: WriteTransactions
  readonly #onFatal: (error: unknown) => void
  readonly #onGroup: () => void
  readonly #interactive = new InteractiveRunner(this)
  /** Requests answered from the commit that an earlier sending of them made. */
  repeatsAnswered = 0
  /** Requests answered with an error. */
  failures = 0
  readonly #bulk = new BulkRunner(this)
  readonly #plain = new PlainRequests(this)
  readonly text: TextTransactions = new TextTransactions(this)
  readonly readers: ReaderRequests = new ReaderRequests(this)
  readonly functions = new FunctionRequests(this)
  readonly outcomes: OutcomeRoom
  #scheduler: Scheduler | undefined
  /** What ended the engine; every request is answered with it. */
  latched: unknown
  /** The transaction or bulk that holds the writer between requests. */
  owner: object | undefined

  constructor(parts: {
    readonly database: Database
    readonly outbox: Outbox
    readonly store: MaintenanceStore
    readonly onCommit: (bytes: number) => void
    readonly onGroup: () => void
    readonly metrics: () => Readonly<Record<string, number>>
    readonly sessions: () => Iterable<Session>
    readonly onFatal: (error: unknown) => void
  }) {
    this.database = parts.database
    this.#outbox = parts.outbox
    this.store = parts.store
    this.metrics = parts.metrics
    this.sessions = parts.sessions
    this.writes = new WriteTransactions(parts.database, parts.onCommit, () => this.settle())
    this.#onGroup = parts.onGroup
    this.#onFatal = parts.onFatal
    this.outcomes = new OutcomeRoom({
      store: parts.store,
      sessions: parts.sessions,
      post: (task) => this.scheduler.post(task),
      owned: () => this.owner !== undefined,
      onFatal: (error) => this.latch(error),
    })
  }

  set scheduler(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  get scheduler(): Scheduler {
    return this.#scheduler!
  }

  get clock() {
    return this.database.instance.environment.clock
  }

  get interactive(): InteractiveRunner {
    return this.#interactive
  }

  // ---- what the scheduler asks ----

  ready(job: Job): boolean {
    if (this.latched !== undefined || job.cancelled || job.session.ended) return true
    if (job.session.restoring) return false
    if (job.waitsForOutcomes && this.outcomes.waits) return false
    const { request } = job
    // A bulk has a lane of its own: in a transaction begun by text it waits for the statement that runs there.
    if (request.type === 'bulk' && this.#transactionOf(job)?.stream) return false
    if (job.place === 'writer') return this.#mayUseWriter(job)
    if (request.type === 'maintenance' || request.type === 'export' || request.type === 'function') return true
    if (request.type === 'statement' && request.stream && transactionOf(job) === undefined)
      return this.readers.streamable
    if (request.type === 'import') return importReady(this, job)
    if (request.type === 'begin')
      return request.mode === 'immediate' ? this.owner === undefined : this.database.readers.available('transaction')
    if (transactionOf(job) !== undefined) return true
    if ('sql' in request && beginsDeferred(request.sql)) return this.database.readers.available('transaction')
    if (request.type === 'bulk') return this.#mayUseWriter(job)
    if (job.place === 'reader') return this.database.readers.available('read')
    return this.owner === undefined || this.database.readers.available('read')
  }

  #mayUseWriter(job: Job): boolean {
    return this.owner === undefined || this.owner === this.#bulk.openFor(job) || this.owner === this.#transactionOf(job)
  }

  run(job: Job): RunResult | Promise<RunResult> {
    try {
      job.startedMs = this.clock.monotonicMs()
      job.totalChangesBefore = job.session.counts.totalChanges
      // First, since what comes after says that the request was not applied.
      if (this.#answeredBefore(job)) return 'done'
      if (this.latched !== undefined) throw this.latched
      job.checkWanted(job.startedMs)
      const result = this.#dispatch(job)
      if (!(result instanceof Promise)) return result
      return result.catch((error: unknown) => this.#failOrWait(job, error))
    } catch (error) {
      return this.#failOrWait(job, error)
    }
  }

  #failOrWait(job: Job, error: unknown): 'done' | 'later' {
    if (!(error instanceof NoOutcomeRoom)) return this.fail(job, error)
    // What was acknowledged without a commit since may be room enough.
    this.outcomes.noteNews()
    job.waitsForOutcomes = true
    return 'later'
  }

  refuse(job: Job): void {
    try {
      if (!this.#answeredBefore(job)) {
        job.checkWanted(Number.NEGATIVE_INFINITY)
        this.fail(job, waitTimeout())
      }
    } catch (error) {
      this.fail(job, error)
    }
    this.#outbox.settle()
  }

  /** Ends a request whose statement is over but whose rows were not all taken. */
  refuseSeq(session: Session, seq: number): void {
    const reply = errorReply(seq, new AbortError('The call was given up by its caller.'))
    this.#outbox.add({ session, seq, reply, wrote: false, sequence: this.database.blocks.sequence })
    this.#outbox.settle()
  }

  stagedBytes(): number {
    return this.database.writer.file.stagedBytes
  }

  endGroup(): void {
    this.#outbox.settle()
    this.outcomes.make()
    this.#onGroup()
  }

  crashed(error: unknown): void {
    this.latch(error)
  }

  /** Rolls back what a client has open. */
  endSession(session: Session): void {
    this.#interactive.endSession(session)
    this.#bulk.endSession(session)
  }

  // ---- what every kind of request uses ----

  /** Ends the engine: SQLite's caches or the store cannot be trusted any more. */
  latch(error: unknown): void {
    if (this.latched !== undefined) return
    this.latched = error
    this.#onFatal(error)
  }

  /** Answers with an error. */
  fail(job: Job, error: unknown): 'done' {
    this.failures++
    const { fatal } = this.database.instance.vfs.failure
    if (fatal !== undefined) this.latch(fatal)
    if (isBroken(error)) this.latch(error)
    if (error instanceof StorageError && error.code === 'corrupt')
      job.session.event({ name: 'corruption', block: error.block, message: error.message })
    if (error instanceof SqliteError && error.code === 'SQLITE_FULL')
      job.session.event({ name: 'quota', message: error.message })
    this.send(job, errorReply(job.request.seq, job.stopped ?? error), false)
    job.session.imports.delete(job.request.seq)
    return 'done'
  }

  done(job: Job, wrote = false): 'done' {
    const { seq } = job.request
    this.send(job, () => ({ type: 'done', seq }), wrote)
    return 'done'
  }

  /** Answers with one statement's outcome, in as many chunks as it has. */
  result(job: Job, outcome: StatementOutcome, wrote: boolean, sequence?: number): 'done' {
    // A script of one statement was run as that statement.
    if (job.request.type === 'script') return this.done(job, wrote)
    return this.#reply(job, resultReplies(job.request.seq, outcome, this.#timing(job)), wrote, sequence)
  }

  /** Resolves once every commit so far is synced. */
  synced(): Promise<void> {
    return this.#outbox.synced()
  }

  /** Sends what waits for nothing more. */
  settle(): void {
    this.#outbox.settle()
  }

  /** `sequence`: the newest commit that the answer could see, for answers from a state of their own. */
  send(job: Job, reply: Reply, wrote: boolean, sequence?: number): void {
    const { session, request } = job
    // Who answers beside the client's other requests knows nothing of what these have changed.
    const counts = sequence === undefined && !job.beside ? { ...session.counts } : undefined
    const saw = this.latched === undefined ? (sequence ?? this.database.blocks.sequence) : 0
    this.#outbox.add({ session, seq: request.seq, reply, wrote, counts, sequence: saw })
  }

  /** Runs `body` as one write transaction whose record carries the outcome that it returns, and answers with that. */
  write(job: Job, body: (writer: Connection) => RecordedOutcome): Maybe<RunResult> {
    this.outcomes.require()
    return this.writes.run(job, body, (outcome) => this.#answer(job, outcome, true))
  }

  /** Puts the client's settings in force on a connection that is in autocommit. */
  enter(session: Session, connection: Connection): void {
    connection.assertIdle()
    connection.applySettings(session.pragmas)
    connection.counts.use(session.counts)
  }

  compile(session: Session, connection: Connection, sql: string): Statement | undefined {
    connection.functions.use(session.functions)
    return prepareFor(session, connection, this.database.blocks, sql)
  }

  #timing(job: Job) {
    return { queuedMs: job.startedMs - job.arrivedMs, ranMs: this.clock.monotonicMs() - job.startedMs }
  }

  #answer(job: Job, outcome: RecordedOutcome, wrote: boolean): 'done' {
    if (outcome.kind === 'done') return this.done(job, wrote)
    if (outcome.kind === 'result') return this.result(job, outcome.statements[0]!, wrote)
    return this.#reply(job, batchReplies(job.request.seq, outcome.statements, this.#timing(job)), wrote)
  }

  #reply(job: Job, replies: readonly Reply[], wrote: boolean, sequence?: number): 'done' {
    if (replies.length === 1) this.send(job, replies[0]!, wrote, sequence)
    else this.#stream(job, replies, wrote, sequence)
    return 'done'
  }

  /** A request that was sent again after its commit is answered with the outcome in that commit's record. */
  #answeredBefore(job: Job): boolean {
    const recorded = this.database.blocks.outcomeOf(job.session.client, job.request.seq)
    if (recorded === undefined) {
      if (job.request.asks) throw notApplied()
      return false
    }
    if (this.latched !== undefined && !this.#isStored(job.session)) throw perhapsApplied(this.latched)
    this.repeatsAnswered++
    const { counts } = job.session
    const moved = countsMoved(recorded)
    if (moved) Object.assign(counts, moved, { totalChanges: counts.totalChanges + moved.totalChanges })
    if (recorded.length === 0 && controlledScript(job.request)) throw partlyApplied()
    const outcome = decodeOutcome(recorded)
    // Its settings were told with the answer that was lost.
    if (job.request.type === 'script')
      for (const [name, value] of settingsAfter(splitForRunning(job.request.sql).statements))
        job.session.set(name, value)
    this.#answer(job, outcome, false)
    return true
  }

  /** True if everything published has reached the client's level. */
  #isStored({ settings }: Session): boolean {
    const { sequence, flushedSequence, syncedSequence } = this.database.blocks
    const reached = settings.durability === 'strict' ? syncedSequence : Math.max(flushedSequence, syncedSequence)
    return sequence <= reached
  }

  #transactionOf(job: Job): InteractiveTransaction | undefined {
    const id = transactionOf(job)
    return id === undefined ? undefined : job.session.transactions.get(id)
  }

  // ---- the kinds of requests ----

  #dispatch(job: Job): RunResult | Promise<RunResult> {
    const { request } = job
    if (request.type === 'begin') return this.#interactive.begin(job, request)
    if (request.type === 'maintenance') return answerMaintenance(this, job, request.action)
    if (request.type === 'export') return runExport(this, job)
    if (request.type === 'import') return runImport(this, job, request)
    if (request.type === 'function') return this.functions.run(job, request)
    if (request.type === 'bulk') return this.#bulk.run(job, request)
    const transaction = transactionOf(job)
    if (transaction !== undefined) return this.#interactive.run(job, transaction)
    switch (request.type) {
      case 'statement':
        return this.#plain.statement(job, request)
      case 'batch':
        return this.#plain.batch(job, request.items)
      case 'script':
        return this.#plain.script(job, request)
      case 'prepare':
        return runPrepare(this, job, request)
      case 'end':
      case 'savepoint':
        throw new UsageError('protocol', `A ${request.type} request has to name its transaction.`)
      default:
        return request satisfies never
    }
  }

  #stream(job: Job, replies: readonly Reply[], wrote: boolean, given: number | undefined): void {
    const { session, request } = job
    const sequence = given ?? this.database.blocks.sequence
    const stream = new ChunkStream()
    session.streams.set(request.seq, stream)
    replies.forEach((reply, i) => {
      const final = i === replies.length - 1
      stream.send(final, () => {
        if (final) session.streams.delete(request.seq)
        this.send(job, reply, wrote, final ? given : sequence)
      })
    })
  }

  batch(job: Job, outcomes: readonly StatementOutcome[]): 'done' {
    return this.#answer(job, { kind: 'batch', statements: outcomes }, false)
  }

  /** The answer to a PRAGMA of which nothing is left to run. */
  answeredByEngine(job: Job, request: StatementRequest): 'done' {
    return this.result(job, noRows(job.session, request.want), false)
  }
}
