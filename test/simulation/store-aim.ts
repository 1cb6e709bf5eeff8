// Faults aimed at a kind of operation, so that rare ones are met as often as common ones, and places for rot.
import { AREAS, type Area } from '../../src/device/device.ts'
import { SEGMENTS_AT, SIDE_AT, SUPERBLOCK_AT, TABLE_AT } from '../../src/store/format.ts'
import type { Chance } from '../support/seeded.ts'
import type { SimulatedDisk } from '../support/simulated-disk.ts'
import type { DiskKind } from './store-budget.ts'
import { REACHABLE } from './store-reachable.ts'

export interface Aim {
  readonly label: string
  readonly fault: 'crash' | 'fails' | 'no space' | 'misdirected'
  /** Operations of that kind that pass first. */
  skip: number
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
  const faults = (['fails', 'no space', 'misdirected'] as const).filter(
    (fault) => columns.includes(fault) && (fault !== 'misdirected' || !damaged),
  )
  const fault = chance.chance(0.15) ? 'crash' : chance.pick([...faults, 'crash' as const])
  return { label, fault, skip: when === 'running' ? chance.int(3) : 0 }
}

const isCreation = (label: string): boolean => label.includes('creation')
const isOpening = (label: string): boolean => label.includes('recovery')
const labels = (kind: DiskKind): string[] => Object.keys(REACHABLE[kind])
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
