// Runs lives of the simulated block store in a process of its own, for the runner: the code around it may contain a
// planted bug and may hang. Arguments: kind of disk, first and last seed (default: the seeds of CI). Tells its parent
// which seed it is at, so that a hang is noticed, and in the end what was found.
import { BUDGETS, type DiskKind } from '../simulation/store-budget.ts'
import { life, newTally } from '../simulation/store-life.ts'

export type Told =
  | { readonly at: number }
  | { readonly found: string; readonly seed: number; readonly crashes: number }
  | { readonly missed: true; readonly seed: number; readonly crashes: number }

const kind = process.argv[2] as DiskKind
const first = Number(process.argv[3] ?? 1)
const last = Number(process.argv[4] ?? BUDGETS[kind].lives)
const tally = newTally()
const tell = (told: Told) => new Promise((resolve) => process.send?.(told, resolve))

let found: Told | undefined
for (let seed = first; seed <= last && !found; seed++) {
  await tell({ at: seed })
  try {
    await life(seed, kind, tally)
  } catch (error) {
    found = { found: error instanceof Error ? error.message : String(error), seed, crashes: tally.crashes }
  }
}
await tell(found ?? { missed: true, seed: last, crashes: tally.crashes })
process.exit(0)
