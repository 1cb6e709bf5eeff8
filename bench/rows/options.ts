// What was asked for on the command line, and the cells of the table that follow from it.
import { parseArgs } from 'node:util'
import type { Adapter, Durability, Storage } from '../adapters/adapter.ts'
import { ADAPTERS, OWN } from '../adapters/index.ts'
import type { Cell } from '../pages/steps.ts'
import { WORKLOADS } from '../workloads/index.ts'
import type { Size } from '../workloads/workload.ts'

export const HELP = `npm run bench -- [row ...] [options]
  rows        ${WORKLOADS.map(({ name }) => name).join(', ')}; all without one
  --peers             the other databases too
  --adapter A         one of them by name, several times: ${ADAPTERS.map(({ name }) => name).join(', ')}
  --quick             every row of the main databases in small sizes, in 12 minutes: --main --small --minutes 12
  --main              the databases that most people would choose between, not every form of each
  --small             a fifth of the sizes
  --toy               toy sizes and one round, to see that everything works
  --minutes N         the whole run takes no longer: rows repeat their rounds while there is time
  --runs N            rounds (5, toy: 1); in each every cell of a row is measured once, in turn
  --storage S         opfs, indexeddb, memory, file (all)
  --durability D      strict, relaxed (both)
  --cache N           MiB of the page cache, the same for all (16)
  --defaults          beside that each database with the cache that it has by default
  --browser B         chromium, firefox (chromium)
  --json FILE         where the figures go as JSON (.tmp/bench-chromium.json, .tmp/bench-firefox.json)
  --report            makes docs/benchmarks.md and its charts anew with them
  also: npm run bench -- check | growth | start | big | tabs | codec | report [FILE ...]`

export interface RowsOptions {
  readonly command: string
  readonly cells: readonly Cell[]
  readonly runs: number
  readonly minutes: number | undefined
  readonly json: string
  readonly browser: 'chromium' | 'firefox'
  readonly report: boolean
}

const STORAGES: readonly Storage[] = ['opfs', 'indexeddb', 'memory', 'file']
const LEVELS: readonly Durability[] = ['strict', 'relaxed']
const QUICK_MINUTES = 12

/** Of several storages the one that is not slower by far. */
const MAIN_STORAGES: Readonly<Record<string, Storage>> = { PGlite: 'opfs' }
/** Where the level of durability is what is measured. */
const LEVEL_ROWS = ['bulk', 'commits-awaited', 'commits-concurrent']

/** One form of each: the fastest at commits, and what stands in its documentation first. */
const MAIN = [
  OWN,
  'sqlite-wasm :memory:',
  'sqlite-wasm sahpool',
  'sqlite-wasm sahpool WAL',
  'wa-sqlite AccessHandlePool WAL',
  'wa-sqlite OPFSCoopSync',
  'wa-sqlite IDBBatchAtomic',
  'absurd-sql',
  'SQLocal',
  'PGlite',
  'raw IndexedDB',
  'native SQLite in Node',
]

export function rowsOptions(args: readonly string[]): RowsOptions {
  const several = { type: 'string', multiple: true } as const
  const flag = { type: 'boolean', default: false } as const
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: flag,
      toy: flag,
      small: flag,
      peers: flag,
      main: flag,
      report: flag,
      defaults: flag,
      minutes: { type: 'string' },
      runs: { type: 'string' },
      storage: { ...several, default: [...STORAGES] },
      durability: { ...several, default: [...LEVELS] },
      adapter: several,
      cache: { type: 'string', default: '16' },
      browser: { type: 'string', default: 'chromium' },
      json: { type: 'string' },
    },
  })
  const names = ADAPTERS.map(({ name }) => name)
  const wanted = values.adapter ?? (values.peers ? names : values.main || values.quick ? MAIN : [OWN])
  const [browser = 'chromium'] = chosen([values.browser], ['chromium', 'firefox'] as const)
  const size = values.toy ? 'toy' : values.small || values.quick ? 'small' : 'full'
  const equal = Number(values.cache) << 20
  return {
    command: ['npm run bench --', ...args].join(' '),
    cells: cellsOf({
      browser,
      size,
      rows: positionals,
      adapters: chosen(wanted, names),
      storages: chosen(values.storage, STORAGES),
      levels: chosen(values.durability, LEVELS),
      caches: values.defaults ? [equal, null] : [equal],
      main: !values.peers && !values.adapter,
    }),
    runs: Number(values.runs ?? (values.toy ? 1 : 5)),
    minutes: values.minutes === undefined ? (values.quick ? QUICK_MINUTES : undefined) : Number(values.minutes),
    json: values.json ?? `.tmp/bench-${browser}.json`,
    browser,
    report: values.report,
  }
}

interface Wanted {
  readonly browser: RowsOptions['browser']
  readonly size: Size
  readonly rows: readonly string[]
  readonly adapters: readonly string[]
  readonly storages: readonly Storage[]
  readonly levels: readonly Durability[]
  readonly caches: readonly (number | null)[]
  /** Fewer cells: each database on one storage, and at its highest level where that is not what is measured. */
  readonly main: boolean
}

function cellsOf({ browser, size, rows, adapters, storages, levels, caches, main }: Wanted): Cell[] {
  const names = WORKLOADS.map(({ name }) => name)
  const named = rows.length > 0 ? chosen(rows, names) : names
  const cells: Cell[] = []
  // Only Chromium tells what a page holds.
  const told = WORKLOADS.filter(
    ({ name, kind }) => named.includes(name) && (kind !== 'memory' || browser === 'chromium'),
  )
  for (const workload of told)
    for (const storage of storages)
      for (const adapter of ADAPTERS.filter(({ name }) => adapters.includes(name))) {
        if (!takesPart(adapter, workload, storage)) continue
        if (main && (MAIN_STORAGES[adapter.name] ?? storage) !== storage) continue
        const offered = levels.filter((level) => adapter.durability(storage, level) !== undefined)
        // What only reads is measured at one level: the first that a database has. Ours has both, to be held against any other.
        const both = workload.writes && (!main || adapter.name === OWN || LEVEL_ROWS.includes(workload.name))
        for (const durability of both ? offered : offered.slice(0, 1))
          for (const cacheBytes of workload.cacheBytes === undefined ? caches : [workload.cacheBytes])
            cells.push({ adapter: adapter.name, workload: workload.name, storage, durability, size, cacheBytes })
      }
  return cells
}

function takesPart(adapter: Adapter, workload: (typeof WORKLOADS)[number], storage: Storage): boolean {
  const { cold, opens, kind, ownOnly, needs = [], parts } = workload
  if (ownOnly && adapter.name !== OWN) return false
  if (kind === 'tabs' && !adapter.tabs?.includes(storage)) return false
  // What the browser does not hold it cannot count.
  if (kind === 'memory' && adapter.native) return false
  // A database in memory cannot be opened again.
  if (storage === 'memory' && (opens || (cold && parts[0]?.unit === 'MB'))) return false
  return !needs.some((what) => adapter.lacks?.includes(what))
}

export function chosen<T extends string>(wanted: readonly string[], known: readonly T[]): T[] {
  const wrong = wanted.find((name) => !known.some((one) => one === name))
  if (wrong !== undefined) throw new Error(`'${wrong}' is none of: ${known.join(', ')}\n\n${HELP}`)
  return known.filter((name) => wanted.includes(name))
}
