// docs/benchmarks.md and its charts, from the figures of one run. Rows compare only what is as durable.
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Durability } from '../adapters/adapter.ts'
import { ADAPTERS } from '../adapters/index.ts'
import { WORKLOADS } from '../workloads/index.ts'
import type { Workload } from '../workloads/workload.ts'
import { type Bar, chart, rounded } from './chart.ts'
import { type Figures, type Measured, median } from './measured.ts'

const DOCS = join(import.meta.dirname, '..', '..', 'docs')
const STORAGE_NAMES = { opfs: 'OPFS', indexeddb: 'IndexedDB', memory: 'memory' } as const
const OWN = ADAPTERS[0]?.name

export async function writeReport(figures: Figures): Promise<void> {
  const charts = join(DOCS, 'benchmarks')
  await rm(charts, { recursive: true, force: true })
  await mkdir(charts, { recursive: true })
  const sections: string[] = []
  for (const workload of WORKLOADS) {
    const levels: (Durability | undefined)[] = workload.writes ? ['strict', 'relaxed'] : [undefined]
    for (const level of levels) {
      const all = figures.rows.filter(
        (one) => one.workload === workload.name && (level === undefined || one.durability === level),
      )
      if (all.length === 0) continue
      const file = `${workload.id}${level === undefined ? '' : `-${level}`}.svg`
      const title = titleOf(workload, level, all)
      await writeFile(join(charts, file), chart(title, barsOf(all)))
      sections.push(`### ${title}\n\n![${title}](benchmarks/${file})\n\n${tableOf(all)}`)
    }
  }
  await writeFile(join(DOCS, 'benchmarks.md'), `${headOf(figures)}\n${sections.join('\n\n')}\n`)
  await writeFile(join(charts, 'figures.json'), `${JSON.stringify(figures, null, 1)}\n`)
}

function headOf({ date, browser, cores, processor, load, runs, cacheMib, rows }: Figures): string {
  const size = rows[0] === undefined || rows[0].size === 'full' ? '' : ` --${rows[0].size}`
  const cache = cacheMib > 0 ? `page caches of ${cacheMib} MiB for all` : 'page caches as each has them by default'
  return `# Benchmarks

Made by \`npm run bench -- --peers --report${size}\`; nothing here is written by hand. All figures: [figures.json](benchmarks/figures.json).

- ${date.slice(0, 10)}, ${browser}
- ${cores} cores, ${processor}; load ${load} at the start${load > 1 ? ' (the machine had other work: read the ratios, not the figures)' : ''}
- ${runs} rounds; in each every database is measured once, in turn, in a page and worker of its own, after one run that does
  not count. Medians; in brackets the slowest and the fastest round
- ${cache}, 2 MiB for the scans${size === '' ? '' : '; smaller sizes than the full ones: the count stands in each title'}
- the same SQL on the same rows, from the page; a peer's worker is asked by one message per call, as its documentation
  leaves it to the application. A row compares what is as durable; *how* says what each really does.
- the cold scan begins with a new worker and empty page caches; what the operating system holds in memory stays there.
`
}

function titleOf(
  { id, title, unit = '' }: Workload,
  level: Durability | undefined,
  [one]: readonly Measured[],
): string {
  return `${id} ${title}${level === undefined ? '' : `, ${level}`} (${one?.count ?? 0}; ${unit || 'operations'} per second)`
}

/** Per second: in the median round, in the slowest, in the fastest. */
function rates({ count, runsMs }: Measured): { readonly value: number; readonly low: number; readonly high: number } {
  const rate = (ms: number) => (count * 1000) / ms
  return { value: rate(median(runsMs)), low: rate(Math.max(...runsMs)), high: rate(Math.min(...runsMs)) }
}

const fastestFirst = (all: readonly Measured[]) =>
  all.filter(({ error }) => error === undefined).sort((a, b) => rates(b).value - rates(a).value)

const labelOf = ({ adapter, storage }: Measured) => `${adapter}, ${STORAGE_NAMES[storage]}`

function barsOf(all: readonly Measured[]): Bar[] {
  return fastestFirst(all).map((one) => ({ label: labelOf(one), ...rates(one), own: one.adapter === OWN }))
}

function tableOf(all: readonly Measured[]): string {
  const own = all.find(({ adapter, storage, error }) => adapter === OWN && storage === 'opfs' && error === undefined)
  const lines = ['| database | how | per second | ours on OPFS is | heap MiB |', '|---|---|---:|---:|---:|']
  for (const one of fastestFirst(all)) {
    const { value, low, high } = rates(one)
    const ratio = own && one !== own ? `${(rates(own).value / value).toFixed(2)} x` : ''
    const heap = one.memory?.wasmMib?.toFixed(1) ?? ''
    const figure = `${rounded(value)} (${rounded(low)} to ${rounded(high)})`
    lines.push(`| ${labelOf(one)} | ${howOf(one)} | ${figure} | ${ratio} | ${heap} |`)
  }
  for (const one of all)
    if (one.error !== undefined) lines.push(`| ${labelOf(one)} | ${howOf(one)} | failed: ${one.error} | | |`)
  return lines.join('\n')
}

function howOf({ adapter, storage, durability }: Measured): string {
  return ADAPTERS.find(({ name }) => name === adapter)?.durability(storage, durability) ?? ''
}
