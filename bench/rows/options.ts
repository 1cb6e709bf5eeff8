// What was asked for on the command line, and the cells of the table that follow from it.
import { parseArgs } from 'node:util'
import { ADAPTERS } from '../adapters/index.ts'
import type { Cell } from '../pages/rows.ts'
import { WORKLOADS } from '../workloads/index.ts'

export const HELP = `npm run bench -- [row ...] [options]
  rows        ${WORKLOADS.map(({ name }) => name).join(', ')}; all without one
  --quick             small sizes and three runs, to see that everything works
  --runs N            runs per cell (5, quick: 3); the table shows their median
  --storage S         opfs, indexeddb (both)
  --durability D      strict, relaxed (both)
  --adapter A         ${ADAPTERS.map(({ name }) => name).join(', ')}
  --json FILE         where the figures go as JSON (.tmp/bench.json)
  also: npm run bench -- start | big | codec`

export interface RowsOptions {
  readonly cells: readonly Cell[]
  readonly runs: number
  readonly json: string
}

export function rowsOptions(args: readonly string[]): RowsOptions {
  const text = { type: 'string', multiple: true } as const
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      runs: { type: 'string' },
      storage: { ...text, default: ['opfs', 'indexeddb'] },
      durability: { ...text, default: ['strict', 'relaxed'] },
      adapter: { ...text, default: ADAPTERS.map(({ name }) => name) },
      json: { type: 'string', default: '.tmp/bench.json' },
    },
  })
  const size = values.quick ? 'quick' : 'full'
  const storages = chosen(values.storage, ['opfs', 'indexeddb'])
  const durabilities = chosen(values.durability, ['strict', 'relaxed'])
  const names = WORKLOADS.map(({ name }) => name)
  const rows = positionals.length > 0 ? chosen(positionals, names) : names
  const adapters = ADAPTERS.filter(({ name }) => values.adapter.includes(name))
  const cells: Cell[] = []
  for (const workload of WORKLOADS.filter(({ name }) => rows.includes(name))) {
    const levels = workload.writes ? durabilities : durabilities.slice(0, 1)
    for (const storage of storages)
      for (const durability of levels)
        for (const adapter of adapters)
          if (adapter.supports(storage, durability))
            cells.push({ adapter: adapter.name, workload: workload.name, storage, durability, size })
  }
  return { cells, runs: Number(values.runs ?? (values.quick ? 3 : 5)), json: values.json }
}

function chosen<T extends string>(wanted: readonly string[], known: readonly T[]): T[] {
  const wrong = wanted.find((name) => !known.some((one) => one === name))
  if (wrong !== undefined) throw new Error(`'${wrong}' is none of: ${known.join(', ')}\n\n${HELP}`)
  return known.filter((name) => wanted.includes(name))
}
