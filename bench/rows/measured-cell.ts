// One cell of a row: its database is filled once, then measured once a round, each time in a new page and worker.
import { ADAPTERS } from '../adapters/index.ts'
import { type Cell, type Memory, partsOf, type Times } from '../pages/steps.ts'
import { WORKLOADS } from '../workloads/index.ts'
import type { Measured } from './measured.ts'
import type { Place } from './place.ts'

export class MeasuredCell {
  readonly cell: Cell
  protected readonly place: Place
  protected readonly stepMs: number
  readonly #runs: Times[] = []
  #memory: Memory | undefined
  #error: string | undefined

  constructor(place: Place, cell: Cell, stepMs: number) {
    this.place = place
    this.cell = cell
    this.stepMs = stepMs
  }

  protected get workload() {
    const { workload } = this.cell
    return WORKLOADS.find(({ name }) => name === workload)!
  }

  /** After an error nothing more of this cell is tried. */
  async attempt(work: () => Promise<void>): Promise<void> {
    if (this.#error !== undefined) return
    try {
      await work()
    } catch (error) {
      this.#error = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
      process.stderr.write(`${this.cell.adapter}, ${this.cell.storage}: ${this.#error}\n`)
    }
  }

  async fill(): Promise<void> {
    // What is in memory alone is filled again after each opening.
    if (this.cell.storage === 'memory') return
    await this.place.renew()
    await this.place.call('open', { cell: this.cell, fill: true }, this.stepMs)
    await this.place.call('close', null, this.stepMs)
  }

  async round(_round: number): Promise<void> {
    const { cold, opens } = this.workload
    if (!cold && opens) {
      await this.#run(false)
      await this.place.call('close', null, this.stepMs)
    }
    await this.#run(!cold && !opens)
    this.#memory = await this.place.call('memory', null, this.stepMs)
    await this.place.call('close', null, this.stepMs)
  }

  async remove(): Promise<void> {
    await this.place.renew()
    await this.place.call('remove', this.cell, this.stepMs)
  }

  measured(): Measured[] {
    const { parts, count } = this.workload
    const { adapter, storage, durability } = this.cell
    const lacks = ADAPTERS.find(({ name }) => name === adapter)?.lacks ?? []
    const error = this.#error
    // A part that takes no time to speak of in every round is one that the database was never asked for.
    const measured = error === undefined ? partsOf(this.workload, this.#runs[0] ?? {}) : parts
    return measured
      .filter(({ needs = [] }) => !needs.some((what) => lacks.includes(what)))
      .map(({ name, share = 1 }) => ({
        ...this.cell,
        part: name,
        how: ADAPTERS.find((one) => one.name === adapter)?.durability(storage, durability) ?? '',
        count: Math.round(count[this.cell.size] * share),
        runs: this.#runs.flatMap((times) => times[name] ?? []),
        memory: this.#memory,
        ...(error !== undefined && { error }),
      }))
  }

  protected add(times: Times): void {
    this.#runs.push(times)
  }

  /** The first run warms code and caches up and does not count, unless the cold is what is measured. */
  async #run(warmUp: boolean): Promise<void> {
    await this.place.renew()
    if (!this.workload.opens)
      await this.place.call('open', { cell: this.cell, fill: this.cell.storage === 'memory' }, this.stepMs)
    if (warmUp) await this.place.call('run', this.cell, this.stepMs)
    this.add(await this.place.call('run', this.cell, this.stepMs))
  }
}
