// What both simulations of the block store share: how many seeds, and the closing lines that they print.
import { expect } from 'vitest'
import type { Budget, DiskKind } from './store-budget.ts'
import { life, newTally } from './store-life.ts'
import { REACHABLE } from './store-reachable.ts'

/** How often each cell that can be reached comes at least in the lives of CI. */
const CELL_LEAST = 100

/** Runs seeded lives and prints the table of cells; throws with the seed at the first broken promise. */
export async function simulate(kind: DiskKind, { lives, kept, crashesLeast }: Budget): Promise<void> {
  const first = Number(process.env.SEED_FIRST ?? 1)
  const seeds = Number(process.env.SEEDS ?? lives)
  const tally = newTally()
  for (let seed = first; seed < first + seeds; seed++) await life(seed, kind, tally)
  if (first === 1 && seeds >= lives) for (const seed of kept) await life(seed, kind, tally)
  const { cells, ...counts } = tally
  console.log(JSON.stringify(counts))
  console.table(cells.table())
  console.log(`crash points ${tally.crashes}, lost 0, silent 0`)
  expect(tally.commits).toBeGreaterThan(0)
  const unknown = Object.entries(cells.table()).flatMap(([row, columns]) =>
    Object.keys(columns).flatMap((column) =>
      REACHABLE[kind][row]?.some((known) => known === column) ? [] : [`${row}: ${column}`],
    ),
  )
  expect(unknown, 'cells that are not in the table of what can be reached').toEqual([])
  if (first > 1 || seeds < lives) return
  expect(tally.crashes).toBeGreaterThanOrEqual(crashesLeast)
  const seldom = Object.entries(REACHABLE[kind]).flatMap(([row, columns]) =>
    columns.flatMap((column) =>
      cells.get(row, column) < CELL_LEAST ? [`${row}: ${column} ${cells.get(row, column)}`] : [],
    ),
  )
  expect(seldom, 'cells that came too seldom').toEqual([])
}
