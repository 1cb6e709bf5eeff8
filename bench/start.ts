// How long a page takes from its navigation to the first row of an existing 10 MB database, in Chromium with all assets
// in the HTTP cache. Each run is a navigation of its own; the first ones fill the caches and are not counted.
import { cpus } from 'node:os'
import { launch } from '../test/support/browsers/launch.ts'
import { startServer } from '../test/support/browsers/server.ts'
import { call } from '../test/support/browsers/steps.ts'
import type { StartSteps } from './pages/start.ts'

const WARM_UPS = 5
const RUNS = 21
const GOAL_MS = 100

export async function run(): Promise<void> {
  const server = await startServer({ folder: 'bench/pages', pages: ['start', 'start-fill'], cached: true })
  const browser = await launch('chromium')
  try {
    const { page } = browser
    await page.goto(server.page('start-fill'))
    const bytes = await page.evaluate<number>('() => globalThis.steps.fill()', null, { timeoutMs: 120_000 })
    const runs: Record<string, number>[] = []
    for (let index = 0; index < WARM_UPS + RUNS; index += 1) {
      await page.goto(server.page('start'))
      const measured = await call<StartSteps, 'measured'>(page, 'measured', null)
      await call<StartSteps, 'close'>(page, 'close', null)
      if (index >= WARM_UPS) runs.push(measured)
    }
    console.log(
      `Page to first row, database of ${(bytes / 1e6).toFixed(1)} MB on OPFS, Chromium, ${cpus().length} cores, ${RUNS} runs`,
    )
    console.log(`${'part'.padEnd(28)}  median     min     max  (ms since navigation)`)
    for (const part of Object.keys(runs[0] ?? {})) {
      const values = runs.map((one) => one[part] ?? Number.NaN).sort((a, b) => a - b)
      const figures = [values[values.length >> 1], values[0], values.at(-1)]
      console.log(`${part.padEnd(28)} ${figures.map((ms = Number.NaN) => ms.toFixed(1).padStart(7)).join(' ')}`)
    }
    console.log(`The goal is a first row within ${GOAL_MS} ms.`)
  } finally {
    await browser.close()
    await server.close()
  }
}
