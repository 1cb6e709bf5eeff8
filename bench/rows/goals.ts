// What was aimed at, and what came of it, in the figures of one run: each goal is a ratio to another database in the same row.
import { OWN } from '../adapters/index.ts'
import { type Measured, partOf } from './measured.ts'
import { bestFirst, timesAsGood } from './values.ts'

/** `best`: the best other database that keeps its data in a browser; otherwise one by its name. */
interface Goal {
  readonly id: string
  readonly level?: 'strict' | 'relaxed'
  readonly against: string
  /** At least so many times as good. */
  readonly times: number
  /** Never more than 0.8 times what our own protocol reaches in memory. */
  readonly ceiling?: boolean
}

const MEMORY = 'sqlite-wasm :memory:'

const GOALS: readonly Goal[] = [
  { id: 'W1', against: 'best', times: 1 },
  ...(['strict', 'relaxed'] as const).flatMap((level) => [
    { id: 'W2', level, against: 'best', times: 2.5 },
    { id: 'W2m', level, against: 'best', times: 2.5 },
    { id: 'W3', level, against: 'best', times: level === 'strict' ? 1.7 : 1.8 },
  ]),
  { id: 'W3b', level: 'strict', against: 'best', times: 8, ceiling: true },
  { id: 'W4a', against: 'best', times: 1.4, ceiling: true },
  { id: 'W4b', against: 'best', times: 1.5, ceiling: true },
  { id: 'W4c', against: 'best', times: 4, ceiling: true },
  { id: 'W5', against: 'best', times: 3, ceiling: true },
  { id: 'W6c', against: 'best', times: 1.3 },
  { id: 'W7r', against: MEMORY, times: 1 / 1.05 },
  { id: 'W7j', against: MEMORY, times: 1 / 1.05 },
  { id: 'W7g', against: MEMORY, times: 1 / 1.05 },
  ...['W8u', 'W8d', 'W8v'].map((id) => ({ id, level: 'strict' as const, against: MEMORY, times: 1 / 1.4 })),
  { id: 'W9i', level: 'strict', against: 'best', times: 1.2 },
  { id: 'W10', against: 'absurd-sql', times: 2 },
  { id: 'W11', level: 'strict', against: 'best', times: 1 / 0.7 },
]

/** On IndexedDB, in every row that both have. */
const INDEXEDDB_GOALS: readonly { readonly against: string; readonly times: number }[] = [
  { against: 'absurd-sql', times: 2 },
  { against: 'raw IndexedDB', times: 10 },
]

export function goalsTable(rows: readonly Measured[]): string {
  const lines = [
    '| row | level | storage | goal | compared with | reached | |',
    '|---|---|---|---:|---|---:|---|',
    ...GOALS.flatMap((goal) => line(rows, goal)),
    ...indexedDbLines(rows),
  ]
  return lines.join('\n')
}

const rowsOf = (rows: readonly Measured[], id: string) => rows.filter((one) => partOf(one).part.id === id)

const usable = (one: Measured) => one.error === undefined && one.runs.length > 0 && one.cacheBytes !== null

function line(rows: readonly Measured[], goal: Goal): string[] {
  const { id, level, against, ceiling } = goal
  const all = rowsOf(rows, id).filter((one) => usable(one))
  const own = all.find(({ adapter, storage, durability }) => isOwn(adapter) && storage === 'opfs' && agrees(durability))
  function agrees(durability: string) {
    return level === undefined || durability === level
  }
  if (!own) return []
  const { part } = partOf(own)
  const others = all.filter(({ adapter, durability }) => !isOwn(adapter) && (adapter === MEMORY || agrees(durability)))
  const peer =
    against === 'best'
      ? bestFirst(others.filter(isPeer), part).find(({ adapter }) => id !== 'W1' || adapter !== 'raw IndexedDB')
      : others.find(({ adapter }) => adapter === against)
  if (!peer) return []
  const inMemory = all.find(({ adapter, storage }) => isOwn(adapter) && storage === 'memory')
  const most = ceiling && inMemory ? 0.8 * timesAsGood(inMemory, peer, part) : Number.POSITIVE_INFINITY
  const times = Math.min(goal.times, most)
  return [verdict(own, peer, times, times < goal.times ? ' (0.8 x the ceiling)' : '')]
}

function indexedDbLines(rows: readonly Measured[]): string[] {
  const lines: string[] = []
  for (const { against, times } of INDEXEDDB_GOALS)
    for (const peer of rows.filter((one) => usable(one) && one.adapter === against)) {
      const own = rows.find(
        (one) =>
          usable(one) &&
          isOwn(one.adapter) &&
          one.storage === 'indexeddb' &&
          one.part === peer.part &&
          (one.durability === peer.durability || !partOf(one).workload.writes),
      )
      // What a row of theirs compares with has its own goal above.
      if (own && partOf(own).part.id !== 'W10' && partOf(own).part.id !== 'W1')
        lines.push(verdict(own, peer, times, ''))
    }
  return lines
}

function verdict(own: Measured, peer: Measured, times: number, why: string): string {
  const { part, workload } = partOf(own)
  const reached = timesAsGood(own, peer, part)
  const failed = (own.failed ?? 0) + (own.missing ?? 0)
  const met = reached >= times && failed === 0
  const level = workload.writes ? own.durability : ''
  const storage = own.storage === 'opfs' ? 'OPFS' : 'IndexedDB'
  const said =
    failed > 0
      ? `**${failed} calls failed or rows are missing**`
      : met
        ? 'met'
        : `**missed**, ${(times / reached).toFixed(2)} x short`
  return `| ${part.id} ${part.title} | ${level} | ${storage} | ${times.toFixed(2)} x${why} | ${peer.adapter} | ${reached.toFixed(2)} x | ${said} |`
}

const isOwn = (adapter: string) => adapter === OWN

/** Keeps its data in a browser, and answered every call rightly. */
const isPeer = ({ storage, failed = 0, missing = 0 }: Measured) =>
  (storage === 'opfs' || storage === 'indexeddb') && failed + missing === 0
