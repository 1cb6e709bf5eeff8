// The figures of a row for one database, and their form as a table for a terminal.
import { cpus, loadavg } from 'node:os'
import type { Cell, Memory } from '../pages/steps.ts'
import { WORKLOADS } from '../workloads/index.ts'
import type { Part, Workload } from '../workloads/workload.ts'

export interface Measured extends Cell {
  /** Of the workload. */
  readonly part: string
  /** The durability that it really had, in its adapter's words. */
  readonly how: string
  /** Operations, rows or megabytes of one run. */
  readonly count: number
  /** Milliseconds, or MB where the row is memory: one figure a round. */
  readonly runs: readonly number[]
  readonly memory?: Memory | undefined
  /** Calls that were answered with an error, and rows of calls that were not and are missing; of several pages only. */
  readonly failed?: number
  readonly missing?: number
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
  /** As on the command line. */
  readonly command: string
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

export function partOf({ workload, part }: Measured): { readonly workload: Workload; readonly part: Part } {
  const whole = WORKLOADS.find(({ name }) => name === workload)
  const found = whole?.parts.find(({ name }) => name === part)
  if (!whole || !found) throw new Error(`There is no row ${workload}, ${part}.`)
  return { workload: whole, part: found }
}

const HEAD = [
  'row',
  'database',
  'count',
  'storage',
  'level',
  'cache',
  'median',
  'min',
  'max',
  '',
  'us each',
  'wasm MiB',
]
const LEFT = [0, 1, 3, 4, 9]

export function tableOf(measured: readonly Measured[]): string {
  const lines = [HEAD, ...measured.map(line)]
  const widths = HEAD.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)))
  return lines.map((cells) => cells.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join('  ')).join('\n')
}

function line(measured: Measured): string[] {
  const { adapter, count, storage, durability, cacheBytes, runs, memory, error, failed = 0, missing = 0 } = measured
  const { workload, part } = partOf(measured)
  const cache = cacheBytes === null ? 'own' : `${cacheBytes / (1 << 20)}`
  const start = [`${part.id} ${part.title}`, adapter, String(count), storage, workload.writes ? durability : '', cache]
  if (error !== undefined) return [...start, error]
  const middle = median(runs)
  const memoryRow = part.figure === 'MB'
  return [
    ...start,
    middle.toFixed(1),
    Math.min(...runs).toFixed(1),
    Math.max(...runs).toFixed(1),
    memoryRow ? 'MB' : 'ms',
    memoryRow ? '' : ((middle * 1000) / count).toFixed(1),
    typeof memory?.wasmMib === 'number' ? memory.wasmMib.toFixed(1) : '',
    failed + missing > 0 ? `${failed} calls failed, ${missing} rows missing` : '',
  ]
}

// Texts to the left, numbers to the right.
function pad(cell: string, width: number, column: number): string {
  return LEFT.includes(column) ? cell.padEnd(width) : cell.padStart(width)
}
