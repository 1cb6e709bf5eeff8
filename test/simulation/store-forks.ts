// Where the disk of a life is forked and the process dies in the fork: before, inside or after an operation, or with a write
// that landed elsewhere. It stands apart from the life because it draws from a chance of its own: whatever is tried in forks,
// the life goes on as it would have.
import { type Chance, seeded } from '../support/seeded.ts'
import type { SimulatedDisk } from '../support/simulated-disk.ts'
import { misdirectedShare } from './store-aim.ts'
import type { Fate } from './store-cells.ts'
import type { Operation } from './store-watch.ts'
import { boundariesOf, dieIn, type Moment, type World } from './store-world.ts'

/** A disk after a death, and how it came to it. */
export interface Fork {
  readonly disk: SimulatedDisk
  /** For its further fate. */
  readonly chance: Chance
  readonly moment: Moment
  readonly fate: Fate
}

/** How often a moment is tried in a fork once its kind is no longer new to this life. */
const FORK_SHARE = 0.06
/** How often a moment is new to a life. What comes once in a life is tried as often as it comes. */
const newFor = (label: string): number => (/creation|first sync/.test(label) ? 10 : 2)

/** `stalePages`: an earlier process may have left pages that look clean and are not stored. */
export function forksAt(
  operation: Operation,
  world: World,
  disk: SimulatedDisk,
  chance: Chance,
  stalePages: boolean,
): Fork[] {
  const { forked, tried, tally, kind } = world
  const { label } = operation
  const forks: Fork[] = []
  if (operation.kind === 'write' && kind === 'kept' && chance.chance(misdirectedShare(label)))
    forks.push(...misdirected(operation, world, disk, chance))
  // Torn over pages that an earlier process left unstored, a superblock may be the second one that is lost.
  const doubtful = stalePages && label.startsWith('recovery: superblock')
  for (const boundary of boundariesOf(operation, kind)) {
    const key = `${label}, ${boundary}`
    const times = forked.get(key) ?? 0
    if (!chance.chance(times < newFor(label) || doubtful ? 0.7 : FORK_SHARE)) continue
    forked.set(key, times + 1)
    const own = seeded(chance.int(1 << 30))
    const fork = disk.fork(own)
    fork.faults.sizesVanish = world.sizesVanish
    if (boundary !== 'before') dieIn(fork, operation, boundary)
    const fate = died(fork, own, doubtful ? 0.9 : 0.6)
    if (tried.has(fork.stateId)) tally.repeated++
    else forks.push({ disk: fork, chance: own, moment: { label, boundary }, fate })
  }
  return forks
}

/** A fork in which this write lands elsewhere, and the process dies. */
function misdirected({ label, run }: Operation, { tally }: World, disk: SimulatedDisk, chance: Chance): Fork[] {
  // While a claim cannot be read its record is written again, and elsewhere that could hit both: two faults at once.
  if (disk.damaged || disk.faults.sick) return []
  const own = seeded(chance.int(1 << 30))
  const fork = disk.fork(own)
  fork.faults.misdirectAt = fork.operations + 1
  run(fork)
  tally.cells.count(label, 'misdirected')
  const fate = died(fork, own, 0.4)
  return [{ disk: fork, chance: own, moment: { label: 'misdirected write', boundary: 'after' }, fate }]
}

function died(disk: SimulatedDisk, chance: Chance, powerCutShare: number): Fate {
  const fate: Fate = chance.chance(powerCutShare) ? 'power cut' : 'kill'
  if (fate === 'kill') disk.kill()
  else disk.powerCut()
  return fate
}
