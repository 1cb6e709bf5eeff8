// The part of docs/benchmarks.md about growth: a chart and a table per question, from docs/benchmarks/growth.json.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rounded } from './chart.ts'
import { lineChart } from './line-chart.ts'
import { type Circumstances, median } from './measured.ts'

export interface Point {
  readonly line: string
  readonly x: number
  readonly value: number
}

export interface GrowthFigures extends Circumstances {
  readonly command: string
  readonly points: readonly Point[]
}

interface Question {
  readonly line: string
  readonly id: string
  readonly title: string
  readonly x: string
  readonly unit: string
}

const QUESTIONS: readonly Question[] = [
  { line: 'start to first row', id: 'G1', title: 'From open() to the first row', x: 'MB of database', unit: 'ms' },
  { line: 'durable commit', id: 'G2', title: 'A durable commit of one row', x: 'MB of database', unit: 'ms' },
  {
    line: 'point select',
    id: 'G3',
    title: 'A point select, anywhere in the database',
    x: 'MB of database',
    unit: 'ms',
  },
  { line: "SQLite's heap", id: 'G4', title: "SQLite's heap with a cache of 8 MiB", x: 'MB of database', unit: 'MB' },
  { line: 'commit of changed pages', id: 'G5', title: 'A durable commit', x: 'pages changed', unit: 'ms' },
  {
    line: 'calls of all tabs',
    id: 'G6',
    title: 'Calls of all tabs together, a fifth of them writes',
    x: 'tabs',
    unit: 'per second',
  },
]

export async function growthSection(folder: string): Promise<string | undefined> {
  const text = await readFile(join(folder, 'growth.json'), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const { command, date, browser, cores, processor, load, points }: GrowthFigures = JSON.parse(text)
  const parts = [
    `## How cost grows\n\n\`${command}\`: ${date.slice(0, 10)}, ${browser}; ${cores} cores, ${processor}; load ${load} at the start. DataSync on OPFS, strict; medians, with the least and the most.`,
  ]
  for (const { line, id, title, x, unit } of QUESTIONS) {
    const all = points.filter((point) => point.line === line)
    const marks = [...new Set(all.map((point) => point.x))].map((at) => {
      const values = all.filter((point) => point.x === at).map(({ value }) => value)
      return { x: at, value: median(values), low: Math.min(...values), high: Math.max(...values) }
    })
    if (marks.length === 0) continue
    const heading = `${id} ${title}, ${unit}`
    await writeFile(join(folder, `${id}.svg`), lineChart(heading, x, marks))
    const rows = marks.map(
      ({ x: at, value, low, high }) => `| ${at} | ${rounded(value)} (${rounded(low)} to ${rounded(high)}) |`,
    )
    parts.push(
      `### ${heading}\n\n![${heading}](benchmarks/${id}.svg)\n\n| ${x} | ${unit} |\n|---:|---:|\n${rows.join('\n')}`,
    )
  }
  return parts.join('\n\n')
}
