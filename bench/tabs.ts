// How long a follower is left without answers when its leader ends, and what a read takes it over each transport; in
// Chromium on OPFS. The figure of a round is the longest time between two answered writes of the follower.
import { setTimeout as pause } from 'node:timers/promises'
import { launch } from '../test/support/browsers/launch.ts'
import { startServer } from '../test/support/browsers/server.ts'
import type { BrowserPage } from '../test/support/browsers/session.ts'
import { call } from '../test/support/browsers/steps.ts'
import type { TabsSteps } from './pages/tabs.ts'

const ROUNDS = 20
const READS = 1000

const ENDS: Readonly<Record<string, { readonly goalMs: number; end(leader: BrowserPage): Promise<unknown> }>> = {
  'database closed': { goalMs: 100, end: (leader) => call<TabsSteps, 'close'>(leader, 'close', null) },
  'tab closed': { goalMs: 100, end: (leader) => leader.close() },
  'worker killed': {
    goalMs: 500,
    end: (leader) => call<TabsSteps, 'terminateWorker'>(leader, 'terminateWorker', null),
  },
}

export async function run(): Promise<void> {
  const server = await startServer({ folder: 'bench/pages', pages: ['tabs'], cached: true })
  const browser = await launch('chromium')
  const tab = async (query = '') => {
    const page = await browser.newPage()
    await page.goto(server.page('tabs', query))
    return { page, role: await call<TabsSteps, 'open'>(page, 'open', null) }
  }
  try {
    for (const [name, { goalMs, end }] of Object.entries(ENDS)) {
      const gaps: number[] = []
      for (let round = 0; round < ROUNDS; round += 1) {
        const leader = await tab()
        const follower = await tab()
        if (`${leader.role} ${follower.role}` !== 'leader follower') throw new Error('the roles are mixed up')
        // A worker that lived for less than a second is followed by the next one only after a pause.
        await pause(900)
        await call<TabsSteps, 'watch'>(follower.page, 'watch', 1000)
        await pause(200)
        await end(leader.page)
        gaps.push(await call<TabsSteps, 'longestGap'>(follower.page, 'longestGap', null))
        await follower.page.close()
        if (name !== 'tab closed') await leader.page.close()
        await pause(200)
      }
      console.log(`${line(name, gaps)}, goal ${goalMs}`)
    }
    for (const [name, query] of Object.entries({ 'own worker': '', broker: '', channel: '?no-broker' })) {
      const leader = await tab(query)
      const follower = await tab(query)
      const reader = name === 'own worker' ? leader : follower
      await call<TabsSteps, 'readMs'>(reader.page, 'readMs', READS)
      const meanMs = await call<TabsSteps, 'readMs'>(reader.page, 'readMs', READS)
      console.log(`read of one row, ${name}: mean ${meanMs.toFixed(3)} ms`)
      await follower.page.close()
      await leader.page.close()
      await pause(200)
    }
  } finally {
    await browser.close()
    await server.close()
  }
}

function line(name: string, values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b)
  const [median, min, max] = [sorted[sorted.length >> 1], sorted[0], sorted.at(-1)].map((ms = 0) => ms.toFixed(0))
  return `without answers, ${name}: median ${median} ms, min ${min}, max ${max}`
}
