// What the figures of a row say: values with their spread, and how many times as good one is as another. Better is more in a
// second, or fewer milliseconds, or fewer megabytes.
import { OWN } from '../adapters/index.ts'
import type { Part } from '../workloads/workload.ts'
import { type Measured, median } from './measured.ts'

export interface Spread {
  readonly value: number
  readonly low: number
  readonly high: number
}

export function spreadOf({ count, runs }: Measured, { figure }: Part): Spread {
  if (figure !== undefined) return { value: median(runs), low: Math.min(...runs), high: Math.max(...runs) }
  const rate = (ms: number) => (count * 1000) / ms
  return { value: rate(median(runs)), low: rate(Math.max(...runs)), high: rate(Math.min(...runs)) }
}

/** Beyond 1 the first is better. */
export function timesAsGood(one: Measured, other: Measured, part: Part): number {
  const [a, b] = [spreadOf(one, part).value, spreadOf(other, part).value]
  return part.figure === undefined ? a / b : b / a
}

export function bestFirst(all: readonly Measured[], part: Part): Measured[] {
  return all
    .filter(({ error, runs }) => error === undefined && runs.length > 0)
    .sort((a, b) => timesAsGood(b, a, part) - 1)
}

/** Ours on the same kind of storage; what is in memory or outside the browser is held against ours on OPFS. */
export function oursBeside(all: readonly Measured[], { storage }: Measured): Measured | undefined {
  const ours = all.filter(({ adapter, error, cacheBytes }) => adapter === OWN && !error && cacheBytes !== null)
  return ours.find((one) => one.storage === (storage === 'indexeddb' ? 'indexeddb' : 'opfs')) ?? ours[0]
}
