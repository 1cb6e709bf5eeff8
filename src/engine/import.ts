// An import: a SQLite file takes the place of the whole database. Its bytes go page by page beside what is stored; SQLite
// checks them through a private view; then everything that reads ends, the connections close, the store puts the new
// content in force, and the connections open again on it. Until that moment the database is as it was, and is read.
//
// Invariants: the import holds the writer from its beginning to its end; no connection is open and no request runs while
// the store changes over; whatever goes wrong before leaves nothing behind.
import { LeaderLostError, SnapshotTooOldError, UsageError } from '../errors/errors.ts'
import type { ImportRequest } from '../protocol/messages.ts'
import type { NewContent } from './engine-store.ts'
import type { Host } from './host.ts'
import { checkContent } from './import-check.ts'
import type { ImportFeed } from './import-feed.ts'
import { checkLength, HEAD_BYTES, type ImportHeader, readHeader } from './import-header.ts'
import type { Job } from './job.ts'
import { available } from './maintenance.ts'
import type { RunResult } from './scheduler.ts'

/** File format versions for writing and reading; 1 is the rollback journal, which the store needs no other than. */
const VERSIONS_AT = 18

/** True if an import can begin: nothing holds the writer, or it has to be refused. */
export function importReady(runner: Host, { session }: Job): boolean {
  return runner.owner === undefined || session.textTransaction !== undefined
}

/** Replaces the database by the file whose parts arrive in the job's feed; answers `progress`, then `done`. */
export function runImport(runner: Host, job: Job, request: ImportRequest): RunResult {
  const { session } = job
  const feed = session.imports.get(request.seq)
  if (!feed) throw new UsageError('protocol', 'An import has no parts.')
  if (session.textTransaction !== undefined)
    throw new UsageError('connection-state', 'An import cannot run inside a transaction: COMMIT or ROLLBACK it first.')
  available(runner.store.replace, 'import')
  const owner = {}
  runner.owner = owner
  runner.scheduler.leaveLane(job)
  runner.scheduler.hold()
  tell(runner, true)
  const cancelTimer = watchDeadline(runner, job, feed)
  new Import(runner, job, feed, request)
    .run()
    .then(
      () => runner.done(job),
      (error: unknown) => runner.fail(job, error),
    )
    .finally(() => {
      cancelTimer()
      session.imports.delete(request.seq)
      if (runner.owner === owner) runner.owner = undefined
      runner.settle()
      tell(runner, false)
      if (runner.store.latched !== undefined) runner.latch(runner.store.latched)
      runner.scheduler.release()
      runner.scheduler.finish(job)
    })
    .catch((error: unknown) => runner.latch(error))
  return 'detached'
}

/** Nobody else watches the time of a job that waits for its own parts. A timer may fire a little early. */
function watchDeadline({ clock }: Host, job: Job, feed: ImportFeed): () => void {
  const waitMs = job.deadlineMs - clock.monotonicMs()
  if (!Number.isFinite(waitMs)) return () => {}
  let cancel = clock.after(Math.max(0, waitMs), look)
  function look(): void {
    const leftMs = job.deadlineMs - clock.monotonicMs()
    if (leftMs > 0) cancel = clock.after(leftMs, look)
    else feed.wake()
  }
  return () => cancel()
}

function tell(runner: Host, held: boolean): void {
  for (const session of runner.sessions()) session.event({ name: 'held', held })
}

class Import {
  readonly #runner: Host
  readonly #job: Job
  readonly #feed: ImportFeed
  readonly #request: ImportRequest
  #takenBytes = 0

  constructor(runner: Host, job: Job, feed: ImportFeed, request: ImportRequest) {
    this.#runner = runner
    this.#job = job
    this.#feed = feed
    this.#request = request
  }

  async run(): Promise<void> {
    const { store, scheduler } = this.#runner
    const { head, rest } = await this.#head()
    const header = readHeader(head)
    if (this.#request.totalBytes > 0) checkLength(header, this.#request.totalBytes)
    const content = await available(store.replace, 'import').call(store, header.pageSize)
    try {
      await this.#store(header, content, rest)
      this.#goesOn()
      const unchecked = await checkContent(this.#runner, content.view(), this.#job)
      await this.#runner.clock.yield()
      this.#goesOn()
      await new Promise<void>((resolve, reject) => {
        scheduler.post(() => this.#changeOver(content).then(resolve, reject))
      })
      if (unchecked !== undefined)
        this.#job.session.warn(`The imported file could not be checked by SQLite: ${unchecked}`)
    } catch (error) {
      if (store.latched === undefined) await content.abandon()
      throw error
    }
  }

  #goesOn(): void {
    this.#job.checkGoesOn(this.#runner.clock.monotonicMs())
  }

  #next(): Promise<Uint8Array | undefined> {
    return this.#feed.next(() => this.#goesOn())
  }

  /** The first bytes of the file, and what came with them. */
  async #head(): Promise<{ readonly head: Uint8Array; readonly rest: Uint8Array }> {
    let head = new Uint8Array(0)
    while (head.length < HEAD_BYTES) {
      const part = await this.#next()
      if (!part) break
      const joined = new Uint8Array(head.length + part.length)
      joined.set(head)
      joined.set(part, head.length)
      head = joined
    }
    return { head: head.subarray(0, HEAD_BYTES), rest: head }
  }

  async #store(header: ImportHeader, content: NewContent, rest: Uint8Array): Promise<void> {
    const { pageSize, pages = Number.POSITIVE_INFINITY } = header
    const page = new Uint8Array(pageSize)
    const { clock } = this.#runner
    const total = this.#request.totalBytes || (header.pages ?? 0) * pageSize
    let filled = 0
    for (let part: Uint8Array | undefined = rest; part; part = await this.#next()) {
      this.#goesOn()
      for (let at = 0; at < part.length; ) {
        const count = Math.min(pageSize - filled, part.length - at)
        page.set(part.subarray(at, at + count), filled)
        at += count
        filled += count
        if (filled < pageSize) break
        filled = 0
        if (content.sizeBlocks >= pages) continue
        if (content.sizeBlocks === 0) page.fill(1, VERSIONS_AT, VERSIONS_AT + 2)
        const room = content.append(page)
        if (room) await room
      }
      this.#takenBytes += part.length
      const done = this.#takenBytes
      const { seq } = this.#job.request
      this.#runner.send(this.#job, () => ({ type: 'progress', seq, done, total: Math.max(done, total) }), false, 0)
      this.#runner.settle()
      await clock.yield()
    }
    checkLength(header, this.#takenBytes)
  }

  /** Between two requests, and nothing else meanwhile. */
  async #changeOver(content: NewContent): Promise<void> {
    const { database, store, clock } = this.#runner
    this.#endReaders()
    while (database.readers.busy) await clock.yield()
    this.#goesOn()
    database.disconnect()
    try {
      await content.commit()
    } catch (error) {
      if (store.latched === undefined) throw error
      throw new LeaderLostError(
        'unknown',
        'The storage failed while the imported file was put in force. The next opening finds it whole, or the database as it was.',
        { cause: error },
      )
    } finally {
      if (store.latched === undefined) database.connect()
    }
    const { blockSize } = database.blocks
    const { term = 0, contentId = '' } = store
    for (const session of this.#runner.sessions()) session.event({ name: 'reopened', blockSize, term, contentId })
  }

  /** Everything that reads from a state before the import ends, and may be made again. */
  #endReaders(): void {
    const { scheduler, interactive } = this.#runner
    const why = () =>
      new SnapshotTooOldError('The database has been replaced by an imported file. Make the call again.')
    for (const job of scheduler.jobs()) {
      const { session, request } = job
      if (request.type === 'maintenance' && request.action === 'verify') job.stopped = why()
      if (!session.streams.has(request.seq) || (request.type !== 'statement' && request.type !== 'export')) continue
      job.stopped = why()
      session.streams.get(request.seq)?.wake?.()
    }
    for (const session of this.#runner.sessions())
      for (const transaction of session.transactions.values()) interactive.abandon(transaction, why())
  }
}
