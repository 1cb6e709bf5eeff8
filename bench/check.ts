// A regression test of speed, on demand: `npm run bench -- check`. Each row is measured beside its control, another database
// that a change of this package cannot change, in the same rounds; what is compared is the ratio of the two, with the recorded
// one. A row that is worse by more than 15 % is measured again, and has regressed if it is so three times in a row.
//   npm run bench -- check --record     records the ratios of this machine instead
//   npm run bench -- check commits-awaited query --small
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OWN } from './adapters/index.ts'
import type { Cell } from './pages/steps.ts'
import { type Measured, partOf } from './rows/measured.ts'
import { type RowsOptions, rowsOptions } from './rows/options.ts'
import { type Ratios, worse } from './rows/regression.ts'
import { timesAsGood } from './rows/values.ts'
import { measureRows } from './rows.ts'
import { WORKLOADS } from './workloads/index.ts'

const BASELINE = join(import.meta.dirname, 'baseline.json')
const REPEATS = 3

const MEMORY = 'sqlite-wasm :memory:'
const POOL = 'sqlite-wasm sahpool'

/** What only computes is held against `:memory:`, what waits for the storage against the pool of access handles. */
const CONTROLS: Readonly<Record<string, string>> = {
  'first-row': POOL,
  'bulk-worker': POOL,
  bulk: POOL,
  'commits-awaited': POOL,
  'commits-concurrent': POOL,
  'selects-worker': MEMORY,
  'selects-awaited': MEMORY,
  'selects-grouped': MEMORY,
  query: MEMORY,
  stream: MEMORY,
  'scan-cold': POOL,
  'scan-warm': POOL,
  analysis: MEMORY,
  changes: POOL,
  'full-text': POOL,
  notes: POOL,
  cities: POOL,
}

export async function run(args: readonly string[]): Promise<void> {
  const record = args.includes('--record')
  const rest = args.filter((one) => one !== '--record')
  const options = rowsOptions([...withRows(rest), '--adapter', OWN, '--adapter', MEMORY, '--adapter', POOL])
  if (record) {
    const ratios = await measured(options, () => true)
    const all = { ...(await recorded()), ...ratios }
    await writeFile(BASELINE, `${JSON.stringify(all, Object.keys(all).sort(), 1)}\n`)
    console.log(`${Object.keys(ratios).length} ratios recorded in bench/baseline.json`)
    return
  }
  const before = await recorded()
  let suspects: readonly string[] | undefined
  for (let repeat = 1; repeat <= REPEATS && suspects?.length !== 0; repeat += 1) {
    const known = suspects
    const now = await measured(options, (key) => key in before && (known?.includes(key) ?? true))
    suspects = worse(before, now)
    console.log(`run ${repeat} of at most ${REPEATS}: ${Object.keys(now).length} rows, worse: ${suspects.length}`)
    for (const key of suspects)
      console.log(`  ${key}: ${now[key]?.toFixed(2)} x its control, was ${before[key]?.toFixed(2)} x`)
    if (Object.keys(now).length === 0) throw new Error('No row of this size is recorded: run with --record first.')
  }
  if (suspects?.length === 0) console.log('No row has regressed.')
  else {
    console.error(`Regressed in each of ${REPEATS} runs: ${suspects?.join('; ')}`)
    process.exitCode = 1
  }
}

function withRows(args: readonly string[]): readonly string[] {
  return args.some((one) => one in CONTROLS) ? args : [...Object.keys(CONTROLS), ...args]
}

async function recorded(): Promise<Ratios> {
  const text = await readFile(BASELINE, 'utf8').catch(() => '{}')
  return JSON.parse(text)
}

async function measured(options: RowsOptions, wanted: (key: string) => boolean): Promise<Ratios> {
  const isOwn = ({ adapter, storage }: Cell) => adapter === OWN && storage === 'opfs'
  const partsOf = (name: string) => WORKLOADS.find((one) => one.name === name)?.parts ?? []
  const keyOf = (cell: Cell, part: string) =>
    `${cell.workload}${part === cell.workload ? '' : ` ${part}`}, ${cell.durability}, ${cell.size}`
  const rows = new Set(
    options.cells
      .filter((cell) => isOwn(cell) && partsOf(cell.workload).some(({ name }) => wanted(keyOf(cell, name))))
      .map(({ workload }) => workload),
  )
  const cells = options.cells.filter(
    (cell) => rows.has(cell.workload) && (isOwn(cell) || cell.adapter === CONTROLS[cell.workload]),
  )
  const figures = await measureRows({ ...options, cells })
  const ratios: Record<string, number> = {}
  for (const own of figures.rows.filter(isOwn)) {
    const control = figures.rows.find((one) => controls(one, own))
    const key = keyOf(own, own.part)
    if (own.error === undefined && control && control.error === undefined && wanted(key))
      ratios[key] = Number(timesAsGood(own, control, partOf(own).part).toFixed(3))
  }
  return ratios
}

function controls(one: Measured, own: Measured): boolean {
  if (one.adapter !== CONTROLS[own.workload] || one.part !== own.part) return false
  return one.storage === 'memory' || one.durability === own.durability
}
