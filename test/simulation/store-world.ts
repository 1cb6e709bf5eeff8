// What a simulated life and all its forks share, and where a process can die.
import type { Checksums } from '../../src/store/checksum.ts'
import { Crash, type SimulatedDisk } from '../support/simulated-disk.ts'
import type { DiskKind } from './store-budget.ts'
import type { Tally } from './store-cells.ts'
import type { Comparison } from './store-oracle.ts'
import type { Shape } from './store-shape.ts'
import type { Operation } from './store-watch.ts'

/** What a life and all its forks share. */
export interface World {
  readonly seed: number
  readonly kind: DiskKind
  readonly shape: Shape
  readonly checksums: Checksums
  readonly comparison: Comparison
  readonly tally: Tally
  /** A power cut may undo changes of size. */
  readonly sizesVanish: boolean
  /** States of the disk from which a recovery was tried. */
  readonly tried: Set<number>
  /** Moments tried in forks, by label and boundary. */
  readonly forked: Map<string, number>
}

/** Where a process died. */
export interface Moment {
  readonly label: string
  readonly boundary: 'before' | 'inside' | 'after'
}

/** Where a process can die in an operation so that the next one finds something else. */
export function boundariesOf({ kind }: Operation, disk: DiskKind): readonly Moment['boundary'][] {
  if (kind === 'sync') return ['before', 'after']
  // What was not handed over is gone with the process, half written or not.
  if (disk === 'undone') return []
  return kind === 'write' ? ['before', 'inside'] : ['before', 'after']
}

/** Lets a fork die inside or after an operation. */
export function dieIn(disk: SimulatedDisk, operation: Operation, boundary: 'inside' | 'after'): void {
  disk.faults.crashAt = disk.operations + 1
  disk.faults.crashSide = boundary
  try {
    operation.run(disk)
  } catch (error) {
    if (!(error instanceof Crash)) throw error
  }
  disk.faults.crashAt = Number.POSITIVE_INFINITY
}
