// Counts of the simulation: crash points, what else came, and the table of cells: what was being written x boundary x
// fault. It stands apart because every life and every fork of one adds to it.

export const FATES = ['kill', 'power cut'] as const
export type Fate = (typeof FATES)[number]
export type Column =
  | `${'before' | 'inside' | 'after'}, ${Fate}`
  | 'fails'
  | 'no space'
  | 'misdirected'
  | 'rot'
  | 'read wrong once'
  | 'read wrong for a while'

export class Cells {
  readonly #rows = new Map<string, Map<Column, number>>()

  count(row: string, column: Column): void {
    const cells = this.#rows.get(row) ?? new Map<Column, number>()
    this.#rows.set(row, cells)
    cells.set(column, (cells.get(column) ?? 0) + 1)
  }

  get(row: string, column: Column): number {
    return this.#rows.get(row)?.get(column) ?? 0
  }

  /** For console.table. */
  table(): Record<string, Record<string, number>> {
    return Object.fromEntries(
      [...this.#rows].sort().map(([row, cells]) => [row, Object.fromEntries([...cells].sort())]),
    )
  }
}

export interface Tally {
  /** Distinct states of the disk from which a store was recovered and compared. */
  crashes: number
  /** Of these, the ones inside a recovery. */
  recoveryCrashes: number
  powerCuts: number
  /** Recovered again from a state that had been tried before, and not counted. */
  repeated: number
  recoveries: number
  commits: number
  large: number
  checkpoints: number
  snapshotReads: number
  snapshotsEnded: number
  latched: number
  reported: number
  lastGroupLost: number
  /** Commits that nothing claimed and that could not be read while they were looked for. */
  tailsCut: number
  full: number
  superblockAlone: number
  /** Records that carry only what clients have acknowledged, or that they have ended. */
  acknowledgements: number
  faults: Record<string, number>
  readonly cells: Cells
}

export const newTally = (): Tally => ({
  crashes: 0,
  recoveryCrashes: 0,
  powerCuts: 0,
  repeated: 0,
  recoveries: 0,
  commits: 0,
  large: 0,
  checkpoints: 0,
  snapshotReads: 0,
  snapshotsEnded: 0,
  latched: 0,
  reported: 0,
  lastGroupLost: 0,
  tailsCut: 0,
  full: 0,
  superblockAlone: 0,
  acknowledgements: 0,
  faults: {},
  cells: new Cells(),
})
