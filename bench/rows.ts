// The rows of the bench: workloads on each database, storage and level of durability. Cells of a row are measured in turn,
// round after round, so that what else the machine does meets them all alike; each time in a page and worker of its own. A
// cell that fails is an entry with its error, and the others go on.
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { launch } from '../test/support/browsers/launch.ts'
import { CROSS_ORIGIN_ISOLATED, startServer } from '../test/support/browsers/server.ts'
import { ADAPTERS } from './adapters/index.ts'
import { NativeProcess } from './native/process.ts'
import type { Cell } from './pages/steps.ts'
import { bundlePeers } from './peers/bundle.ts'
import { Budget } from './rows/budget.ts'
import { circumstances, type Figures, type Measured, tableOf } from './rows/measured.ts'
import { MeasuredCell } from './rows/measured-cell.ts'
import { MEMORY_SWITCHES, MemoryCell } from './rows/memory-cell.ts'
import { HELP, type RowsOptions, rowsOptions } from './rows/options.ts'
import { type Place, pagePlace, processPlace } from './rows/place.ts'
import { writeReport } from './rows/report.ts'
import { TabsCell } from './rows/tabs-cell.ts'
import { WORKLOADS } from './workloads/index.ts'
import { TABS } from './workloads/tabs.ts'

/** The machine's other work beyond which absolute figures are worth little. */
const LOAD_MAX = 1

export async function run(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) {
    console.log(HELP)
    return
  }
  const options = rowsOptions(args)
  // After every row, so that a run that is cut short leaves what it has.
  const figures = await measureRows(options, (sofar) => keep(sofar, options))
  const { browser, cores, processor, load } = figures
  console.log(`\n${browser}\n${cores} cores (${processor}), load ${load} at the start`)
  if (load > LOAD_MAX) console.log('The machine had other work: compare rows, do not quote figures.')
  console.log(`${tableOf(figures.rows)}\n\nAs JSON: ${options.json}`)
  if (options.report) await writeReport(figures)
  if (figures.rows.some(({ error }) => error !== undefined)) process.exitCode = 1
}

async function keep(figures: Figures, { json }: RowsOptions): Promise<void> {
  const file = resolve(import.meta.dirname, '..', json)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, `${JSON.stringify(figures, null, 1)}\n`)
}

export async function measureRows(
  options: RowsOptions,
  onRow: (figures: Figures) => Promise<void> = async () => {},
): Promise<Figures> {
  // absurd-sql and the `opfs` file system need the isolation, and so all have it.
  const texts = await bundlePeers()
  const served = { folder: 'bench/pages', pages: ['rows'], cached: true, headers: CROSS_ORIGIN_ISOLATED, texts }
  const server = await startServer(served)
  const browser = await launch(options.browser, options.browser === 'chromium' ? { switches: MEMORY_SWITCHES } : {})
  const native = await NativeProcess.prepare()
  try {
    const address = server.page('rows')
    const pages = [browser.page]
    await browser.page.goto(address)
    const about = circumstances(await browser.page.evaluate<string>(() => navigator.userAgent))
    const rows: Measured[] = []
    const figures: Figures = { ...about, command: options.command, rows }
    const names = WORKLOADS.filter(({ name }) => options.cells.some(({ workload }) => workload === name))
    const budget = new Budget(options.minutes, names.length)
    for (const workload of names) {
      const cells = options.cells.filter((cell) => cell.workload === workload.name)
      if (workload.kind === 'tabs') while (pages.length < TABS) pages.push(await browser.newPage())
      const places = pages.map((page) => pagePlace(page, address))
      budget.beginRow()
      rows.push(
        ...(await measureRow(cells, { address, places, native: processPlace(native), budget, runs: options.runs })),
      )
      await onRow(figures)
    }
    return figures
  } finally {
    await native.close()
    await browser.close()
    await server.close()
  }
}

interface Bed {
  readonly address: string
  readonly places: readonly Place[]
  readonly native: Place
  readonly budget: Budget
  readonly runs: number
}

async function measureRow(cells: readonly Cell[], bed: Bed): Promise<Measured[]> {
  const { budget, runs } = bed
  const row = cells.map((cell) => newCell(cell, bed))
  const startedMs = performance.now()
  for (const one of row) await one.attempt(() => one.fill())
  const filledMs = performance.now()
  let rounds = 0
  for (let roundMs = 0; rounds < runs && (rounds === 0 || budget.allows(roundMs)); rounds += 1) {
    const beganMs = performance.now()
    for (const one of row) await one.attempt(() => one.round(rounds))
    roundMs = performance.now() - beganMs
  }
  const seconds = [filledMs - startedMs, performance.now() - filledMs].map((ms) => (ms / 1000).toFixed(1))
  process.stderr.write(`${cells[0]?.workload}: ${rounds} rounds of ${cells.length}, ${seconds.join(' s + ')} s\n`)
  for (const one of row) await one.attempt(() => one.remove())
  return row.flatMap((one) => one.measured())
}

function newCell(cell: Cell, bed: Bed): MeasuredCell {
  const { places, native } = bed
  const { stepMs } = bed.budget
  const [first] = places
  if (!first) throw new Error('There is no page.')
  const { kind } = WORKLOADS.find(({ name }) => name === cell.workload) ?? {}
  if (kind === 'tabs') return new TabsCell(places, cell, stepMs)
  if (kind === 'memory') return new MemoryCell(first, cell, stepMs, bed.address)
  const outside = ADAPTERS.find(({ name }) => name === cell.adapter)?.native
  return new MeasuredCell(outside ? native : first, cell, stepMs)
}
