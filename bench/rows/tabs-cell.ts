// Several pages on one database: all begin at the same moment, and the row is the time until the last of them is done. Failed
// calls and missing rows are told beside it.
import { TABS, writesOf } from '../workloads/tabs.ts'
import { MeasuredCell } from './measured-cell.ts'
import type { Place } from './place.ts'

/** So that every page has its order before the first one begins. */
const LEAD_MS = 150

export class TabsCell extends MeasuredCell {
  readonly #others: readonly Place[]
  #failed = 0
  #missing = 0

  constructor(places: readonly Place[], cell: MeasuredCell['cell'], stepMs: number) {
    super(places[0]!, cell, stepMs)
    this.#others = places.slice(1, TABS)
  }

  override async round(round: number): Promise<void> {
    const { cell, place, stepMs, workload } = this
    const places = [place, ...this.#others]
    const count = workload.count[cell.size]
    for (const one of places) {
      await one.renew()
      await one.call('open', { cell, fill: false }, stepMs)
    }
    const before = await place.call('rows', null, stepMs)
    const bursts = async (number: number) => {
      const atMs = Date.now() + LEAD_MS
      const wish = { count, round: number, atMs }
      const all = await Promise.all(places.map((one, tab) => one.call('burst', { ...wish, tab }, stepMs)))
      this.#failed += all.reduce((sum, { failed }) => sum + failed, 0)
      return Math.max(...all.map(({ endedMs }) => endedMs)) - Math.min(...all.map(({ startedMs }) => startedMs))
    }
    // The first one warms up.
    await bursts(2 * round)
    this.add({ [cell.workload]: await bursts(2 * round + 1) })
    this.#missing += before + 2 * TABS * writesOf(count) - (await place.call('rows', null, stepMs))
    for (const one of places.reverse()) await one.call('close', null, stepMs)
  }

  override measured() {
    return super.measured().map((one) => ({ ...one, failed: this.#failed, missing: this.#missing }))
  }
}
