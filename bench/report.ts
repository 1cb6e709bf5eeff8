// Writes docs/benchmarks.md anew from the figures of an earlier run: `npm run bench -- report [FILE]`.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Figures } from './rows/measured.ts'
import { writeReport } from './rows/report.ts'

export async function run([file = '.tmp/bench.json']: readonly string[]): Promise<void> {
  const figures: Figures = JSON.parse(await readFile(resolve(import.meta.dirname, '..', file), 'utf8'))
  await writeReport(figures)
}
