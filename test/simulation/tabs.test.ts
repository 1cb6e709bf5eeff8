// Many tabs, simulated in one thread from a seed: the real client, coordination and worker, on simulated locks, channels and
// storage. More by `SEED_FIRST=N SEEDS=M npx vitest run --project simulation test/simulation/tabs.test.ts`.
import { expect, test } from 'vitest'
import { tabsLife } from './tabs-life.ts'
import { newTabsTally } from './tabs-tally.ts'

const SEEDS = 1000

test('tabs that are killed, frozen and hidden at any moment lose, double and hang nothing', async () => {
  const first = Number(process.env.SEED_FIRST ?? 1)
  const seeds = Number(process.env.SEEDS ?? SEEDS)
  const tally = newTabsTally()
  for (let seed = first; seed < first + seeds; seed++) await tabsLife(seed, tally)
  const { errors, ...counts } = tally
  console.log(JSON.stringify({ ...counts, errors: Object.fromEntries(errors) }))
  console.log(
    `seeds ${seeds}, leader changes ${tally.leaders - seeds}, acknowledged ${tally.acknowledged}, lost 0, doubled 0, hung 0`,
  )
  expect(tally.acknowledged).toBeGreaterThan(seeds)
})
