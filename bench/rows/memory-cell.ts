// The memory of a page: what its renderer holds after the run, less what it held before anything was opened, each after the
// page's garbage was collected. A browser of its own, since a process keeps what earlier pages took. Where the system does not tell,
// what the page itself counts and the wasm that its database says it has.
import { launch } from '../../test/support/browsers/launch.ts'
import { MeasuredCell } from './measured-cell.ts'
import { type Place, pagePlace } from './place.ts'
import { rendererBytes } from './renderer-memory.ts'

/** Memory is told precisely, and when it is asked for instead of at the next collection. */
export const MEMORY_SWITCHES = [
  '--enable-precise-memory-info',
  '--enable-blink-features=ForceEagerMeasureMemory',
  '--js-flags=--expose-gc',
]

let browsers = 0

export class MemoryCell extends MeasuredCell {
  readonly #address: string

  constructor(place: Place, cell: MeasuredCell['cell'], stepMs: number, address: string) {
    super(place, cell, stepMs)
    this.#address = address
  }

  override async fill(): Promise<void> {}

  override async round(): Promise<void> {
    const { cell, stepMs } = this
    const mark = `--bench-${process.pid}-${(browsers += 1)}`
    const browser = await launch('chromium', { switches: [...MEMORY_SWITCHES, mark] })
    try {
      const place = pagePlace(browser.page, this.#address)
      await place.renew()
      const empty = await held(place, mark, stepMs)
      await place.call('open', { cell, fill: true }, stepMs)
      await place.call('run', cell, stepMs)
      const megabytes = (await held(place, mark, stepMs)) - empty
      await place.call('close', null, stepMs)
      this.add({ [cell.workload]: megabytes })
    } finally {
      await browser.close()
    }
  }

  override async remove(): Promise<void> {}
}

async function held(place: Place, mark: string, stepMs: number): Promise<number> {
  await place.call('collectGarbage', null, stepMs)
  const bytes = await rendererBytes(mark)
  if (bytes !== undefined) return bytes / 1e6
  // It waits for ever for workers that are asleep in Atomics.wait, as those of absurd-sql are.
  const counted = await place.call('wholeMemory', null, stepMs)
  if (counted === null) throw new Error('this browser does not tell')
  const { wasmMib } = await place.call('memory', null, stepMs)
  return counted + ((wasmMib ?? 0) * (1 << 20)) / 1e6
}
