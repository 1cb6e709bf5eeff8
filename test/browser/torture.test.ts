// Many tabs under torture, in real browsers: they write and read while they are closed, reloaded, frozen, crashed, and
// their browser killed. Nothing acknowledged may be lost, nothing doubled, and every promise settles.
//
// The short form runs with the other tests; `npm run torture` runs one combination for as long as asked.
import { afterAll, expect, it } from 'vitest'
import type { BrowserKind } from '../../scripts/browsers.mjs'
import { AVAILABLE } from '../support/browsers/launch.ts'
import { SEED } from '../support/browsers/seeded-random.ts'
import { verdictLine } from '../support/torture/oracle.ts'
import { type TortureOptions, torture } from '../support/torture/torture.ts'

const SHORT: readonly Omit<TortureOptions, 'seed'>[] = [
  { kind: 'chromium', storage: 'opfs', transport: 'broker', durationMs: 25_000 },
  { kind: 'chromium', storage: 'opfs', transport: 'channel', durationMs: 12_000, keepBrowser: true },
  { kind: 'chromium', storage: 'indexeddb', transport: 'broker', durationMs: 12_000, keepBrowser: true },
  { kind: 'firefox', storage: 'opfs', transport: 'broker', durationMs: 12_000, tabs: 4, keepBrowser: true },
  { kind: 'webkit', storage: 'indexeddb', transport: 'broker', durationMs: 12_000, tabs: 4, keepBrowser: true },
]

const { TORTURE_MINUTES, TORTURE_BROWSER, TORTURE_STORAGE, TORTURE_TRANSPORT, TORTURE_TABS } = process.env
const LONG: Omit<TortureOptions, 'seed'> = {
  kind: (TORTURE_BROWSER ?? 'chromium') as BrowserKind,
  storage: TORTURE_STORAGE === 'indexeddb' ? 'indexeddb' : 'opfs',
  transport: TORTURE_TRANSPORT === 'channel' ? 'channel' : 'broker',
  durationMs: Number(TORTURE_MINUTES ?? 0) * 60_000,
  tabs: Number(TORTURE_TABS ?? 6),
  onProgress: (text) => console.log(text),
}
const runs = TORTURE_MINUTES === undefined ? SHORT.filter(({ kind }) => AVAILABLE.includes(kind)) : [LONG]

let leaderChanges = 0

it.each(runs)('keeps what it acknowledged in $kind, on $storage, by $transport', async (options) => {
  const result = await torture({ ...options, seed: SEED })
  const { lost, doubled, hung, unexpected, integrity, counts, log } = result
  const failures = [...lost, ...doubled, ...hung, ...unexpected]
  const shown = failures.length > 0 ? `\n${failures.slice(0, 20).join('\n')}\n${log}` : ''
  console.log(`seed ${SEED}: ${counts}\n${verdictLine(result)}`)
  expect(failures.length, `seed ${SEED}, ${JSON.stringify(options)}: ${verdictLine(result)}${shown}`).toBe(0)
  expect(integrity).toBe('ok')
  expect(result.acknowledged).toBeGreaterThan(0)
  leaderChanges += result.leaderChanges
})

// Otherwise too little was tried for anything to be shown.
afterAll(() => {
  if (AVAILABLE.includes('chromium') && TORTURE_MINUTES === undefined)
    expect(leaderChanges, 'leader changes in all').toBeGreaterThanOrEqual(15)
})
