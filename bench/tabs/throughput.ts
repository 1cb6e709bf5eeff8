// Three tabs, each issuing 200 reads and 50 writes at once: how long until every call of all three is answered. Failed calls
// and missing rows are counted; there must be none.
import type { BrowserPage } from '../../test/support/browsers/session.ts'
import { call } from '../../test/support/browsers/steps.ts'
import type { TabsSteps } from '../pages/tabs.ts'

const TABS = 3
const ROUNDS = 15
const CALLS = 250
const WRITES = 50
/** So that every tab has its order before the first one begins. */
const LEAD_MS = 150

export async function throughput(name: string, open: () => Promise<BrowserPage>): Promise<string> {
  const tabs: BrowserPage[] = []
  for (let index = 0; index < TABS; index += 1) tabs.push(await open())
  const [first] = tabs
  if (!first) throw new Error('no tab')
  const times: number[] = []
  let failed = 0
  const before = await call<TabsSteps, 'count'>(first, 'count', null)
  for (let round = 0; round <= ROUNDS; round += 1) {
    const atMs = Date.now() + LEAD_MS
    const bursts = await Promise.all(tabs.map((tab) => call<TabsSteps, 'burst'>(tab, 'burst', atMs)))
    const ms = Math.max(...bursts.map((one) => one.endedMs)) - Math.min(...bursts.map((one) => one.startedMs))
    failed += bursts.reduce((sum, one) => sum + one.failed, 0)
    // The first one warms up.
    if (round > 0) times.push(ms)
  }
  const rows = ((await call<TabsSteps, 'count'>(first, 'count', null)) ?? 0) - (before ?? 0)
  for (const tab of tabs.reverse()) await tab.close()
  const missing = (ROUNDS + 1) * TABS * WRITES - rows
  const sorted = times.sort((a, b) => a - b)
  const [median, min, max] = [sorted[sorted.length >> 1], sorted[0], sorted.at(-1)].map((ms = 0) => ms.toFixed(0))
  const perSecond = ((TABS * CALLS * 1000) / Number(median)).toFixed(0)
  return `${TABS} tabs, 200 reads and 50 writes each, ${name}: median ${median} ms, min ${min}, max ${max} (${perSecond} calls/s); failed ${failed}, missing rows ${missing}`
}
