// When relaxed commits are synced although nobody waits for it (DESIGN section 10): some time after the first unsynced
// commit, after a pause in the commits, or when too much is unsynced. Of several clients' wishes the strictest counts.
import type { Clock } from '../environment.ts'
import type { SyncPolicy } from '../protocol/messages.ts'

type Limits = Readonly<Record<'maxDirtyBytes' | 'maxDirtyBlocks' | 'intervalMs' | 'debounceMs', number>>

/** What made a sync happen: a rule of the policy, or somebody who waited for it. */
type SyncCause = 'timer' | 'debounce' | 'threshold' | 'request'

export class SyncTimer {
  readonly #clock: Clock
  readonly #sync: () => void
  /** Of all clients' wishes the strictest of each kind; 0 switches a rule off. */
  #policy: Limits = { maxDirtyBytes: 0, maxDirtyBlocks: 0, intervalMs: 0, debounceMs: 0 }
  /** When the pause in the commits will have been long enough. */
  #quietAtMs = 0
  #cancelInterval: (() => void) | undefined
  #cancelDebounce: (() => void) | undefined
  #bytes = 0
  #blocks = 0
  #cause: SyncCause | undefined
  #lastSyncMs = 0
  readonly #counts: Record<SyncCause, number> = { timer: 0, debounce: 0, threshold: 0, request: 0 }
  readonly #durationsMs: Record<SyncCause, number> = { timer: 0, debounce: 0, threshold: 0, request: 0 }

  /** `sync` is called when a sync is due; `synced` is to be called whenever one has happened. */
  constructor(clock: Clock, sync: () => void) {
    this.#clock = clock
    this.#sync = sync
  }

  use(policies: readonly SyncPolicy[]): void {
    const least = (field: keyof Limits) => {
      const values = policies.map((policy) => policy[field]).filter((value) => value > 0)
      return values.length === 0 ? 0 : Math.min(...values)
    }
    this.#policy = {
      maxDirtyBytes: least('maxDirtyBytes'),
      maxDirtyBlocks: least('maxDirtyBlocks'),
      intervalMs: least('intervalMs'),
      debounceMs: least('debounceMs'),
    }
  }

  /** A commit was published that no client waits to see synced. */
  committed(bytes: number, blocks: number): void {
    this.#bytes += bytes
    this.#blocks += blocks
    const { maxDirtyBytes, maxDirtyBlocks, intervalMs, debounceMs } = this.#policy
    const over = (limit: number, value: number) => limit > 0 && value >= limit
    if (over(maxDirtyBytes, this.#bytes) || over(maxDirtyBlocks, this.#blocks)) {
      this.#due('threshold')
      return
    }
    if (intervalMs > 0) this.#cancelInterval ??= this.#clock.after(intervalMs, () => this.#due('timer'))
    if (debounceMs === 0) return
    this.#quietAtMs = this.#clock.monotonicMs() + debounceMs
    this.#cancelDebounce ??= this.#clock.after(debounceMs, () => this.#whenQuiet())
  }

  /** One timer serves any number of commits: it is set anew only when it has rung too early. */
  #whenQuiet(): void {
    const restMs = this.#quietAtMs - this.#clock.monotonicMs()
    this.#cancelDebounce = undefined
    if (restMs <= 0) this.#due('debounce')
    else this.#cancelDebounce = this.#clock.after(restMs, () => this.#whenQuiet())
  }

  /** How many syncs each cause has had, the milliseconds that they took, and what no sync has had yet. */
  metrics(): Record<string, number> {
    const { timer, debounce, threshold, request } = this.#counts
    const ms = this.#durationsMs
    return {
      timerSyncs: timer,
      timerSyncsMs: ms.timer,
      debounceSyncs: debounce,
      debounceSyncsMs: ms.debounce,
      thresholdSyncs: threshold,
      thresholdSyncsMs: ms.threshold,
      requestSyncs: request,
      requestSyncsMs: ms.request,
      lastSyncMs: this.#lastSyncMs,
      unsyncedBytes: this.#bytes,
      unsyncedBlocks: this.#blocks,
    }
  }

  /** A sync that took `durationMs` has succeeded. */
  synced(durationMs: number): void {
    const cause = this.#cause ?? 'request'
    this.#cause = undefined
    this.#counts[cause]++
    this.#durationsMs[cause] += durationMs
    this.#lastSyncMs = durationMs
    this.stop()
  }

  /** Nothing is unsynced any more. */
  stop(): void {
    this.#bytes = this.#blocks = 0
    this.#cancelInterval?.()
    this.#cancelDebounce?.()
    this.#cancelInterval = this.#cancelDebounce = undefined
  }

  #due(cause: SyncCause): void {
    this.#cause ??= cause
    this.#sync()
  }
}
