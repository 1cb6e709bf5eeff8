// What both simulations of SQLite share: how many seeds, the modules, and the closing lines that they print.
import { expect } from 'vitest'
import { loadSqlite } from '../../src/engine/sqlite-module.ts'
import { sqliteWasm } from '../support/sqlite.ts'
import { Inspector } from './sqlite-crash.ts'
import { life } from './sqlite-life.ts'
import { Oracle } from './sqlite-oracle.ts'
import { newTally } from './sqlite-tally.ts'

/** Runs seeded lives and prints the table of cells; throws with the seed at the first broken promise. */
export async function simulateSqlite(kind: 'kept' | 'undone', lives: number, crashesLeast: number): Promise<void> {
  const first = Number(process.env.SEED_FIRST ?? 1)
  const seeds = Number(process.env.SEEDS ?? lives)
  const wasm = await sqliteWasm()
  const oracle = new Oracle(await loadSqlite(wasm, {}))
  const inspector = new Inspector(await loadSqlite(wasm, {}))
  const tally = newTally()
  for (let seed = first; seed < first + seeds; seed++)
    await life(seed, kind, { sqlite3: await loadSqlite(wasm, {}), oracle, inspector }, tally)
  const { cells, ...counts } = tally
  console.log(JSON.stringify(counts))
  console.table(Object.fromEntries([...cells].sort()))
  console.log(`crash points ${tally.crashes}, lost 0, silent 0`)
  if (seeds < lives) return
  expect(tally.crashes).toBeGreaterThanOrEqual(crashesLeast)
  // Each of these has to happen often enough to mean something.
  const { full, streams, snapshotReads, failedAlike, takenBack, timeouts, cancelled, bulks, closed } = tally
  const often = { full, streams, snapshotReads, failedAlike, takenBack, timeouts, cancelled, bulks, closed }
  for (const [what, count] of Object.entries(often))
    expect(count, what).toBeGreaterThanOrEqual(what === 'closed' ? 3 : 10)
}
