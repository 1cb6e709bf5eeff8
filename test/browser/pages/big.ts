// The page of a database far larger than the page cache: fills it, rewrites it in every way, exports and imports it, while
// somebody outside reads the memory of its worker; and measures from `open` to the first row.
import { type Database, open } from '../../../src/index.ts'
import { bigStatements, bytesPerLookAt, CHECK, EXPORT, IMPORT, OPEN, REST } from '../../support/big-statements.ts'
import { HEAP_PAGES, type LookRequest, WANTED } from './memory-probe.ts'

const IDLE_MS = 500

export type Begin = { readonly what: string; readonly megabytes: number; readonly cacheBytes: number }

/** What comes next of a step that is under way: a look into the worker, or its end. */
export type Next = { readonly type: 'look'; readonly heapBytes: number } | { readonly type: 'end'; readonly ms: number }

/** Without a SharedArrayBuffer (no isolation) nobody can look. */
const looks = typeof SharedArrayBuffer === 'undefined' ? undefined : new SharedArrayBuffer(8)
let bytesPerLook = Number.POSITIVE_INFINITY
let worker: Worker | undefined
globalThis.Worker = class extends Worker {
  constructor(url: string | URL, options?: WorkerOptions) {
    super(url, options)
    worker = this
    tellProbe(false)
  }
}

function tellProbe(now: boolean): void {
  if (looks) worker?.postMessage({ looks, bytesPerLook, now } satisfies LookRequest)
}

let database: Database | undefined
let step: Promise<Next> | undefined

function opened(): Database {
  if (!database) throw new Error('Nothing is open.')
  return database
}

async function exportedFile(): Promise<FileSystemFileHandle> {
  const directory = await navigator.storage.getDirectory()
  return directory.getFileHandle('exported.db', { create: true })
}

/** Opens a new database, with the probe in its worker. */
async function openProbed(cacheBytes: number): Promise<void> {
  const at = (path: string) => JSON.stringify(new URL(path, location.href).href)
  const source = `import ${at('/pages/memory-probe.js')}; import ${at('/dist/worker.js')}`
  const workerUrl = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))
  database = await open('big.db', { storage: 'opfs', cacheBytes, workerUrl })
}

async function run({ what, megabytes, cacheBytes }: Begin): Promise<void> {
  if (what === OPEN) return openProbed(cacheBytes)
  const db = opened()
  if (what === EXPORT) await db.exportStream().pipeTo(await (await exportedFile()).createWritable())
  else if (what === IMPORT) await db.import(await (await exportedFile()).getFile())
  else if (what === REST) {
    await db.checkpoint()
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
  } else if (what === CHECK) {
    const found = await db.value('PRAGMA integrity_check', [], { timeoutMs: 0 })
    if (found !== 'ok') throw new Error(`integrity_check: ${found}`)
  } else {
    const statement = bigStatements(megabytes).find((one) => one.what === what)
    if (!statement) throw new Error(`There is no ${what}.`)
    await db.exec(statement.sql, { timeoutMs: 0 })
  }
}

const steps = {
  begin(begin: Begin) {
    bytesPerLook = bytesPerLookAt(begin.megabytes)
    const startedMs = performance.now()
    step = run(begin).then(() => ({ type: 'end', ms: performance.now() - startedMs }))
    step.catch(() => {})
  },
  /** Asks for a look now. */
  lookNow() {
    tellProbe(true)
  },
  /** The next look that the worker waits for, or the end of the step. */
  async next(): Promise<Next> {
    if (!looks) throw new Error('The page is not isolated.')
    const flags = new Int32Array(looks)
    for (;;) {
      if (Atomics.load(flags, WANTED) === 1) return { type: 'look', heapBytes: Atomics.load(flags, HEAP_PAGES) << 16 }
      const { async, value } = Atomics.waitAsync(flags, WANTED, 0)
      if (!async) continue
      const ended = await (step ? Promise.race([step, value]) : value)
      if (typeof ended === 'object') {
        step = undefined
        return ended
      }
    }
  },
  /** Lets the worker go on. */
  looked() {
    if (looks) Atomics.store(new Int32Array(looks), WANTED, 0)
  },
  close: () => opened().close(),
  /** Fills a new database in portions, and rewrites half of it. */
  async fill({ name, megabytes }: { name: string; megabytes: number }) {
    const db = await open(name, { storage: 'opfs', timeoutMs: 0 })
    await db.exec('CREATE TABLE big (id INTEGER PRIMARY KEY, key INTEGER, body BLOB)')
    for (let from = 1; from <= megabytes * 1000; from += 20_000)
      await db.exec(`WITH RECURSIVE n (i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${from + 20_000})
        INSERT INTO big SELECT i, random(), randomblob(950) FROM n WHERE i <= ${megabytes * 1000}`)
    await db.exec('UPDATE big SET body = randomblob(length(body)) WHERE id % 2 = 0')
    await db.close()
  },
  /** Milliseconds from `open` to the first row, and what the worker read from its files meanwhile. */
  async firstRow(name: string): Promise<number> {
    const startedMs = performance.now()
    const db = await open(name, { storage: 'opfs' })
    await db.get('SELECT length(body) FROM big WHERE id = 1')
    const ms = performance.now() - startedMs
    await db.close()
    return ms
  },
}

export type BigSteps = typeof steps
Object.assign(globalThis, { steps })
