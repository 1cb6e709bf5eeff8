// What a simulated life and all its forks share, how a store is opened in it, and where a process can die.
import type { Device } from '../../src/device/device.ts'
import type { Environment } from '../../src/environment.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import type { ChecksumName, Checksums } from '../../src/store/checksum.ts'
import type { Chance } from '../support/seeded.ts'
import { Crash, type SimulatedDisk } from '../support/simulated-disk.ts'
import type { DiskKind } from './store-budget.ts'
import type { Fate, Tally } from './store-cells.ts'
import { Comparison } from './store-oracle.ts'
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

export function newWorld(parts: Omit<World, 'comparison' | 'tried' | 'forked'>): World {
  return { ...parts, comparison: new Comparison(parts.shape.blockSize), tried: new Set(), forked: new Map() }
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

const CHECKSUMS: readonly ChecksumName[] = ['xxhash64', 'xxhash64', 'crc32c', 'blake3']

export function openSimulated(
  { shape, checksums }: World,
  device: Device,
  environment: Environment,
  chance: Chance,
  slice: () => Promise<void>,
): Promise<BlockStore> {
  const { blockSize, sizes, maxPinnedBytes, maxPinnedMs, maxDirtyBytes } = shape
  const limits = { maxPinnedBytes, maxPinnedMs, maxDirtyBytes }
  const checksum = chance.pick(CHECKSUMS)
  return BlockStore.open({ device, environment, blockSize, checksum, checksums, sizes, ...limits, slice })
}

/** Counts a death if the state of the disk that it left has not been tried before in this life; false if it has. */
export function countDeath(
  { tally, tried }: World,
  stateId: number,
  { label, boundary }: Moment,
  fate: Fate,
  inRecovery: boolean,
): boolean {
  if (tried.has(stateId)) {
    tally.repeated++
    return false
  }
  tried.add(stateId)
  tally.crashes++
  if (inRecovery) tally.recoveryCrashes++
  if (fate === 'power cut') tally.powerCuts++
  tally.cells.count(label, `${boundary}, ${fate}`)
  return true
}
