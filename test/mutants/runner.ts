// Which planted bugs are tried, how many at a time, and what is printed: a line for each, and at the end how many were
// planted and how many found. How one is tried is in bench.ts.
import { mkdir, readFile, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Bench } from './bench.ts'
import { MUTANTS } from './list.ts'
import { type Mutant, plant } from './mutant.ts'
import { type Result, Results } from './results.ts'

const LINE_CHARACTERS_MAX = 110

const OPTIONS = {
  list: { type: 'boolean', default: false },
  only: { type: 'string' },
  skip: { type: 'string', default: '' },
  jobs: { type: 'string', default: `${Math.max(2, availableParallelism())}` },
  minutes: { type: 'string', default: '10' },
  sitting: { type: 'string' },
  results: { type: 'string' },
} as const

/** Returns the exit code. */
export async function run(root: string, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS })
  await checkEdits(root)
  if (values.list) {
    for (const { name, provedBy, why, harmless } of MUTANTS)
      console.log(`${name.padEnd(36)} ${provedBy.padEnd(13)} ${why}${harmless ? ` HARMLESS: ${harmless}` : ''}`)
    return 0
  }
  const only = named(values.only ?? '')
  const skip = named(values.skip)
  const chosen = MUTANTS.filter(({ name, harmless }) => (only.size > 0 ? only.has(name) : !harmless) && !skip.has(name))
  const results = new Results(root, values.results)
  const endMs = values.sitting === undefined ? Number.POSITIVE_INFINITY : performance.now() + minutes(values.sitting)
  const folder = join(root, '.tmp', 'mutants', `run-${process.pid}`)
  await mkdir(folder, { recursive: true })
  const bench = new Bench(root, folder, minutes(values.minutes))
  console.log(`${'planted bug'.padEnd(36)} ${'by'.padEnd(13)}   seeds crashes      ms  how it showed`)
  const waiting = [...chosen]
  let tried = 0
  let found = 0
  const worker = async () => {
    for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
      const known = results.of(mutant)
      if (!known && performance.now() >= endMs) continue
      const result = known ?? (await tryOne(bench, mutant))
      if (!known) results.add(result)
      tried++
      if (result.found) found++
      print(mutant, result)
    }
  }
  await Promise.all(Array.from({ length: whole(values.jobs) }, worker))
  await rm(folder, { recursive: true })
  if (only.size === 0)
    for (const { name, harmless } of MUTANTS) if (harmless) console.log(`${name}: harmless, not counted: ${harmless}`)
  if (skip.size > 0) console.log(`skipped: ${[...skip].join(', ')}`)
  if (tried < chosen.length) console.log(`not tried in this sitting: ${chosen.length - tried}`)
  console.log(`planted ${chosen.length}, found ${found}`)
  return found === chosen.length ? 0 : 1
}

async function tryOne(bench: Bench, mutant: Mutant): Promise<Result> {
  const { found, what, count, crashes, ms } = await bench.try(mutant)
  return { name: mutant.name, found, what, count, crashes, ms: Math.round(ms) }
}

function print({ name, provedBy }: Mutant, { found, what, count, crashes, ms }: Result): void {
  const figures = [count, crashes, ms].map((figure) => `${figure}`.padStart(7)).join(' ')
  const line = `${found ? '' : 'NOT FOUND: '}${what.replaceAll('\n', ' ')}`.slice(0, LINE_CHARACTERS_MAX)
  console.log(`${name.padEnd(36)} ${provedBy.padEnd(13)} ${figures}  ${line}`)
}

function named(list: string): Set<string> {
  const names = list.split(',').filter((name) => name !== '')
  for (const name of names) if (!MUTANTS.some((mutant) => mutant.name === name)) throw new Error(`no mutant ${name}`)
  return new Set(names)
}

function whole(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`${text} is no whole number from 1`)
  return Number(text)
}

const minutes = (text: string): number => whole(text) * 60_000

/** Every edit matches, or the list is out of date and nothing is run. */
async function checkEdits(root: string): Promise<void> {
  const moved: string[] = []
  for (const mutant of MUTANTS) {
    for (const file of new Set(mutant.edits.map((edit) => edit.file))) {
      try {
        plant(mutant, file, await readFile(join(root, file), 'utf8'))
      } catch (error) {
        moved.push(error instanceof Error ? error.message : String(error))
      }
    }
  }
  if (moved.length > 0) throw new Error(`The code has moved; plant these anew:\n${moved.join('\n')}`)
  const names = new Set(MUTANTS.map(({ name }) => name))
  if (names.size < MUTANTS.length) throw new Error('two mutants have the same name')
}
