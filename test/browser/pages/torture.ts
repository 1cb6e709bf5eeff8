// A tab of the torture: from the moment it loads until it ends it writes and reads one database, and tells the test server
// of everything that its promises said. It needs nobody to start it, so it works again after a reload, a journey through
// the history or a restart of the browser. The address says which database, and which ways to take.
//
// A unit is what one call writes, as rows of one name: `<page>-<kind>-<number>`, never written twice by the page.
import { type Database, type LeaderLostError, type OpenOptions, open } from '../../../src/index.ts'
import type { TortureReport, TortureReports } from '../../support/torture/reports.ts'

const address = new URLSearchParams(location.search)
const given = (name: string): string => address.get(name) ?? ''
const NAME = given('name')
const TAB = Number(given('tab'))
const TIMEOUT_MS = Number(given('timeoutMs'))
/** A promise that has not settled this long after its deadline is taken for one that never will. */
const MARGIN_MS = 5000
const OPTIONS = { storage: given('storage') as NonNullable<OpenOptions['storage']>, timeoutMs: TIMEOUT_MS }
const LIMITS = { timeoutMs: TIMEOUT_MS }
const SCHEMA =
  'CREATE TABLE IF NOT EXISTS row (unit TEXT, part INTEGER, rows INTEGER, body TEXT); CREATE INDEX IF NOT EXISTS row_unit ON row (unit)'
const INSERT = 'INSERT INTO row VALUES (?, ?, ?, ?)'
const COUNT = 'SELECT count(*) FROM row WHERE unit = ?'
const KINDS = ['run', 'batch', 'runMany', 'transaction'] as const

if (given('transport') === 'channel') Reflect.deleteProperty(globalThis, 'SharedWorker')

const workers: Worker[] = []
globalThis.Worker = class extends Worker {
  constructor(url: string | URL, options?: WorkerOptions) {
    super(url, options)
    workers.push(this)
  }
}

const page = Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => byte.toString(16).padStart(2, '0')).join(
  '',
)
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

// ---- telling ----

let unsent: TortureReports['reports'][number][] = []
let sending = false

function tell(report: TortureReport): void {
  unsent.push({ ...report, atMs: Date.now() })
  if (!sending) void send()
}

async function send(): Promise<void> {
  sending = true
  while (unsent.length > 0) {
    const now = unsent
    unsent = []
    try {
      await fetch('/report', { method: 'POST', body: JSON.stringify({ tab: TAB, page, reports: now }) })
    } catch {
      unsent = [...now, ...unsent] // the page stops or the server is gone; told again is told once
      await pause(200)
    }
    await pause(10)
  }
  sending = false
}

addEventListener('pagehide', () => {
  navigator.sendBeacon?.('/report', JSON.stringify({ tab: TAB, page, reports: unsent }))
})
addEventListener('pageshow', ({ persisted }) => tell({ type: 'note', text: persisted ? 'came back' : 'loaded' }))
document.addEventListener('freeze', () => tell({ type: 'note', text: 'freeze' }))
document.addEventListener('resume', () => tell({ type: 'note', text: 'resume' }))

// ---- watching ----

/** Time in which this page ran: it stands still while the page does. */
let awakeMs = 0
let lastMs = performance.now()
const outstanding = new Map<number, { readonly what: string; readonly dueMs: number }>()
let calls = 0

setInterval(() => {
  const now = performance.now()
  awakeMs += Math.min(now - lastMs, 1100)
  lastMs = now
  for (const [call, { what, dueMs }] of outstanding) {
    if (awakeMs < dueMs) continue
    outstanding.delete(call)
    tell({ type: 'hung', what })
  }
}, 250)

/** Makes sure that a promise settles, and tells of it if it does not. */
async function settles<T>(what: string, promise: Promise<T>): Promise<T> {
  const call = ++calls
  outstanding.set(call, { what, dueMs: awakeMs + TIMEOUT_MS + MARGIN_MS })
  try {
    return await promise
  } finally {
    outstanding.delete(call)
  }
}

function tellError(what: string, error: unknown, unit?: string): void {
  const { name, message, cause } = error instanceof Error ? error : { name: 'no Error', message: String(error) }
  const { code = '', applied } = error as Partial<LeaderLostError>
  const why = cause instanceof Error ? ` (${cause.name}: ${cause.message})` : ''
  tell({ type: 'failed', what, name, code, message: message + why, ...(applied && { applied }), ...(unit && { unit }) })
}

// ---- the work ----

let database: Database | undefined
let stopped = false
let units = 0
let reopening = false
/** Units that were acknowledged here, and in another tab: both are to be seen by each later read. */
let newest: { readonly unit: string; readonly rows: number } | undefined
let elsewhere: { readonly unit: string; readonly rows: number } | undefined
const others = new BroadcastChannel(`torture:${NAME}`)
others.onmessage = ({ data }) => {
  elsewhere = data
}

async function opened(): Promise<Database> {
  while (!database) {
    if (reopening) {
      await pause(20)
      continue
    }
    reopening = true
    try {
      const db = await settles('open', open(NAME, OPTIONS))
      const { term, role } = db.info
      tell({ type: 'term', term, role, why: 'open' })
      db.on('leader-change', (change) => tell({ type: 'term', ...change, why: 'leader-change' }))
      db.on('warning', ({ message }) => tell({ type: 'note', text: `warning: ${message}` }))
      db.on('corruption', ({ message }) => tell({ type: 'wrong', text: `corruption: ${message}` }))
      await settles('schema', db.exec(SCHEMA, LIMITS))
      database = db
    } catch (error) {
      tellError('open', error)
      await pause(300)
    }
    reopening = false
  }
  return database
}

async function write(db: Database, kind: (typeof KINDS)[number], unit: string, rows: number): Promise<void> {
  const body = 'x'.repeat(Math.floor(Math.random() ** 4 * 2000))
  const sets = Array.from({ length: rows }, (_, part) => [unit, part, rows, body] as const)
  if (kind === 'run') await settles('run', db.run(INSERT, sets[0]!, LIMITS))
  else if (kind === 'batch') {
    await settles(
      'batch',
      db.batch(
        sets.map((set) => [INSERT, set] as const),
        LIMITS,
      ),
    )
  } else if (kind === 'runMany') await settles('runMany', db.runMany(INSERT, sets, LIMITS))
  else {
    let ended: (() => void) | undefined
    const transaction = db.transaction(async (tx) => {
      for (const set of sets) {
        await settles('tx.run', tx.run(INSERT, set, LIMITS))
        if (Math.random() < 0.3) await pause(Math.random() * 20)
      }
      const count = await settles('tx.value', tx.value(COUNT, [unit], LIMITS))
      if (count !== rows) tell({ type: 'wrong', text: `a transaction saw ${count} of its own ${rows} rows of ${unit}` })
      // From here on only its end is waited for.
      void settles(
        'commit',
        new Promise<void>((resolve) => {
          ended = resolve
        }),
      )
    })
    await transaction.finally(() => ended?.())
  }
}

async function writer(): Promise<void> {
  while (!stopped) {
    const db = await opened()
    const kind = KINDS[Math.floor(Math.random() * KINDS.length)]!
    const unit = `${page}-${kind}-${++units}`
    const rows = kind === 'run' ? 1 : 2 + Math.floor(Math.random() * 8)
    const what = `write of ${unit}`
    try {
      await write(db, kind, unit, rows)
      newest = { unit, rows }
      tell({ type: 'acknowledged', unit, rows })
      others.postMessage(newest)
    } catch (error) {
      tellError(what, error, unit)
    }
    await pause(5 + Math.random() * 40)
  }
}

async function reader(): Promise<void> {
  while (!stopped) {
    const db = await opened()
    for (const [whose, expected] of Object.entries({ own: newest, foreign: elsewhere })) {
      if (!expected) continue
      try {
        const count = await settles('value', db.value(COUNT, [expected.unit], LIMITS))
        if (count !== expected.rows)
          tell({
            type: 'wrong',
            text: `a read saw ${count} of ${expected.rows} acknowledged ${whose} rows of ${expected.unit}`,
          })
      } catch (error) {
        tellError(`read of ${expected.unit}`, error)
      }
    }
    await pause(10 + Math.random() * 60)
  }
}

let working: Promise<unknown> | undefined
if (given('idle') === '') working = Promise.all([writer(), writer(), reader()])
tell({ type: 'note', text: 'started' })

export const steps = {
  /** Ends the worker of this page, if it has one, as a crash of its thread would. */
  terminateWorker(): boolean {
    const worker = workers.at(-1)
    worker?.terminate()
    return worker !== undefined
  },
  /** Closes the database; the loops open it again. */
  async closeDatabase(): Promise<void> {
    const db = database
    database = undefined
    if (db) await settles('close', db.close(LIMITS)).catch((error: unknown) => tellError('close', error))
  },
  /** Ends the work; resolves when the last call has settled and all is told. */
  async stop(): Promise<string[]> {
    stopped = true
    const late = pause(TIMEOUT_MS + 3 * MARGIN_MS).then(() => 'late' as const)
    const end = await Promise.race([working, late])
    while (unsent.length > 0 || sending) await pause(20)
    return end === 'late' ? [...outstanding.values()].map(({ what }) => what) : []
  },
  /** What is stored, by the units: their name, how many rows are there, how many different ones, how many there should be. */
  async stored() {
    const db = await open(NAME, OPTIONS)
    const integrity = await db.value('PRAGMA integrity_check')
    const found = await db.query('SELECT unit, count(*), count(DISTINCT part), max(rows) FROM row GROUP BY unit', [], {
      rowMode: 'array',
    })
    await db.close()
    return {
      integrity: String(integrity),
      units: found.map(([unit, ...counts]) => [String(unit), ...counts.map(Number)]),
    }
  },
}

export type TortureSteps = typeof steps
Object.assign(globalThis, { steps })
