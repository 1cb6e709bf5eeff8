// Random use of the API leaves nothing behind (`test/support/api-storm.ts`). `npm run storm -- --minutes 5` runs it longer;
// a failure names its seed, and `--first <seed> --minutes 0` runs that one alone.
import { expect, it } from 'vitest'
import { storm } from '../support/api-storm.ts'

const CALLS = 400
const first = Number(process.env.STORM_FIRST ?? 1)
const minutes = process.env.STORM_MINUTES
const seeds = minutes === undefined ? [1, 2, 3, 4] : []

it.each(seeds)(
  'seed %i: every call settles, nothing is half done, nothing is left',
  async (seed) => {
    const { codes } = await storm(seed, CALLS)
    expect([...codes.keys()]).toEqual(expect.arrayContaining(['aborted', 'timeout']))
  },
  60_000,
)

if (minutes !== undefined)
  it('every call settles, nothing is half done, nothing is left, for as long as asked', async () => {
    const untilMs = performance.now() + Number(minutes) * 60_000
    const total = new Map<string, number>()
    let seed = first
    do {
      const { codes } = await storm(seed, CALLS).catch((cause: unknown) => {
        throw new Error(`seed ${seed}: ${cause}`, { cause })
      })
      for (const [code, count] of codes) total.set(code, (total.get(code) ?? 0) + count)
      seed++
    } while (performance.now() < untilMs)
    console.log(`${seed - first} seeds from ${first}, ${(seed - first) * CALLS} calls; ended early with`, total)
  }, 0)
