// Faults aimed at a kind of operation, so that rare ones are met as often as common ones, and places for rot.
import { AREAS, type Area } from '../../src/device/device.ts'
import { SEGMENTS_AT, SIDE_AT, SUPERBLOCK_AT, TABLE_AT } from '../../src/store/format.ts'
import type { Chance } from '../support/seeded.ts'
import type { SimulatedDisk } from '../support/simulated-disk.ts'
import type { DiskKind } from './store-budget.ts'
import type { Labels } from './store-labels.ts'
import { REACHABLE } from './store-reachable.ts'
import type { Operation } from './store-watch.ts'

export interface Aim {
  readonly label: string
  readonly fault: 'crash' | 'fails' | 'no space' | 'misdirected'
  /** Operations of that kind that pass first. */
  skip: number
  /** The repair of it fails too, so that the process ends with pages that look clean and are not stored. */
  readonly twice: boolean
  /** Failures that may still be made so that it is met; a fold would never end if each of its syncs failed. */
  failures: number
}

/** Aimed at more often than others, because much else has to come together before they are met. */
const RARE: Readonly<Record<DiskKind, Readonly<Record<string, number>>>> = {
  kept: {
    'creation: write': 9,
    'fold blocks': 4,
    'fold header': 4,
    'fresh header': 6,
    'group of records': 3,
    'log grows': 9,
    'log is cut': 24,
    'main grows': 14,
    'main is cut': 6,
    mark: 4,
    'record with fresh segments': 8,
    record: 4,
    'recovery: record': 2,
    repair: 4,
    'side table': 5,
    'superblock A': 6,
    'superblock B': 6,
    'sync after record with fresh segments': 2,
    table: 5,
  },
  undone: {
    'flush after group of records': 5,
    'flush after record': 4,
    'flush after record with fresh segments': 7,
    'flush after something else': 8,
    'flush after writes that nothing leads to': 8,
    'fold blocks': 3,
    'fold header': 4,
    'fresh blocks': 5,
    'fresh header': 9,
    'group of records': 4,
    'log grows': 5,
    mark: 4,
    record: 4,
    'record with fresh segments': 5,
    'side table': 5,
    'superblock A': 4,
    'superblock B': 6,
    'sync after record with fresh segments': 7,
    'sync after group of records': 4,
    'sync after mark': 3,
    'sync after side table': 4,
    'sync after superblock A': 4,
    'sync after superblock B': 4,
    'sync after writes that nothing leads to': 14,
    'sync of a creation': 2,
    table: 4,
  },
}

/** A fault at one of the operations that a process does. */
export function drawAim(
  chance: Chance,
  kind: DiskKind,
  when: 'running' | 'opening' | 'creation',
  damaged: boolean,
): Aim {
  const label = chance.pick(AIMED[when][kind])
  const columns = REACHABLE[kind][label] ?? []
  // Writes land elsewhere in forks as well.
  const faults = (['fails', 'fails', 'no space', 'no space', 'misdirected'] as const).filter(
    (fault) => columns.includes(fault) && (fault !== 'misdirected' || !damaged),
  )
  const fault = when !== 'creation' && chance.chance(0.15) ? 'crash' : chance.pick(faults)
  const comesOften = (RARE[kind][label] ?? 1) < 6
  const skip = (when === 'running' && comesOften) || label === 'creation: write' ? chance.int(3) : 0
  return { label, fault, skip, twice: fault === 'fails' && chance.chance(0.3), failures: 3 }
}

/** How many of the writes with this label land elsewhere in a fork. */
export const misdirectedShare = (label: string): number =>
  /^(creation|group|record with|repair|side|superblock|table)/.test(label) ? 0.05 : 0.015

/** What a process is aimed at, until it is met. */
export class Aiming {
  at: Aim | undefined
  /** The next repair fails as what it repairs did. */
  #failsAgain = false

  /** Called before each operation: sets the fault that is due at it. Returns 'crash' if the process is to die soon. */
  take({ label, kind }: Operation, disk: SimulatedDisk, { failed }: Labels): 'crash' | undefined {
    const { faults } = disk
    if (this.#failsAgain && label === 'barrier of a repair') {
      this.#failsAgain = false
      faults.failNext = 'io'
    }
    const aim = this.at
    if (!aim) return
    // What fails is written again: that is the repair.
    if (aim.label.includes('repair') && kind === 'sync' && !failed && aim.failures-- > 0) faults.failNext = 'io'
    if (aim.label !== label || aim.skip-- > 0) return
    this.at = undefined
    this.#failsAgain = aim.twice && kind === 'sync'
    switch (aim.fault) {
      case 'crash':
        return 'crash'
      case 'fails':
        faults.failNext = 'io'
        break
      case 'no space':
        faults.failNext = 'full'
        break
      case 'misdirected':
        if (kind === 'write') faults.misdirectAt = disk.operations + 1
    }
    return
  }
}

const isCreation = (label: string): boolean => label.includes('creation')
const isOpening = (label: string): boolean => label.includes('recovery')
const labels = (kind: DiskKind): string[] =>
  Object.entries(REACHABLE[kind])
    .filter(([, columns]) => columns.includes('fails') || columns.includes('no space'))
    .flatMap(([label]) => Array.from({ length: RARE[kind][label] ?? 1 }, () => label))
const aimed = (chosen: (label: string) => boolean) => ({
  kept: labels('kept').filter(chosen),
  undone: labels('undone').filter(chosen),
})
const AIMED = {
  running: aimed((label) => !isOpening(label) && !isCreation(label)),
  opening: aimed(isOpening),
  creation: aimed(isCreation),
}

/** Somewhere in what is stored, each kind of structure alike. */
export function rotPlace(chance: Chance, disk: SimulatedDisk): { area: Area; at: number } {
  switch (chance.int(6)) {
    case 0:
      return { area: 'main', at: chance.pick(SUPERBLOCK_AT) + chance.int(192) }
    case 1:
      return { area: 'main', at: chance.pick(TABLE_AT) + chance.int(96) }
    case 2:
      return { area: 'main', at: chance.pick(SIDE_AT) + chance.int(256) }
    case 3:
      return { area: chance.pick(AREAS.slice(1, 3)), at: chance.int(Math.min(disk.sizeOf('log-0'), 32768)) }
    default:
      return { area: 'main', at: SEGMENTS_AT + chance.int(Math.max(1, disk.sizeOf('main') - SEGMENTS_AT)) }
  }
}
