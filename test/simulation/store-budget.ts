// How long CI simulates the block store on each kind of disk. It stands apart because `npm run mutants` must find every
// planted bug with exactly these seeds.

export type DiskKind = 'kept' | 'undone'

export interface Budget {
  /** Seeds 1 to this. */
  readonly lives: number
  /** Further seeds, which once showed a fault. */
  readonly kept: readonly number[]
  /** Crash points that they reach at least. */
  readonly crashesLeast: number
}

export const BUDGETS: Readonly<Record<DiskKind, Budget>> = {
  kept: { lives: 560, kept: [5060], crashesLeast: 190_000 },
  undone: { lives: 900, kept: [], crashesLeast: 55_000 },
}
