// The rows of the bench: workloads on each database, storage and level of durability. Cells of a row are measured in turn,
// round after round, so that what else the machine does meets them all alike; each time in a page and worker of its own. A
// cell that fails is an entry with its error, and the others go on.
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { launch } from '../test/support/browsers/launch.ts'
import { CROSS_ORIGIN_ISOLATED, startServer } from '../test/support/browsers/server.ts'
import type { BrowserPage } from '../test/support/browsers/session.ts'
import { call } from '../test/support/browsers/steps.ts'
import type { Cell, RowsSteps } from './pages/rows.ts'
import { bundlePeers } from './peers/bundle.ts'
import { circumstances, type Figures, type Measured, tableOf } from './rows/measured.ts'
import { HELP, type RowsOptions, rowsOptions } from './rows/options.ts'
import { writeReport } from './rows/report.ts'
import { WORKLOADS } from './workloads/index.ts'

/** A step that takes longer is given up. */
const STEP_MS = 300_000
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
  console.log(`${options.runs} rounds; memory after the last one, the page's with what is not collected yet\n`)
  console.log(tableOf(figures.rows))
  console.log(`\nAs JSON: ${options.json}`)
  if (figures.rows.some(({ error }) => error !== undefined)) process.exitCode = 1
}

async function keep(figures: Figures, { json, report }: RowsOptions): Promise<void> {
  const file = resolve(import.meta.dirname, '..', json)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, `${JSON.stringify(figures, null, 1)}\n`)
  if (report) await writeReport(figures)
}

export async function measureRows(
  options: RowsOptions,
  onRow: (figures: Figures) => Promise<void> = async () => {},
): Promise<Figures> {
  // absurd-sql needs the isolation, and so all have it.
  const texts = await bundlePeers()
  const served = { folder: 'bench/pages', pages: ['rows'], cached: true, headers: CROSS_ORIGIN_ISOLATED, texts }
  const server = await startServer(served)
  const switches = options.browser === 'chromium' ? { switches: ['--enable-precise-memory-info'] } : {}
  const browser = await launch(options.browser, switches)
  try {
    const { page } = browser
    const address = server.page('rows')
    await page.goto(address)
    const about = circumstances(await page.evaluate<string>(() => navigator.userAgent))
    const rows: Measured[] = []
    const figures: Figures = { ...about, runs: options.runs, cacheMib: options.cacheMib, rows }
    for (const { name } of WORKLOADS) {
      const cells = options.cells.filter(({ workload }) => workload === name)
      if (cells.length === 0) continue
      rows.push(...(await measureRow(page, address, cells, options)))
      await onRow(figures)
    }
    return figures
  } finally {
    await browser.close()
    await server.close()
  }
}

async function measureRow(page: BrowserPage, address: string, cells: readonly Cell[], options: RowsOptions) {
  const row = cells.map((cell) => new MeasuredCell(page, address, cell, options))
  for (const one of row) await one.attempt(() => one.fill())
  for (let round = 1; round <= options.runs; round += 1) {
    for (const one of row) await one.attempt(() => one.round(round === options.runs))
    process.stderr.write(`${cells[0]?.workload}, round ${round} of ${options.runs}\n`)
  }
  for (const one of row) await one.attempt(() => one.remove())
  return row.map((one) => one.measured())
}

class MeasuredCell {
  readonly #page: BrowserPage
  readonly #address: string
  readonly #cell: Cell
  readonly #cacheBytes: number | undefined
  readonly #runsMs: number[] = []
  #memory: Measured['memory']
  #error: string | undefined

  constructor(page: BrowserPage, address: string, cell: Cell, { cacheMib }: RowsOptions) {
    this.#page = page
    this.#address = address
    this.#cell = cell
    const own = this.#workload?.cacheBytes
    this.#cacheBytes = own ?? (cacheMib > 0 ? cacheMib << 20 : undefined)
  }

  get #workload() {
    return WORKLOADS.find(({ name }) => name === this.#cell.workload)
  }

  /** After an error nothing more of this cell is tried. */
  async attempt(work: () => Promise<void>): Promise<void> {
    if (this.#error !== undefined) return
    try {
      await work()
    } catch (error) {
      this.#error = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
      process.stderr.write(`${this.#cell.adapter}, ${this.#cell.storage}: ${this.#error}\n`)
    }
  }

  async fill(): Promise<void> {
    // What is in memory alone is filled again after each opening.
    if (this.#cell.storage === 'memory') return
    await this.#open(true)
    await this.#step('close')
  }

  async round(last: boolean): Promise<void> {
    await this.#open(this.#cell.storage === 'memory')
    // The first run warms code and caches up and does not count, unless the cold is what is measured.
    if (!this.#workload?.cold) await this.#run()
    this.#runsMs.push(await this.#run())
    if (last) this.#memory = await call<RowsSteps, 'memory'>(this.#page, 'memory', null, { timeoutMs: STEP_MS })
    await this.#step('close')
  }

  async remove(): Promise<void> {
    await this.#page.goto(this.#address)
    await call<RowsSteps, 'remove'>(this.#page, 'remove', this.#cell, { timeoutMs: STEP_MS })
  }

  measured(): Measured {
    const count = this.#workload?.count[this.#cell.size] ?? 0
    const error = this.#error === undefined ? {} : { error: this.#error }
    return { ...this.#cell, count, runsMs: this.#runsMs, memory: this.#memory, ...error }
  }

  async #open(fill: boolean): Promise<void> {
    await this.#page.goto(this.#address)
    const cacheBytes = this.#cacheBytes ?? null
    await call<RowsSteps, 'open'>(this.#page, 'open', { cell: this.#cell, fill, cacheBytes }, { timeoutMs: STEP_MS })
  }

  #run(): Promise<number> {
    return call<RowsSteps, 'run'>(this.#page, 'run', this.#cell, { timeoutMs: STEP_MS })
  }

  async #step(name: 'close'): Promise<void> {
    await call<RowsSteps, 'close'>(this.#page, name, null, { timeoutMs: STEP_MS })
  }
}
