// What the parts of the runner use of it and of each other: where to run, how to answer, and the few calls that one kind of
// request makes into another. It stands apart so that the parts know these words and not the class behind them.
import type { Clock } from '../environment.ts'
import type { BeginRequest, StatementRequest } from '../protocol/messages.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import type { MaintenanceStore } from './engine-store.ts'
import type { InteractiveTransaction } from './interactive.ts'
import type { Job } from './job.ts'
import type { RecordedOutcome } from './outcome.ts'
import type { OutcomeRoom } from './outcome-room.ts'
import type { Reply, StatementOutcome } from './reply.ts'
import type { RunResult, Scheduler } from './scheduler.ts'
import type { Session } from './session.ts'
import type { Statement } from './statement.ts'
import type { Maybe, WriteTransactions } from './write-transactions.ts'

export interface Host {
  readonly database: Database
  readonly store: MaintenanceStore
  readonly clock: Clock
  readonly scheduler: Scheduler
  readonly writes: WriteTransactions
  readonly outcomes: OutcomeRoom
  readonly interactive: InteractiveCalls
  readonly text: TextCalls
  readonly readers: ReaderCalls
  /** All clients' sessions. */
  readonly sessions: () => Iterable<Session>
  readonly metrics: () => Readonly<Record<string, number>>
  /** Requests answered from the commit that an earlier sending of them made. */
  readonly repeatsAnswered: number
  /** Requests answered with an error. */
  readonly failures: number
  /** The transaction, bulk or import that holds the writer between requests. */
  owner: object | undefined

  /** Puts the client's settings in force on a connection that is in autocommit. */
  enter(session: Session, connection: Connection): void
  /** Undefined where the engine has answered a PRAGMA itself. */
  compile(session: Session, connection: Connection, sql: string): Statement | undefined
  /** Runs `body` as one write transaction whose record carries the outcome that it returns, and answers with that. */
  write(job: Job, body: (writer: Connection) => RecordedOutcome): Maybe<RunResult>

  done(job: Job, wrote?: boolean): 'done'
  result(job: Job, outcome: StatementOutcome, wrote: boolean, sequence?: number): 'done'
  batch(job: Job, outcomes: readonly StatementOutcome[]): 'done'
  answeredByEngine(job: Job, request: StatementRequest): 'done'
  /** `sequence`: the newest commit that the answer could see, for answers from a state of their own. */
  send(job: Job, reply: Reply, wrote: boolean, sequence?: number): void
  fail(job: Job, error: unknown): 'done'
  /** Sends what waits for nothing more. */
  settle(): void
  /** Resolves once every commit so far is synced. */
  synced(): Promise<void>
  /** Ends the engine. */
  latch(error: unknown): void
}

/** Interactive transactions, for whoever is a part of one or begins one. */
export interface InteractiveCalls {
  open(
    job: Job,
    request: Omit<BeginRequest, 'type' | 'seq' | 'timeoutMs' | 'asks'>,
    connection: Connection,
    onWriter: boolean,
  ): InteractiveTransaction
  pinSnapshot(reader: Connection): void
  onWriter(job: Job, id: number, work: (connection: Connection) => Maybe<RunResult>): Maybe<RunResult>
  notice(transaction: InteractiveTransaction): void
  abandon(transaction: InteractiveTransaction, reason: Error): void
  close(transaction: InteractiveTransaction): void
}

/** Transactions by SQL text. */
export interface TextCalls {
  begin(job: Job, request: StatementRequest, statement: Statement): Maybe<RunResult>
  beginDeferred(job: Job, request: StatementRequest): RunResult
  inside(
    job: Job,
    request: StatementRequest,
    statement: Statement,
    transaction: InteractiveTransaction,
  ): Maybe<RunResult>
  adopt(job: Job, tainted: boolean): void
  afterEnd(job: Job, sql: string, transaction: InteractiveTransaction): 'done'
  forget(transaction: InteractiveTransaction): void
}

/** Statements on reader connections. */
export interface ReaderCalls {
  run(job: Job, request: StatementRequest): RunResult
  detach(job: Job, request: StatementRequest, statement: Statement, release: () => void): void
}
