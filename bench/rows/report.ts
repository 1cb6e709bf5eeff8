// docs/benchmarks.md and its charts, from the figures in docs/benchmarks/: one file per browser, each of one run, and the
// figures of growth. Rows compare only what is as durable.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OWN } from '../adapters/index.ts'
import { WORKLOADS } from '../workloads/index.ts'
import type { Part, Workload } from '../workloads/workload.ts'
import { type Bar, chart, rounded } from './chart.ts'
import { goalsTable } from './goals.ts'
import { growthSection } from './growth-section.ts'
import type { Figures, Measured } from './measured.ts'
import { bestFirst, oursBeside, spreadOf, timesAsGood } from './values.ts'

const DOCS = join(import.meta.dirname, '..', '..', 'docs')
const FOLDER = join(DOCS, 'benchmarks')
const STORAGE_NAMES = { opfs: 'OPFS', indexeddb: 'IndexedDB', memory: 'memory', file: 'file' } as const
const BROWSERS = { chromium: 'Chromium', firefox: 'Firefox' } as const
type Browser = keyof typeof BROWSERS

/** Takes the figures of one more run in, in the place of those of the same browser, and makes everything anew. */
export async function writeReport(figures: Figures): Promise<void> {
  const browser: Browser = figures.browser.includes('Firefox') ? 'firefox' : 'chromium'
  await mkdir(FOLDER, { recursive: true })
  await writeFile(join(FOLDER, `${browser}.json`), `${JSON.stringify(figures)}\n`)
  await rewriteReport()
}

export async function rewriteReport(): Promise<void> {
  // What is drawn anew, and the figures as they were kept before there were several browsers.
  for (const file of await readdir(FOLDER))
    if (file.endsWith('.svg') || file === 'figures.json') await rm(join(FOLDER, file))
  const sections: string[] = []
  for (const [browser, name] of Object.entries(BROWSERS)) {
    const figures: Figures | undefined = await json(`${browser}.json`)
    if (figures) sections.push(await sectionOf(figures, browser, name))
  }
  const growth = await growthSection(FOLDER)
  if (growth) sections.push(growth)
  await writeFile(join(DOCS, 'benchmarks.md'), `${HEAD}\n${sections.join('\n\n')}\n`)
}

async function json<T>(file: string): Promise<T | undefined> {
  const text = await readFile(join(FOLDER, file), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as T)
}

const HEAD = `# Benchmarks

Written by \`npm run bench -- ... --report\`, nothing by hand; the command of each part stands at its head, the raw figures are
in [benchmarks/](benchmarks/). How the comparison is kept fair, and where it cannot be: [adr/0014](adr/0014-benchmarks.md).

- A row compares what is as durable. *How* says what each database really does at that level; what has no such level has no row.
- In each round every database of a row is measured once, in turn, in a page and a worker of its own. Figures are medians,
  with the slowest and the fastest round in brackets.
- *Ours is* says how many times as good as it DataSync is on the same kind of storage: less than 1 means that the other one is
  better. Databases in memory and outside the browser are limits and not peers; they are held against ours on OPFS.
- The same SQL on the same rows. Peers that leave the messages between page and worker to the application are asked by one
  message per call.
- What begins with a new worker and empty page caches may still find its file in the memory of the operating system.
`

async function sectionOf(figures: Figures, browser: string, name: string): Promise<string> {
  const { date, cores, processor, load, rows, command } = figures
  const parts = [
    `## ${name}\n\n\`${command}\`: ${date.slice(0, 10)}, ${figures.browser}; ${cores} cores, ${processor}; load ${load} at the start${load > 1 ? ' (the machine had other work: read ratios, not figures)' : ''}.`,
    `### Goals in ${name}\n\n${goalsTable(rows)}`,
  ]
  for (const workload of WORKLOADS)
    for (const part of workload.parts)
      for (const level of workload.writes ? (['strict', 'relaxed'] as const) : [undefined]) {
        const all = rows.filter(
          (one) =>
            one.workload === workload.name &&
            one.part === part.name &&
            (level === undefined || one.durability === level || one.storage === 'memory'),
        )
        if (all.every(({ storage }) => storage === 'memory')) continue
        const file = `${browser}-${part.id}${level === undefined ? '' : `-${level}`}.svg`
        const title = titleOf(workload, part, level, all)
        await writeFile(join(FOLDER, file), chart(title, barsOf(all, part)))
        parts.push(`### ${title}\n\n![${title}](benchmarks/${file})\n\n${tableOf(all, part)}`)
      }
  return parts.join('\n\n')
}

function titleOf({ writes }: Workload, part: Part, level: string | undefined, [one]: readonly Measured[]): string {
  const { id, title, unit = 'operations', figure } = part
  const what = figure === undefined ? `${unit} per second` : `${figure}, less is better`
  return `${id} ${title}${writes && level ? `, ${level}` : ''} (${one?.count ?? 0} ${unit}; ${what})`
}

const labelOf = ({ adapter, storage }: Measured) => `${adapter}, ${STORAGE_NAMES[storage]}`

function barsOf(all: readonly Measured[], part: Part): Bar[] {
  const equal = all.filter(({ cacheBytes }) => cacheBytes !== null)
  return bestFirst(equal, part).map((one) => ({
    label: labelOf(one),
    ...spreadOf(one, part),
    own: one.adapter === OWN,
  }))
}

function tableOf(all: readonly Measured[], part: Part): string {
  const own = all.filter(({ cacheBytes }) => cacheBytes === null)
  const second = own.length > 0
  const lines = [
    `| database | how | ${part.figure ?? 'per second'} |${second ? ' with its own cache |' : ''} ours is | rounds |`,
    `|---|---|---:|${second ? '---:|' : ''}---:|---:|`,
  ]
  const equal = all.filter(({ cacheBytes }) => cacheBytes !== null)
  for (const one of bestFirst(equal, part)) {
    const default_ = own.find(({ adapter, storage }) => adapter === one.adapter && storage === one.storage)
    const beside = oursBeside(all, one)
    const ratio = beside && one.adapter !== OWN ? `${timesAsGood(beside, one, part).toFixed(2)} x` : ''
    const cells = [labelOf(one), one.how, figureOf(one, part)]
    if (second) cells.push(default_ && !default_.error ? figureOf(default_, part) : '')
    lines.push(`| ${[...cells, ratio, one.runs.length].join(' | ')} |`)
  }
  for (const one of equal)
    if (one.error !== undefined)
      lines.push(`| ${labelOf(one)} | ${one.how} | failed: ${one.error.replace(/\|/g, '/')} |${second ? ' |' : ''} | |`)
  return lines.join('\n')
}

function figureOf(one: Measured, part: Part): string {
  const { value, low, high } = spreadOf(one, part)
  const { failed = 0, missing = 0 } = one
  const wrong = failed + missing > 0 ? `; **${failed} calls failed, ${missing} rows missing**` : ''
  return `${rounded(value)} (${rounded(low)} to ${rounded(high)})${wrong}`
}
