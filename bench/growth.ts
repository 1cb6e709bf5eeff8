// How cost grows with the database, in Chromium on OPFS: start-up, one durable commit and one point select at several sizes,
// the same cache at each, and what the page's process holds; a commit by the number of pages that it changes; and work per tab
// with more tabs. `npm run bench -- growth --mb 1 --mb 100 --mb 1000`, with --report also into docs/benchmarks.md. Sizes are
// measured in turn, so that what else the machine does meets them all alike.
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { launch } from '../test/support/browsers/launch.ts'
import { startServer } from '../test/support/browsers/server.ts'
import { call } from '../test/support/browsers/steps.ts'
import type { GrowthSteps } from './pages/growth.ts'
import type { GrowthFigures, Point } from './rows/growth-section.ts'
import { circumstances } from './rows/measured.ts'
import { rewriteReport } from './rows/report.ts'

const ROUNDS = 7
const CHANGED_PAGES = [1, 4, 16, 64, 256, 1024]
const TABS = [1, 3, 10]

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      mb: { type: 'string', multiple: true, default: ['1', '100', '1000'] },
      minutes: { type: 'string', default: '30' },
      report: { type: 'boolean', default: false },
    },
  })
  const untilMs = performance.now() + Number(values.minutes) * 60_000
  const server = await startServer({ folder: 'bench/pages', pages: ['growth'], cached: true })
  const browser = await launch('chromium')
  try {
    const { page } = browser
    const address = server.page('growth')
    await page.goto(address)
    const about = circumstances(await page.evaluate<string>(() => navigator.userAgent))
    const left = () => ({ timeoutMs: Math.max(10_000, untilMs - performance.now()) })
    const sizes: number[] = []
    for (const megabytes of values.mb.map(Number)) {
      if (performance.now() > untilMs) break
      await call<GrowthSteps, 'fill'>(page, 'fill', megabytes, left())
      sizes.push(megabytes)
      process.stderr.write(`${megabytes} MB filled\n`)
    }
    const points: Point[] = []
    const add = (line: string, x: number, value: number) => points.push({ line, x, value })
    for (let round = 0; round < ROUNDS; round += 1)
      for (const megabytes of sizes) {
        await page.goto(address)
        const measured = await call<GrowthSteps, 'measure'>(page, 'measure', megabytes, left())
        // The first one warms up what all have in common.
        if (round > 0) for (const [line, value] of Object.entries(measured)) add(line, megabytes, value)
      }
    await page.goto(address)
    for (let round = 0; round <= ROUNDS; round += 1)
      for (const count of CHANGED_PAGES) {
        const ms = await call<GrowthSteps, 'commit'>(page, 'commit', { megabytes: sizes[0] ?? 1, count }, left())
        if (round > 0) add('commit of changed pages', count, ms)
      }
    await page.goto(address)
    for (const count of TABS) {
      const tabs = [page]
      while (tabs.length < count) {
        const tab = await browser.newPage()
        await tab.goto(address)
        tabs.push(tab)
      }
      for (const tab of tabs) await call<GrowthSteps, 'open'>(tab, 'open', sizes[0] ?? 1, left())
      for (let round = 0; round <= ROUNDS; round += 1) {
        const all = await Promise.all(tabs.map((tab) => call<GrowthSteps, 'calls'>(tab, 'calls', 200, left())))
        if (round > 0)
          add(
            'calls of all tabs',
            count,
            all.reduce((sum, ms) => sum + 200_000 / ms, 0),
          )
      }
      for (const tab of tabs.slice(1)) await tab.close()
      await page.goto(address)
    }
    const figures: GrowthFigures = { ...about, command: ['npm run bench -- growth', ...args].join(' '), points }
    await keep(figures, values.report)
  } finally {
    await browser.close()
    await server.close()
  }
}

async function keep(figures: GrowthFigures, report: boolean): Promise<void> {
  const folder = report
    ? join(import.meta.dirname, '..', 'docs', 'benchmarks')
    : resolve(import.meta.dirname, '..', '.tmp')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'growth.json'), `${JSON.stringify(figures)}\n`)
  for (const { line, x, value } of figures.points)
    console.log(`${line.padEnd(28)} ${String(x).padStart(6)} ${value.toFixed(3)}`)
  if (report) await rewriteReport()
}
