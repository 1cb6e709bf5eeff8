// Housekeeping calls. What the store can do it does itself; SQLite's own check is added to `verify`. They run beside the
// requests that come after them. It stands apart from the runner because none of it belongs to a transaction.
import { UsageError } from '../errors/errors.ts'
import type { MaintenanceReport, MaintenanceRequest } from '../protocol/messages.ts'
import type { Host } from './host.ts'
import type { Job } from './job.ts'
import { quickCheck } from './quick-check.ts'
import type { RunResult } from './scheduler.ts'

/** Runs one call beside everything else and answers it with its report, or with `done` where it has none. */
export function answerMaintenance(runner: Host, job: Job, action: MaintenanceRequest['action']): RunResult {
  const { seq } = job.request
  runner.scheduler.leaveLane(job)
  run(runner, job, action)
    .then(
      (report) => {
        if (report) runner.send(job, () => ({ type: 'report', seq, report }), false)
        else runner.done(job)
      },
      (error: unknown) => {
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

async function run(
  runner: Host,
  job: Job,
  action: MaintenanceRequest['action'],
): Promise<MaintenanceReport | undefined> {
  const { database, store, scheduler } = runner
  switch (action) {
    case 'sync':
      await runner.synced()
      return undefined
    case 'checkpoint':
      await available(store.checkpoint, action).call(store)
      return undefined
    case 'compact':
      await available(store.compact, action).call(store)
      return undefined
    case 'verify': {
      const onProgress = (done: number, total: number) => {
        job.checkGoesOn(runner.clock.monotonicMs())
        runner.send(job, () => ({ type: 'progress', seq: job.request.seq, done, total }), false, 0)
        runner.settle()
      }
      const { blocks, damaged } = await available(store.verify, action).call(store, { onProgress })
      if (damaged.length > 0)
        job.session.event({
          name: 'corruption',
          block: damaged[0],
          message: `${damaged.length} of ${blocks} blocks are damaged.`,
        })
      const sqlite = damaged.length > 0 ? [] : await checkBySqlite(runner, job, () => onProgress(blocks, blocks))
      return { kind: 'verify', blocks, damaged, sqlite }
    }
    case 'metrics':
      return {
        kind: 'metrics',
        metrics: {
          ...store.metrics?.(),
          ...runner.metrics(),
          repeatsAnswered: runner.repeatsAnswered,
          failures: runner.failures,
          ...scheduler.metrics(),
          wasmHeapBytes: database.instance.heap.bytes().length,
          readersInUse: database.readers.used,
          shadowBytes: database.instance.vfs.shadowSpace.used.memoryBytes,
        },
      }
    default:
      return action satisfies never
  }
}

export function available<T>(method: T | undefined, action: string): T {
  if (method === undefined) throw new UsageError('not-supported', `This storage has no ${action}.`)
  return method
}

/** What SQLite's own check finds wrong; empty if nothing. */
async function checkBySqlite(runner: Host, job: Job, onPart: () => void): Promise<string[]> {
  const { database, clock } = runner
  const reader = database.readers.acquire('read')
  try {
    runner.enter(job.session, reader)
    // Its CHECK constraints and indexes may use them.
    reader.functions.use(job.session.functions)
    return await quickCheck({ connection: reader, job, clock, pageSize: database.blocks.blockSize, onPart })
  } finally {
    database.readers.release(reader)
  }
}
