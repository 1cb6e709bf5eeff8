// Waiting until a client takes what it was sent. It stands apart because rows and exported bytes are sent by the same
// rule: at most a few chunks under way, and a client that takes nothing loses what is held for it.
import type { Clock } from '../environment.ts'
import { SnapshotTooOldError } from '../errors/errors.ts'
import type { Job } from './job.ts'
import type { ChunkStream } from './session.ts'

/** A client that takes nothing for so long loses its snapshot. */
const CREDIT_WAIT_MS_MAX = 60_000

/** Resolves when another chunk may be sent. Throws SnapshotTooOldError after 60 s, AbortError when the job is given up. */
export async function creditOf(stream: ChunkStream, clock: Clock, job: Job): Promise<void> {
  let late = false
  const cancelTimer = clock.after(CREDIT_WAIT_MS_MAX, () => {
    late = true
    stream.wake?.()
  })
  try {
    while (stream.blocked) {
      await new Promise<void>((resolve) => {
        stream.wake = resolve
      })
      if (late) throw new SnapshotTooOldError('Nothing was taken for 60 s, so the snapshot of this call was given up.')
      // The time that the client takes is not the request's.
      if (job.cancelled || job.stopped || job.session.ended) job.checkGoesOn(clock.monotonicMs())
    }
  } finally {
    cancelTimer()
    stream.wake = undefined
  }
}
