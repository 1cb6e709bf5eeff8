// The rows of the bench: workloads on each storage at each level of durability, in Chromium. Each cell has a database and a
// page of its own; a cell that fails is an entry with its error, and the others go on.
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { launch } from '../test/support/browsers/launch.ts'
import { startServer } from '../test/support/browsers/server.ts'
import type { BrowserPage } from '../test/support/browsers/session.ts'
import { call } from '../test/support/browsers/steps.ts'
import type { Cell, RowsSteps } from './pages/rows.ts'
import { circumstances, type Measured, median, tableOf } from './rows/measured.ts'
import { HELP, rowsOptions } from './rows/options.ts'
import { WORKLOADS } from './workloads/index.ts'

/** A cell that takes longer is given up. */
const STEP_MS = 300_000
/** The machine's other work beyond which absolute figures are worth little. */
const LOAD_MAX = 1

export async function run(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) {
    console.log(HELP)
    return
  }
  const { cells, runs, json } = rowsOptions(args)
  const server = await startServer({ folder: 'bench/pages', pages: ['rows'], cached: true })
  const browser = await launch('chromium')
  try {
    const { page } = browser
    const address = server.page('rows')
    await page.goto(address)
    const about = circumstances(await page.evaluate<string>(() => navigator.userAgent))
    const measured: Measured[] = []
    for (const [index, cell] of cells.entries()) {
      process.stderr.write(`${index + 1}/${cells.length} ${cell.workload}, ${cell.storage}, ${cell.durability} ... `)
      const one = await measure(page, address, cell, runs)
      process.stderr.write(`${one.error ?? `${median(one.runsMs).toFixed(1)} ms`}\n`)
      measured.push(one)
    }
    console.log(
      `\n${String(about.browser)}\n${about.cores} cores (${about.processor}), load ${about.load} at the start`,
    )
    if (Number(about.load) > LOAD_MAX) console.log('The machine had other work: compare rows, do not quote figures.')
    console.log(`${runs} runs per cell; memory after the last one, the page's with what is not collected yet\n`)
    console.log(tableOf(measured))
    const file = resolve(import.meta.dirname, '..', json)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, `${JSON.stringify({ ...about, runs, rows: measured }, null, 2)}\n`)
    console.log(`\nAs JSON: ${file}`)
    if (measured.some(({ error }) => error !== undefined)) process.exitCode = 1
  } finally {
    await browser.close()
    await server.close()
  }
}

async function measure(page: BrowserPage, address: string, cell: Cell, runs: number): Promise<Measured> {
  const workload = WORKLOADS.find(({ name }) => name === cell.workload)
  const runsMs: number[] = []
  const options = { timeoutMs: STEP_MS }
  const step = { ...cell, count: workload?.count[cell.size] ?? 0 }
  try {
    await page.goto(address)
    await call<RowsSteps, 'fill'>(page, 'fill', cell, options)
    await page.goto(address)
    await call<RowsSteps, 'open'>(page, 'open', cell, options)
    // The first run warms code and caches up and does not count, unless the cold is what is measured.
    const first = workload?.cold ? 0 : -1
    for (let index = first; index < runs; index++) {
      if (workload?.cold && index > 0) {
        await call<RowsSteps, 'close'>(page, 'close', null, options)
        await page.goto(address)
        await call<RowsSteps, 'open'>(page, 'open', cell, options)
      }
      const ms = await call<RowsSteps, 'run'>(page, 'run', cell, options)
      if (index >= 0) runsMs.push(ms)
    }
    const memory = await call<RowsSteps, 'memory'>(page, 'memory', null, options)
    await call<RowsSteps, 'close'>(page, 'close', null, options)
    await call<RowsSteps, 'remove'>(page, 'remove', cell.adapter, options)
    return { ...step, runsMs, memory }
  } catch (error) {
    return { ...step, runsMs, error: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error) }
  }
}
