// Several tabs on one database, in Chromium on OPFS: how long a follower is left without answers when its leader ends (the
// longest time between two answered writes of a round), what a read takes it over each transport, what three tabs get
// done at once, and what a follower's tab holds in memory. `npm run bench -- tabs [part ...]`; all parts without one.
import { setTimeout as pause } from 'node:timers/promises'
import { launch } from '../test/support/browsers/launch.ts'
import { startServer } from '../test/support/browsers/server.ts'
import type { BrowserPage } from '../test/support/browsers/session.ts'
import { call } from '../test/support/browsers/steps.ts'
import type { TabsSteps } from './pages/tabs.ts'
import { memory } from './tabs/memory.ts'
import { throughput } from './tabs/throughput.ts'

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

const PARTS = ['gaps', 'reads', 'throughput', 'memory'] as const
type Part = (typeof PARTS)[number]

export async function run(wanted: readonly string[]): Promise<void> {
  const wrong = wanted.find((name) => !PARTS.some((part) => part === name))
  if (wrong !== undefined) throw new Error(`'${wrong}' is none of: ${PARTS.join(', ')}`)
  const server = await startServer({ folder: 'bench/pages', pages: ['tabs', 'empty'], cached: true })
  const browser = await launch('chromium')
  const tab = async (query = '') => {
    const page = await browser.newPage()
    await page.goto(server.page('tabs', query))
    return { page, role: await call<TabsSteps, 'open'>(page, 'open', null) }
  }
  const transports = { broker: '', channel: '?no-broker' }
  const parts: Record<Part, () => Promise<void>> = {
    async gaps() {
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
    },
    async reads() {
      for (const [name, query] of Object.entries({ 'own worker': '', ...transports })) {
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
    },
    async throughput() {
      for (const [name, query] of Object.entries(transports)) {
        console.log(await throughput(name, async () => (await tab(query)).page))
        await pause(200)
      }
    },
    async memory() {
      const empty = async () => {
        const page = await browser.newPage()
        await page.goto(server.page('empty'))
        return page
      }
      for (const text of await memory(async () => (await tab()).page, empty)) console.log(text)
    },
  }
  try {
    for (const part of PARTS) if (wanted.length === 0 || wanted.includes(part)) await parts[part]()
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
