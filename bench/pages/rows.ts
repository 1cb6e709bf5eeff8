// The page that runs the workloads: one database at a time, made anew for each cell of the table.

import type { Connection, Durability, Storage } from '../adapters/adapter.ts'
import { ADAPTERS } from '../adapters/index.ts'
import { WORKLOADS } from '../workloads/index.ts'
import type { Size } from '../workloads/workload.ts'

const NAME = 'bench-rows.db'

/** One cell of the table. */
export type Cell = {
  readonly adapter: string
  readonly workload: string
  readonly storage: Storage
  readonly durability: Durability
  readonly size: Size
}

export type Memory = { readonly pageMib: number | null; readonly wasmMib: number | null }

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
  /** A new database with what the workload needs; closed again. */
  async fill({ adapter: name, workload, storage, durability, size }: Cell) {
    const adapter = found(ADAPTERS, name)
    await adapter.remove(NAME)
    const db = await adapter.open({ name: NAME, storage, durability })
    const { fill, count } = found(WORKLOADS, workload)
    await fill(db, count[size])
    await db.close()
  },
  async open({ adapter, storage, durability }: Cell) {
    connection = await found(ADAPTERS, adapter).open({ name: NAME, storage, durability })
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
  remove: (adapter: string) => found(ADAPTERS, adapter).remove(NAME),
}

export type RowsSteps = typeof steps
Object.assign(globalThis, { steps })
