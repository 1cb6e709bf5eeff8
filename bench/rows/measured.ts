// The figures of a cell, and their form as a table.
import { cpus, loadavg } from 'node:os'
import type { Cell, Memory } from '../pages/rows.ts'
import { WORKLOADS } from '../workloads/index.ts'

export interface Measured extends Cell {
  /** Operations, rows or megabytes of one run. */
  readonly count: number
  readonly runsMs: readonly number[]
  readonly memory?: Memory | undefined
  /** Why there are no figures. */
  readonly error?: string
}

/** What the figures were measured on; a loaded machine says nothing about the package. */
export interface Circumstances {
  readonly date: string
  readonly browser: string
  readonly cores: number
  readonly processor: string
  readonly load: number
}

export interface Figures extends Circumstances {
  readonly runs: number
  /** Of the page caches; 0: each its own default. */
  readonly cacheMib: number
  readonly rows: readonly Measured[]
}

export function circumstances(browser: string): Circumstances {
  return {
    date: new Date().toISOString(),
    browser,
    cores: cpus().length,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
  }
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

const HEAD = ['row', 'count', 'storage', 'level', 'median ms', 'min', 'max', 'us each', 'page MiB', 'wasm MiB']

export function tableOf(measured: readonly Measured[]): string {
  const several = new Set(measured.map(({ adapter }) => adapter)).size > 1
  const lines = [HEAD, ...measured.map((one) => line(one, several))]
  const widths = HEAD.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)))
  return lines.map((cells) => cells.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join('  ')).join('\n')
}

function line({ adapter, workload, count, storage, durability, runsMs, memory, error }: Measured, several: boolean) {
  const { title = workload, writes = false } = WORKLOADS.find(({ name }) => name === workload) ?? {}
  const start = [several ? `${title} [${adapter}]` : title, String(count), storage, writes ? durability : '']
  if (error !== undefined) return [...start, error]
  const middle = median(runsMs)
  const mib = (value: number | null | undefined) => (typeof value === 'number' ? value.toFixed(1) : '')
  return [
    ...start,
    middle.toFixed(1),
    Math.min(...runsMs).toFixed(1),
    Math.max(...runsMs).toFixed(1),
    ((middle * 1000) / count).toFixed(1),
    mib(memory?.pageMib),
    mib(memory?.wasmMib),
  ]
}

// Texts to the left, numbers to the right.
function pad(cell: string, width: number, column: number): string {
  return column === 0 || column === 2 || column === 3 ? cell.padEnd(width) : cell.padStart(width)
}
