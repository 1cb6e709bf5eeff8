// The database as a standard SQLite file: the blocks of one pinned snapshot, one after another (block n is page n + 1), in
// chunks, beside everything else. It stands apart because it is the one answer that does not come from SQLite.
import type { Snapshot } from '../store/block-store-types.ts'
import { creditOf } from './credit.ts'
import type { Host } from './host.ts'
import type { Job } from './job.ts'
import type { RunResult } from './scheduler.ts'
import { ChunkStream } from './session.ts'

const CHUNK_BYTES = 1 << 20
/** File format versions for writing and reading; 1 is the rollback journal, which every SQLite opens. */
const VERSIONS_AT = 18

/** Sends the file as `bytes` answers as the client takes them, then `done`. */
export function runExport(runner: Host, job: Job): RunResult {
  const { session } = job
  const { seq } = job.request
  const snapshot = runner.database.blocks.pin({ untimed: true })
  const stream = new ChunkStream()
  session.streams.set(seq, stream)
  runner.scheduler.leaveLane(job)
  sendBlocks(runner, job, snapshot, stream)
    .finally(() => snapshot.release())
    .then(
      () =>
        stream.send(true, () => {
          session.streams.delete(seq)
          runner.send(job, () => ({ type: 'done', seq }), false, snapshot.sequence)
        }),
      (error: unknown) => {
        session.streams.delete(seq)
        runner.fail(job, error)
      },
    )
    .finally(() => {
      runner.settle()
      runner.scheduler.finish(job)
    })
    .catch((error: unknown) => runner.latch(error))
  return 'detached'
}

async function sendBlocks(runner: Host, job: Job, snapshot: Snapshot, stream: ChunkStream): Promise<void> {
  const { blocks } = runner.database
  const { clock } = runner
  const { seq } = job.request
  const { sizeBlocks, sequence } = snapshot
  const total = sizeBlocks * blocks.blockSize
  const blocksPerChunk = CHUNK_BYTES / blocks.blockSize
  for (let first = 0; first < sizeBlocks; first += blocksPerChunk) {
    // Other work gets a turn before each chunk; the first turn lets the requests behind this one begin.
    await clock.yield()
    if (stream.blocked) {
      await creditOf(stream, clock, job)
      job.demanded(clock.monotonicMs())
    }
    job.checkGoesOn(clock.monotonicMs())
    const chunk = readChunk(snapshot, first, Math.min(blocksPerChunk, sizeBlocks - first), blocks.blockSize)
    stream.send(false, () =>
      runner.send(
        job,
        (place) => {
          const { at, bytes } = place({ bytes: chunk, count: 0 })
          return { type: 'bytes', seq, at, bytes, total }
        },
        false,
        sequence,
      ),
    )
    runner.settle()
    job.demanded(clock.monotonicMs())
  }
}

function readChunk(snapshot: Snapshot, first: number, count: number, blockSize: number): Uint8Array<ArrayBuffer> {
  const chunk = new Uint8Array(count * blockSize)
  for (let i = 0; i < count; i++) snapshot.read(first + i, chunk.subarray(i * blockSize, (i + 1) * blockSize))
  if (first === 0) chunk.fill(1, VERSIONS_AT, VERSIONS_AT + 2)
  return chunk
}
