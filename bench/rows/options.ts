// What was asked for on the command line, and the cells of the table that follow from it.
import { parseArgs } from 'node:util'
import type { Durability, Storage } from '../adapters/adapter.ts'
import { ADAPTERS } from '../adapters/index.ts'
import type { Cell } from '../pages/rows.ts'
import { WORKLOADS } from '../workloads/index.ts'

export const HELP = `npm run bench -- [row ...] [options]
  rows        ${WORKLOADS.map(({ name }) => name).join(', ')}; all without one
  --peers             the other databases too
  --adapter A         one of them by name, several times: ${ADAPTERS.map(({ name }) => name).join(', ')}
  --small             a fifth of the sizes
  --quick             toy sizes and two rounds, to see that everything works
  --runs N            rounds (5, quick: 2); in each every cell of a row is measured once, in turn
  --storage S         opfs, indexeddb, memory (all)
  --durability D      strict, relaxed (both)
  --cache N           MiB of the page cache, the same for all (16); 0: each its own default
  --browser B         chromium, firefox (chromium)
  --json FILE         where the figures go as JSON (.tmp/bench.json)
  --report            writes docs/benchmarks.md and its charts from them
  also: npm run bench -- start | big | tabs | codec | report [FILE]`

export interface RowsOptions {
  readonly cells: readonly Cell[]
  readonly runs: number
  readonly json: string
  readonly cacheMib: number
  readonly browser: 'chromium' | 'firefox'
  readonly report: boolean
}

const STORAGES: readonly Storage[] = ['opfs', 'indexeddb', 'memory']
const LEVELS: readonly Durability[] = ['strict', 'relaxed']

export function rowsOptions(args: readonly string[]): RowsOptions {
  const several = { type: 'string', multiple: true } as const
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      small: { type: 'boolean', default: false },
      peers: { type: 'boolean', default: false },
      report: { type: 'boolean', default: false },
      runs: { type: 'string' },
      storage: { ...several, default: [...STORAGES] },
      durability: { ...several, default: [...LEVELS] },
      adapter: several,
      cache: { type: 'string', default: '16' },
      browser: { type: 'string', default: 'chromium' },
      json: { type: 'string', default: '.tmp/bench.json' },
    },
  })
  const names = ADAPTERS.map(({ name }) => name)
  const wanted = values.adapter ?? (values.peers ? names : names.slice(0, 1))
  const [browser] = chosen([values.browser], ['chromium', 'firefox'] as const)
  return {
    cells: cellsOf({
      size: values.quick ? 'quick' : values.small ? 'small' : 'full',
      rows: positionals,
      adapters: chosen(wanted, names),
      storages: chosen(values.storage, STORAGES),
      levels: chosen(values.durability, LEVELS),
    }),
    runs: Number(values.runs ?? (values.quick ? 2 : 5)),
    json: values.json,
    cacheMib: Number(values.cache),
    browser: browser ?? 'chromium',
    report: values.report,
  }
}

interface Wanted {
  readonly size: Cell['size']
  readonly rows: readonly string[]
  readonly adapters: readonly string[]
  readonly storages: readonly Storage[]
  readonly levels: readonly Durability[]
}

/** What only reads is measured at one level: the first that a database has. */
function cellsOf({ size, rows, adapters, storages, levels }: Wanted): Cell[] {
  const names = WORKLOADS.map(({ name }) => name)
  const named = rows.length > 0 ? chosen(rows, names) : names
  const cells: Cell[] = []
  for (const { name: workload, writes, cold, needs = [] } of WORKLOADS.filter(({ name }) => named.includes(name)))
    for (const storage of storages)
      for (const adapter of ADAPTERS.filter(({ name }) => adapters.includes(name))) {
        if (cold && storage === 'memory') continue
        if (needs.some((what) => adapter.lacks?.includes(what))) continue
        const offered = levels.filter((level) => adapter.durability(storage, level) !== undefined)
        for (const durability of writes ? offered : offered.slice(0, 1))
          cells.push({ adapter: adapter.name, workload, storage, durability, size })
      }
  return cells
}

function chosen<T extends string>(wanted: readonly string[], known: readonly T[]): T[] {
  const wrong = wanted.find((name) => !known.some((one) => one === name))
  if (wrong !== undefined) throw new Error(`'${wrong}' is none of: ${known.join(', ')}\n\n${HELP}`)
  return known.filter((name) => wanted.includes(name))
}
