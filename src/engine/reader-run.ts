// A statement on a reader connection: it keeps its snapshot, sends its rows in chunks as the client gives credit, and lets
// other work run every 8 ms. Between two slices the statement stays active; the connection is nobody else's meanwhile.
import type { Clock } from '../environment.ts'
import type { Want } from '../protocol/messages.ts'
import { creditOf } from './credit.ts'
import type { Job } from './job.ts'
import type { PackedChunk, RowPacker } from './packing.ts'
import type { StatementOutcome } from './reply.ts'
import type { ChunkStream } from './session.ts'
import type { Statement } from './statement.ts'

const SLICE_MS = 8
/** Rows between two looks at the clock. */
const ROWS_PER_LOOK = 32

export interface ReaderRun {
  readonly job: Job
  readonly statement: Statement
  readonly want: Want
  readonly packer: RowPacker
  readonly clock: Clock
  readonly stream: ChunkStream
  /** Its rows are read one by one: the time limit is for each chunk, and chunks may be small. */
  readonly live: boolean
  /** It does not wait for the client: what was not taken yet waits outside of the connection. */
  readonly ahead: boolean
  sendChunk(chunk: PackedChunk, columns: readonly string[] | undefined): void
}

/** Steps a bound statement to its end; the outcome holds the rows that were not sent as chunks. */
export async function runOnReader(run: ReaderRun): Promise<StatementOutcome> {
  const { job, statement, want, packer, clock, stream } = run
  const { connection } = statement
  const wantsRows = want !== 'changes'
  let more = connection.limited(job.limits, () => statement.step())
  const columns = want === 'first-value' ? statement.columns.slice(0, 1) : statement.columns
  let sent = 0
  const send = async (chunk: PackedChunk) => {
    if (stream.blocked && !run.ahead) await creditOf(stream, clock, job)
    run.sendChunk(chunk, sent++ === 0 ? columns : undefined)
    if (run.live) job.demanded(clock.monotonicMs())
  }
  let sliceEndMs = clock.monotonicMs() + SLICE_MS
  while (more) {
    let rows = 0
    let large = false
    const next = () => {
      more = (want === 'rows' || want === 'changes') && statement.step()
    }
    connection.limited(job.limits, () => {
      while (more && rows++ < ROWS_PER_LOOK && !packer.full) {
        large = wantsRows && !packer.add(statement, columns.length)
        if (large) break
        next()
      }
    })
    if (large) {
      if (packer.count > 0) await send(packer.take())
      for (const piece of packer.pieces(statement, columns.length)) await send(piece)
      connection.limited(job.limits, next)
    }
    if (packer.full && more) await send(packer.take())
    if (more && clock.monotonicMs() >= sliceEndMs) {
      // Whoever reads row by row should not wait for a whole chunk.
      if (run.live && packer.count > 0 && stream.idle) {
        run.sendChunk(packer.take(), sent++ === 0 ? columns : undefined)
        job.demanded(clock.monotonicMs())
      }
      await clock.yield()
      job.checkGoesOn(clock.monotonicMs())
      sliceEndMs = clock.monotonicMs() + SLICE_MS
    }
  }
  const { lastInsertRowid } = job.session.counts
  if (!wantsRows) return { changes: 0, lastInsertRowid }
  return { changes: 0, lastInsertRowid, rows: { columns: sent === 0 ? columns : undefined, chunks: [packer.take()] } }
}
