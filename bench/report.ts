// Makes docs/benchmarks.md anew: `npm run bench -- report [FILE ...]`, with the figures of earlier runs if there are files.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { rewriteReport, writeReport } from './rows/report.ts'

export async function run(files: readonly string[]): Promise<void> {
  for (const file of files)
    await writeReport(JSON.parse(await readFile(resolve(import.meta.dirname, '..', file), 'utf8')))
  await rewriteReport()
}
