// The table of cells by rule: which rows there are, and which faults and deaths each kind of row can meet. Faults are
// aimed by it, CI asserts that each of its cells comes often, and a cell that is counted but not in it is a mistake.
//
// What is not in it cannot come:
// - a death after a write: the disk is as it is before the next operation, where it is counted;
// - undone, a death at a write or a change of size: what was not stored is gone with the process, so such deaths have one
//   row, `between two flushes`; a write that lands elsewhere: a transaction takes all of its writes or none;
// - kept, a sync or a cut without space: space is taken where something is written or grows;
// - a sync, a cut or a growth that lands elsewhere: only writes have a place;
// - undone, writes over what was there that fail for space: only what grows, or is put where nothing was, takes memory;
// - undone, `repair` and `barrier`: nothing is written again;
// - undone, `log is cut` and `main is cut`: in memory nothing can go wrong there;
// - rot of fresh segments apart from homes: what is stored is told by its place alone.
import type { DiskKind } from './store-budget.ts'
import { type Column, FATES } from './store-cells.ts'

type Kind = 'write' | 'fresh write' | 'growth' | 'cut' | 'sync' | 'stored' | 'log' | 'moment' | 'nowhere'
type Side = 'before' | 'inside' | 'after'

const died = (...sides: readonly Side[]): Column[] =>
  sides.flatMap((side) => FATES.map((fate): Column => `${side}, ${fate}`))
const STORED = ['rot', 'read wrong once'] as const
const EITHER = {
  stored: STORED,
  log: [...STORED, 'read wrong for a while'],
  moment: died('after'),
  nowhere: died('before'),
} as const

const COLUMNS: Readonly<Record<DiskKind, Readonly<Record<Kind, readonly Column[]>>>> = {
  kept: {
    ...EITHER,
    write: [...died('before', 'inside'), 'fails', 'no space', 'misdirected'],
    'fresh write': [...died('before', 'inside'), 'fails', 'no space', 'misdirected'],
    growth: [...died('before', 'after'), 'fails', 'no space'],
    cut: [...died('before', 'after'), 'fails'],
    sync: [...died('before', 'after'), 'fails'],
  },
  undone: {
    ...EITHER,
    write: ['fails'],
    'fresh write': ['fails', 'no space'],
    growth: ['no space'],
    cut: [],
    sync: [...died('before', 'after'), 'fails', 'no space'],
  },
}

const SUPERBLOCKS = ['superblock A', 'superblock B'] as const
const RECORDS = ['record', 'group of records', 'record with fresh segments'] as const
const LEADING = [...RECORDS, 'mark', 'side table', ...SUPERBLOCKS] as const
const SYNCED = [...LEADING, 'recovery: superblock A', 'recovery: superblock B', 'writes that nothing leads to'] as const
const EITHER_ROWS = {
  write: [...LEADING, 'table', 'fold blocks', 'fold header', 'recovery: superblock A', 'recovery: superblock B'],
  'fresh write': ['fresh blocks', 'fresh header'],
  growth: ['log grows', 'main grows'],
  stored: ['segment', 'side table', 'superblock', 'table'],
  log: ['log'],
  moment: ['idle', 'latched', 'refused opening'],
} as const

const ROWS: Readonly<Record<DiskKind, Readonly<Partial<Record<Kind, readonly string[]>>>>> = {
  kept: {
    ...EITHER_ROWS,
    write: [...EITHER_ROWS.write, 'creation: write', 'recovery: record', 'recovery: mark', 'repair'],
    cut: ['log is cut', 'main is cut'],
    sync: [
      ...[...SYNCED, 'repair'].map((what) => `sync after ${what}`),
      'sync of a creation',
      'barrier after fresh segments',
      'barrier of a repair',
    ],
    moment: [...EITHER_ROWS.moment, 'misdirected write'],
  },
  undone: {
    ...EITHER_ROWS,
    sync: [
      ...SYNCED.map((what) => `sync after ${what}`),
      ...[...RECORDS, 'writes that nothing leads to'].map((what) => `flush after ${what}`),
      'flush after something else',
      'sync of a creation',
      'recovery: first sync',
    ],
    nowhere: ['between two flushes'],
  },
}

type Table = Readonly<Record<string, readonly Column[]>>

function tableOf(disk: DiskKind): Table {
  const table: Record<string, Column[]> = {}
  for (const kind of Object.keys(ROWS[disk]) as Kind[])
    for (const row of ROWS[disk][kind] ?? []) table[row] = [...(table[row] ?? []), ...COLUMNS[disk][kind]]
  return table
}

export const REACHABLE: Readonly<Record<DiskKind, Table>> = { kept: tableOf('kept'), undone: tableOf('undone') }
