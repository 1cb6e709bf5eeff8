// What is measured: one file of this folder per kind of work. A workload fills what it needs, and then does the same work
// again and again; only `run` is timed.
import type { Ability, Connection } from '../adapters/adapter.ts'

export interface Workload {
  /** As on the command line. */
  readonly name: string
  /** As in the tables of docs/benchmarks.md. */
  readonly id: string
  readonly title: string
  /** What is counted; default: operations. */
  readonly unit?: string
  /** Measured at both levels of durability; what only reads is measured at one. */
  readonly writes: boolean
  /** What not every database can do. */
  readonly needs?: readonly Ability[]
  /** A new page, worker and cache for each run. What the operating system holds in memory stays there. */
  readonly cold?: boolean
  /** Of the page cache, where it is not the one that all rows have. */
  readonly cacheBytes?: number
  /** Operations, rows or megabytes of one run. */
  readonly count: Sizes
  fill(db: Connection, count: number): Promise<void>
  /** Before each run, untimed. */
  before?(db: Connection): Promise<void>
  /** Throws if the answers are not what they must be. */
  run(db: Connection, count: number): Promise<void>
}

export interface Sizes {
  readonly full: number
  /** A fifth of it. */
  readonly small: number
  readonly quick: number
}

export type Size = keyof Sizes

export function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`The answer is wrong: ${what}`)
}
