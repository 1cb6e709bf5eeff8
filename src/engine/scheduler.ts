// In which order requests run. Requests that belong together (a client's plain ones, those of one transaction) form a lane
// and keep their order; between lanes those go first that had to wait, then whoever was served longest ago. Requests run
// one at a time, in groups; at the end of a group one flush or sync serves all its answers.
//
// A group ends at 256 requests, 8 ms or 4 MiB of staged blocks, or when nothing is left to run. Between groups other work
// of the thread gets a turn, so that messages come in.
import type { Clock } from '../environment.ts'
import { assert } from '../store/assert.ts'
import type { Job } from './job.ts'

const GROUP_REQUESTS_MAX = 256
const GROUP_MS_MAX = 8
const GROUP_BYTES_MAX = 4 * 1024 * 1024

/** `done`: it is over. `later`: it has to wait for something. `detached`: it goes on by itself and calls `finish`. */
export type RunResult = 'done' | 'later' | 'detached'

export interface Runner {
  /** True if the job can run now. */
  ready(job: Job): boolean
  run(job: Job): RunResult | Promise<RunResult>
  /** A job whose time was over, or that was given up, before it began. */
  refuse(job: Job): void
  /** Bytes staged so far, only ever growing. */
  stagedBytes(): number
  endGroup(): void
  /** An invariant of the scheduler or the runner does not hold. */
  crashed(error: unknown): void
}

interface Lane {
  readonly jobs: Job[]
  /** Its first job is running. */
  busy: boolean
  /** Its first job was found not ready. */
  waited: boolean
  served: number
}

export class Scheduler {
  readonly #clock: Clock
  readonly #runner: Runner
  readonly #lanes = new Map<string, Lane>()
  readonly #tasks: (() => void | Promise<void>)[] = []
  #turn = 0
  #pumping = false
  #again = false
  #cancelTimer: (() => void) | undefined
  #heldSinceMs: number | undefined
  #idle: (() => void)[] = []
  readonly #counts = { groups: 0, requests: 0, groupRequestsMax: 0 }

  constructor(clock: Clock, runner: Runner) {
    this.#clock = clock
    this.#runner = runner
  }

  /** Jobs that have not ended. */
  get depth(): number {
    let depth = 0
    for (const { jobs } of this.#lanes.values()) depth += jobs.length
    return depth
  }

  /** Counts since the engine began: groups, the requests in them, the largest group; and what waits or runs now. */
  metrics(): Record<string, number> {
    return { ...this.#counts, queueDepth: this.depth }
  }

  /**
   * Takes a running job out of its lane, so that what was asked after it need not wait for its end; what was asked before
   * it has run already. It still counts until `finish`.
   */
  leaveLane(job: Job): void {
    this.#end(job)
    job.beside = true
    job.lane = `${job.session.client} alone ${job.request.seq}`
    this.#lanes.set(job.lane, { jobs: [job], busy: true, waited: false, served: 0 })
  }

  add(job: Job): void {
    const lane = this.#lanes.get(job.lane)
    if (lane) lane.jobs.push(job)
    else this.#lanes.set(job.lane, { jobs: [job], busy: false, waited: false, served: 0 })
  }

  /** Runs `task` between two jobs, before any of them. */
  post(task: () => void | Promise<void>): void {
    this.#tasks.push(task)
    this.wake()
  }

  /** A detached job is over. */
  finish(job: Job): void {
    this.#end(job)
    this.wake()
  }

  /** A detached job has found that it must wait for something else. */
  putBack(job: Job): void {
    const lane = this.#lanes.get(job.lane)
    assert(lane?.jobs[0] === job, 'a running job is the first of its lane')
    lane.busy = false
    this.wake()
  }

  /**
   * The time of jobs that have not begun stands still until `release`: what they wait for is no fault of theirs. Held once
   * at a time.
   */
  hold(): void {
    this.#heldSinceMs = this.#clock.monotonicMs()
    this.#watchDeadlines()
  }

  /** True between `hold` and `release`. */
  get held(): boolean {
    return this.#heldSinceMs !== undefined
  }

  release(): void {
    const nowMs = this.#clock.monotonicMs()
    for (const { jobs, busy } of this.#lanes.values())
      jobs.forEach((job, i) => {
        if (!(busy && i === 0)) job.deadlineMs += nowMs - Math.max(job.arrivedMs, this.#heldSinceMs ?? nowMs)
      })
    this.#heldSinceMs = undefined
    this.wake()
  }

  /** The jobs that `which` picks and that have not begun; they are taken out. */
  withdraw(which: (job: Job) => boolean): Job[] {
    const taken: Job[] = []
    for (const [key, lane] of this.#lanes) {
      for (let i = lane.jobs.length - 1; i >= (lane.busy ? 1 : 0); i--)
        if (which(lane.jobs[i]!)) taken.push(...lane.jobs.splice(i, 1))
      if (lane.jobs.length === 0) this.#lanes.delete(key)
    }
    return taken.reverse()
  }

  /** All jobs, running ones included. */
  *jobs(): Generator<Job> {
    for (const { jobs } of this.#lanes.values()) yield* jobs
  }

  /** Runs whatever can run now; what runs without waiting is over when this returns. */
  wake(): void {
    if (this.#pumping) {
      this.#again = true
      return
    }
    this.#pumping = true
    this.#pump().catch((error: unknown) => {
      this.#pumping = false
      this.#runner.crashed(error)
    })
  }

  /** Resolves once no job is left. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle.push(resolve)
      this.wake()
    })
  }

  async #pump(): Promise<void> {
    do {
      this.#again = false
      await this.#runGroups()
    } while (this.#again)
    this.#pumping = false
    this.#watchDeadlines()
    if (this.#lanes.size > 0 || this.#idle.length === 0) return
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** An async function runs in the caller's turn until it first waits, so a lone request is answered at once. */
  async #runGroups(): Promise<void> {
    for (;;) {
      const endMs = this.#clock.monotonicMs() + GROUP_MS_MAX
      const bytes = this.#runner.stagedBytes() + GROUP_BYTES_MAX
      let ran = 0
      let more = false
      for (;;) {
        const task = this.#tasks.shift()
        if (task) {
          const pending = task()
          if (pending) await pending
          continue
        }
        const job = this.#next()
        if (!job) break
        const result = this.#runner.run(job)
        this.#after(job, result instanceof Promise ? await result : result)
        this.#counts.requests++
        more = ++ran >= GROUP_REQUESTS_MAX || this.#runner.stagedBytes() >= bytes || this.#clock.monotonicMs() >= endMs
        if (more) break
      }
      this.#countGroup(ran)
      this.#runner.endGroup()
      if (!more) return
      await this.#clock.yield()
    }
  }

  #countGroup(requests: number): void {
    if (requests === 0) return
    this.#counts.groups++
    this.#counts.groupRequestsMax = Math.max(this.#counts.groupRequestsMax, requests)
  }

  #after(job: Job, result: RunResult): void {
    if (result === 'done') this.#end(job)
    else if (result === 'later') {
      const lane = this.#lanes.get(job.lane)!
      lane.busy = false
      lane.waited = true
    }
  }

  #end(job: Job): void {
    const lane = this.#lanes.get(job.lane)
    assert(lane?.jobs[0] === job, 'a running job is the first of its lane')
    lane.jobs.shift()
    lane.busy = false
    if (lane.jobs.length === 0) this.#lanes.delete(job.lane)
  }

  #next(): Job | undefined {
    let best: Lane | undefined
    for (const lane of this.#lanes.values()) {
      if (lane.busy) continue
      if (!this.#runner.ready(lane.jobs[0]!)) lane.waited = true
      else if (!best || goesBefore(lane, best)) best = lane
    }
    if (!best) return undefined
    best.busy = true
    best.waited = false
    best.served = ++this.#turn
    return best.jobs[0]
  }

  /** Jobs that wait for something are ended when their time is over. */
  #watchDeadlines(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (this.#heldSinceMs !== undefined) return
    let first = Number.POSITIVE_INFINITY
    for (const { jobs, busy } of this.#lanes.values())
      jobs.forEach(({ deadlineMs }, i) => {
        if (!(busy && i === 0) && deadlineMs < first) first = deadlineMs
      })
    if (first === Number.POSITIVE_INFINITY) return
    const now = this.#clock.monotonicMs()
    this.#cancelTimer = this.#clock.after(Math.max(0, first - now), () => {
      const time = this.#clock.monotonicMs()
      for (const job of this.withdraw(({ deadlineMs }) => deadlineMs <= time)) this.#runner.refuse(job)
      this.wake()
    })
  }
}

function goesBefore(a: Lane, b: Lane): boolean {
  if (a.waited !== b.waited) return a.waited
  if (a.waited) return a.jobs[0]!.arrivedMs < b.jobs[0]!.arrivedMs
  return a.served < b.served
}
