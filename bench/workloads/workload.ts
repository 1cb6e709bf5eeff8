// What is measured: one file of this folder per kind of work. A workload fills what it needs, and then does the same work
// again and again. Only what it hands to `timed` counts.
import type { Ability, Connection } from '../adapters/adapter.ts'

/** One row of the tables. */
export interface Part {
  /** As on the command line and in the JSON. */
  readonly name: string
  /** As in the tables of docs/benchmarks.md. */
  readonly id: string
  readonly title: string
  /** What is counted; default: operations. */
  readonly unit?: string
  /** `ms` of a whole run, or `MB`; default: units in a second. */
  readonly figure?: 'ms' | 'MB'
  /** Of the workload's count, where it is not all of it. */
  readonly share?: number
  /** What not every database can do; without it this part is left out. */
  readonly needs?: readonly Ability[]
}

export interface Workload {
  /** As on the command line. */
  readonly name: string
  readonly parts: readonly Part[]
  /** Measured at both levels of durability; what only reads is measured at one. */
  readonly writes: boolean
  /** What not every database can do; without it the whole workload is left out. */
  readonly needs?: readonly Ability[]
  /** Every run is measured as it is: nothing warms caches and code up before it. */
  readonly cold?: boolean
  /** The run itself opens the database. */
  readonly opens?: boolean
  /** The application is in the worker, beside the database. */
  readonly inWorker?: boolean
  /** `tabs`: several pages at once; `memory`: what the page holds after the run. */
  readonly kind?: 'tabs' | 'memory'
  /** A question about DataSync alone. */
  readonly ownOnly?: boolean
  /** Of the page cache, where it is not the one that all rows have. */
  readonly cacheBytes?: number
  /** Operations, rows or megabytes of one run. */
  readonly count: Sizes
  fill(db: Connection, count: number): Promise<void>
  /** Before each run, untimed. */
  before?(db: Connection, count: number): Promise<void>
  /** Throws if the answers are not what they must be. */
  run(db: Connection, count: number, timed: Timed): Promise<void>
}

/** Times one part of a run, or leaves it out where the database cannot do it. */
export type Timed = (part: string, work: () => Promise<void>) => Promise<void>

export interface Sizes {
  readonly full: number
  /** A fifth of it. */
  readonly small: number
  /** To see that it works. */
  readonly toy: number
}

export type Size = keyof Sizes

export function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`The answer is wrong: ${what}`)
}

/** A workload that is one row of the tables. */
export function single(
  { id, title, unit, figure, ...rest }: Omit<Workload, 'parts' | 'run'> & Omit<Part, 'needs' | 'share'>,
  run: (db: Connection, count: number) => Promise<void>,
): Workload {
  const part: Part = { name: rest.name, id, title, ...(unit && { unit }), ...(figure && { figure }) }
  return { ...rest, parts: [part], run: (db, count, timed) => timed(rest.name, () => run(db, count)) }
}
