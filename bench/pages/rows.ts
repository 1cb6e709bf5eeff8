// The page that runs the workloads: one database at a time, made anew for each cell of the table.

import type { Connection, Durability, Storage } from '../adapters/adapter.ts'
import { ADAPTERS } from '../adapters/index.ts'
import { WORKLOADS } from '../workloads/index.ts'
import type { Size } from '../workloads/workload.ts'

/** One cell of the table. */
export type Cell = {
  readonly adapter: string
  readonly workload: string
  readonly storage: Storage
  readonly durability: Durability
  readonly size: Size
}

export type Memory = { readonly pageMib: number | null; readonly wasmMib: number | null }

/** Each cell has a database of its own, with a short name: some peers allow 64 bytes for a whole path. */
function nameOf({ adapter, workload, storage, durability }: Cell): string {
  let hash = 0
  for (const letter of `${adapter} ${workload} ${storage} ${durability}`)
    hash = (Math.imul(hash, 31) + (letter.codePointAt(0) ?? 0)) >>> 0
  return `bench-${hash.toString(36)}.db`
}

let connection: Connection | undefined

function found<T extends { readonly name: string }>(all: readonly T[], name: string): T {
  const one = all.find((candidate) => candidate.name === name)
  if (!one) throw new Error(`There is no ${name}.`)
  return one
}

function opened(): Connection {
  if (!connection) throw new Error('Nothing is open.')
  return connection
}

const steps = {
  /** Opens the cell's database, filled anew with what the workload needs if that is asked for. */
  async open({ cell, fill, cacheBytes }: { cell: Cell; fill: boolean; cacheBytes: number | null }) {
    const { storage, durability } = cell
    const adapter = found(ADAPTERS, cell.adapter)
    if (fill) await adapter.remove(nameOf(cell))
    connection = await adapter.open({ name: nameOf(cell), storage, durability, cacheBytes: cacheBytes ?? undefined })
    const workload = found(WORKLOADS, cell.workload)
    if (fill) await workload.fill(connection, workload.count[cell.size])
  },
  /** Milliseconds of one run. */
  async run({ workload, size }: Cell) {
    const { before, run, count } = found(WORKLOADS, workload)
    const db = opened()
    await before?.(db)
    const startedMs = performance.now()
    await run(db, count[size])
    return performance.now() - startedMs
  },
  async memory(): Promise<Memory> {
    const wasmBytes = await opened().wasmHeapBytes()
    // Only Chromium tells, and coarsely unless it was started with --enable-precise-memory-info.
    const { memory } = performance as { memory?: { readonly usedJSHeapSize: number } }
    const mib = (bytes: number | undefined) => (bytes === undefined ? null : bytes / (1 << 20))
    return { pageMib: mib(memory?.usedJSHeapSize), wasmMib: mib(wasmBytes) }
  },
  async close() {
    await connection?.close()
    connection = undefined
  },
  remove: (cell: Cell) => found(ADAPTERS, cell.adapter).remove(nameOf(cell)),
}

export type RowsSteps = typeof steps
Object.assign(globalThis, { steps })
