// The page of tests with several tabs: the one of all tests with steps about what happens beside other tabs, and with
// `?no-broker` a browser without SharedWorker, where tabs talk over channels.

import { type DatabaseEvents, type DataSyncError, deleteDatabase, type LeaderLostError } from '../../../src/index.ts'
import { current, type DatabaseSteps, steps as databaseSteps } from './database.ts'
import { requestSet } from './request-set.ts'

if (location.search === '?no-broker') Reflect.deleteProperty(globalThis, 'SharedWorker')

const EVENTS: readonly (keyof DatabaseEvents)[] = ['reopened', 'gone', 'leader-change', 'role', 'version-too-new']
let events: string[] = []
let later: Promise<unknown> | undefined
let transaction: { readonly ended: Promise<string>; readonly goOn: () => void } | undefined
let attempts = 0

/** How a promise ended, in a word: `ok`, or the error's class and code. */
function outcome(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'ok',
    (error: DataSyncError & Partial<LeaderLostError>) =>
      [error.name, error.code, error.applied, error.retryable && 'retryable'].filter(Boolean).join(' '),
  )
}

let cameBack = ''
addEventListener('pageshow', ({ persisted }) => {
  cameBack = persisted ? 'as it was' : 'anew'
})

export const steps = {
  /** `as it was` if the page was kept when it was left. */
  cameBack: () => cameBack,
  /** Goes back in the history, a moment after this step. */
  goBack(): void {
    setTimeout(() => history.back(), 0)
  },
  /** Holds the lock of leading and never does anything with it, as a page that hangs. */
  async hang(name: string): Promise<void> {
    await new Promise<void>((held) => {
      void navigator.locks.request(`datasync:${name}:page`, () => {
        held()
        return new Promise<never>(() => {})
      })
    })
  },
  /** Begins to write a row and does not wait; `written` tells how that ended. */
  write(sql: string): void {
    later = outcome(current().run(sql))
  },
  written: () => later as Promise<string>,
  /** Remembers the names of events from now on. */
  listen(): void {
    events = []
    for (const name of EVENTS) current().on(name, () => events.push(name))
  },
  /** The events that were heard, without repetitions. */
  heard: () => [...new Set(events)],
  /** Resolves once the event has been heard. */
  async hears(name: string): Promise<void> {
    while (!events.includes(name)) await new Promise((resolve) => setTimeout(resolve, 20))
  },
  /** What one call of every kind answers. */
  requestSet: () => requestSet(current()),
  /** How a call ends: see `outcome`. */
  outcome: (sql: string) => outcome(current().run(sql)),
  message: (sql: string) =>
    current()
      .run(sql)
      .then(
        () => '',
        ({ message }: Error) => message,
      ),
  deleted: (name: string) => outcome(deleteDatabase(name)),
  async imported(file: number[]): Promise<void> {
    await current().import(Uint8Array.from(file))
  },
  async exportedBytes(): Promise<number[]> {
    return Array.from(new Uint8Array(await (await current().export()).arrayBuffer()))
  },
  /** Prepares a statement now and runs it when `preparedRows` is called. */
  async prepare(sql: string): Promise<void> {
    const statement = await current().prepare(sql)
    later = Promise.resolve(statement)
  },
  async preparedRows(): Promise<unknown> {
    const statement = (await later) as { query(): Promise<unknown> }
    return statement.query()
  },
  /** Takes the first row of a stream, which then waits; `streamEnd` takes the others and tells how it ended. */
  async beginStream(sql: string): Promise<void> {
    const stream = current().stream(sql)[Symbol.asyncIterator]()
    await stream.next()
    later = Promise.resolve(async () => {
      while (!(await stream.next()).done);
    })
  },
  async streamEnd(): Promise<string> {
    return outcome(((await later) as () => Promise<void>)())
  },
  /** Begins a transaction that writes one row and then waits; `endTransaction` lets it go on and tells how it ended. */
  async beginTransaction({ sql, retries = 0 }: { sql: string; retries?: number }): Promise<void> {
    attempts = 0
    let goOn = () => {}
    const waiting = new Promise<void>((resolve) => {
      goOn = resolve
    })
    await new Promise<void>((begun, failed) => {
      const running = current().transaction(
        async (tx) => {
          attempts++
          await tx.run(sql)
          begun()
          await waiting
          await tx.value('SELECT 1')
        },
        { retries },
      )
      running.catch(failed)
      transaction = { ended: outcome(running), goOn }
    })
  },
  async endTransaction(): Promise<string> {
    transaction?.goOn()
    return `${await transaction?.ended} after ${attempts}`
  },
  /** Begins a statement that ends only by its time limit; meanwhile the engine's worker hears nothing. */
  async beginEndless(timeoutMs: number): Promise<void> {
    const sql =
      'INSERT INTO t WITH RECURSIVE row (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM row) SELECT n FROM row WHERE n < 0'
    void outcome(current().run(sql, undefined, { timeoutMs }))
    await new Promise((resolve) => setTimeout(resolve, 300))
  },
}

export type TabsSteps = typeof steps & DatabaseSteps
Object.assign(globalThis, { steps: { ...databaseSteps, ...steps } })
