// The block store against a plain list of states: crash points by the ten thousand, from seeds. More by
// `npm run simulate -- --seeds N`.
import { expect, test } from 'vitest'
import { life, newTally } from './store-life.ts'

const FIRST = Number(process.env.SEED_FIRST ?? 1)
const SEEDS = Number(process.env.SEEDS ?? 1500)

test(`no acknowledged commit is lost and no wrong byte returned over ${SEEDS} seeded lives`, async () => {
  const tally = newTally()
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) await life(seed, tally)
  const { cells, ...counts } = tally
  console.log(counts, Object.fromEntries([...cells].sort()))
  console.log(`crash points ${tally.crashes}, lost 0, silent 0`)
  if (SEEDS >= 1500) expect(tally.crashes).toBeGreaterThan(20_000)
})
