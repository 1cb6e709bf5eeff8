// The steps of a measurement, wherever it takes place: one database at a time, made anew for each cell of the table. The page
// of the browser and the process of the native SQLite offer the same ones.
import type { Adapter, Connection, Durability, Storage } from '../adapters/adapter.ts'
import { WORKLOADS } from '../workloads/index.ts'
import { burst } from '../workloads/tabs.ts'
import type { Size, Workload } from '../workloads/workload.ts'

/** One cell of the table. */
export type Cell = {
  readonly adapter: string
  readonly workload: string
  readonly storage: Storage
  readonly durability: Durability
  readonly size: Size
  /** Bytes of the page cache; null: its own default. */
  readonly cacheBytes: number | null
}

/** Milliseconds of each part that the database can do. */
export type Times = { readonly [part: string]: number }

export type Burst = { readonly startedMs: number; readonly endedMs: number; readonly failed: number }

export type Memory = { readonly pageMib: number | null; readonly wasmMib: number | null }

/** Each cell has a database of its own, with a short name: some peers allow 64 bytes for a whole path. */
export function nameOf({ adapter, workload, storage, durability, cacheBytes }: Cell): string {
  let hash = 0
  for (const letter of `${adapter} ${workload} ${storage} ${durability} ${cacheBytes}`)
    hash = (Math.imul(hash, 31) + (letter.codePointAt(0) ?? 0)) >>> 0
  return `bench-${hash.toString(36)}.db`
}

export function stepsFor(adapters: readonly Adapter[]) {
  let connection: Connection | undefined
  const opened = (): Connection => {
    if (!connection) throw new Error('Nothing is open.')
    return connection
  }
  const workloadOf = ({ workload }: Cell) => found(WORKLOADS, workload)
  const open = async (cell: Cell) => {
    const { storage, durability, cacheBytes } = cell
    const { inWorker } = workloadOf(cell)
    const wish = { name: nameOf(cell), storage, durability, cacheBytes: cacheBytes ?? undefined, inWorker }
    connection = await found(adapters, cell.adapter).open(wish)
    return connection
  }
  return {
    /** Opens the cell's database, filled anew with what the workload needs if that is asked for. */
    async open({ cell, fill }: { readonly cell: Cell; readonly fill: boolean }): Promise<void> {
      if (fill) await found(adapters, cell.adapter).remove(nameOf(cell))
      const db = await open(cell)
      const workload = workloadOf(cell)
      if (fill) await workload.fill(db, workload.count[cell.size])
    },
    async run(cell: Cell): Promise<Times> {
      const workload = workloadOf(cell)
      const lacks = found(adapters, cell.adapter).lacks ?? []
      const count = workload.count[cell.size]
      if (workload.opens) {
        const startedMs = performance.now()
        await workload.run(await open(cell), count, (_, work) => work())
        return { [workload.name]: performance.now() - startedMs }
      }
      const db = opened()
      await workload.before?.(db, count)
      const times: Record<string, number> = {}
      await workload.run(db, count, async (part, work) => {
        const { needs = [] } = found(workload.parts, part)
        if (needs.some((what) => lacks.includes(what))) return
        const startedMs = performance.now()
        await work()
        times[part] = performance.now() - startedMs
      })
      return times
    },
    /** One page's share of many calls at once, begun at a moment that all pages share. */
    async burst(wish: {
      readonly count: number
      readonly tab: number
      readonly round: number
      readonly atMs: number
    }): Promise<Burst> {
      const { count, tab, round, atMs } = wish
      await new Promise((resolve) => setTimeout(resolve, atMs - Date.now()))
      const startedMs = performance.timeOrigin + performance.now()
      const failed = await burst(opened(), count, tab, round)
      return { startedMs, endedMs: performance.timeOrigin + performance.now(), failed }
    },
    async rows(): Promise<number> {
      return (await opened().query('SELECT * FROM people')).length
    },
    async memory(): Promise<Memory> {
      const wasmBytes = await connection?.wasmHeapBytes()
      // Only Chromium tells, and coarsely unless it was started with --enable-precise-memory-info.
      const { memory } = performance as { memory?: { readonly usedJSHeapSize: number } }
      const mib = (bytes: number | undefined) => (bytes === undefined ? null : bytes / (1 << 20))
      return { pageMib: mib(memory?.usedJSHeapSize), wasmMib: mib(wasmBytes) }
    },
    /** Megabytes that the page holds with its workers, as the browser counts them after it collected garbage. */
    async wholeMemory(): Promise<number | null> {
      const { measureUserAgentSpecificMemory: measure } = performance as {
        measureUserAgentSpecificMemory?: () => Promise<{ readonly bytes: number }>
      }
      return measure ? (await measure.call(performance)).bytes / 1e6 : null
    },
    /** The page's, where the browser was started so; and a moment for what its workers give back by themselves. */
    async collectGarbage(): Promise<void> {
      const { gc } = globalThis as { gc?: () => void }
      gc?.()
      await new Promise((resolve) => setTimeout(resolve, 500))
    },
    async close(): Promise<void> {
      await connection?.close()
      connection = undefined
    },
    remove: (cell: Cell): Promise<void> => found(adapters, cell.adapter).remove(nameOf(cell)),
  }
}

export type Steps = ReturnType<typeof stepsFor>

function found<T extends { readonly name: string }>(all: readonly T[], name: string): T {
  const one = all.find((candidate) => candidate.name === name)
  if (!one) throw new Error(`There is no ${name}.`)
  return one
}

export const partsOf = ({ parts }: Workload, times: Times) => parts.filter(({ name }) => times[name] !== undefined)
