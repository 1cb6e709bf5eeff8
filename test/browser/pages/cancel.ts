// The page of the tests of giving up statements: two calls are made, the first without end, the second behind it, and it
// is told which of them settles when. `globalThis.crossOriginIsolated` decides what is to be expected.
import { type Database, open, type StorageChoice } from '../../../src/index.ts'

let database: Database | undefined

function current(): Database {
  if (!database) throw new Error('no database is open in this page')
  return database
}

const COUNT = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n'
const ENDLESS = {
  'a read': (db: Database, options: Options) => db.value(COUNT, [], options),
  'a write': (db: Database, options: Options) => db.run(`INSERT INTO t ${COUNT}`, [], options),
  'a script': (db: Database, options: Options) => db.exec(`INSERT INTO t VALUES (0); INSERT INTO t ${COUNT}`, options),
  'a stream': async (db: Database, options: Options) => {
    for await (const _ of db.stream(COUNT, [], options));
  },
  'a transaction': (db: Database, { signal, timeoutMs }: Options) =>
    db.transaction(
      async (tx) => {
        await tx.run('INSERT INTO t VALUES (0)')
        await tx.run(`INSERT INTO t ${COUNT}`, [], { timeoutMs })
      },
      { signal, timeoutMs: 0 },
    ),
}

export type EndlessKind = keyof typeof ENDLESS
interface Options {
  readonly signal: AbortSignal
  readonly timeoutMs: number
}

const steps = {
  async open({ name, storage }: { name: string; storage: StorageChoice }) {
    database = await open(name, { storage })
    await database.exec('CREATE TABLE IF NOT EXISTS t (a)')
    return { isolated: globalThis.crossOriginIsolated, role: database.info.role }
  },

  /**
   * Gives `kind` up after `afterMs`, and tells in which order that, the abort and a write that waits for it have settled, and
   * what is in the table then.
   */
  async giveUp({ kind, afterMs, timeoutMs }: { kind: EndlessKind; afterMs: number; timeoutMs: number }) {
    const db = current()
    const order: string[] = []
    const controller = new AbortController()
    const endless = ENDLESS[kind](db, { signal: controller.signal, timeoutMs }).then(
      () => order.push('came to an end'),
      (error: { code?: string }) => order.push(String(error.code)),
    )
    // Sent behind it, and needing what it holds.
    await new Promise((resolve) => setTimeout(resolve, 50))
    const behind = db.run('DELETE FROM t WHERE a < 0', [], { timeoutMs: 0 }).then(() => order.push('the next'))
    await new Promise((resolve) => setTimeout(resolve, afterMs))
    const startMs = performance.now()
    order.push('abort')
    controller.abort()
    await endless
    await behind
    const tookMs = performance.now() - startMs
    return { order, rows: await db.value<number>('SELECT count(*) FROM t'), tookMs }
  },
}
export type CancelSteps = typeof steps
Object.assign(globalThis, { steps })
