// Every code of docs/errors.md is provoked by a test through public calls: here, or where `ELSEWHERE` says. A code without
// one fails, and so does one that is provoked and not documented.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { openWith } from '../../src/client/open.ts'
import type { OpenOptions } from '../../src/client/options.ts'
import { startEngine } from '../support/engine-client.ts'
import { FakePlatform as ScriptedPage } from '../support/fake-engine.ts'
import { FakePlatform as Browser } from '../support/fake-platform.ts'
import { inProcessPlatform } from '../support/in-process-worker.ts'
import { settle } from '../support/manual-clock.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const documented = new Set(
  [
    ...readFileSync(join(root, 'docs', 'errors.md'), 'utf8').matchAll(
      /^\| (?:`\w+` \| )?`([\w-]+?)(?:_?\.\.\.)?` \|/gm,
    ),
  ].map(([, code]) => code!),
)

const onPage = (browser = new Browser(), options: OpenOptions = {}) =>
  openWith(inProcessPlatform(browser), 'app.db', options)
const inMemory = () => openWith(inProcessPlatform(), 'app.db', { storage: 'memory' })
type Db = Awaited<ReturnType<typeof inMemory>>
/** A call on an open database with a table. */
const on = (call: (db: Db) => Promise<unknown>) => async () => {
  const db = await inMemory()
  await db.exec('CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES(1)')
  await call(db).finally(() => db.close({ timeoutMs: 500 }).catch(() => {}))
}

/** A database with rows, stored and closed. */
async function stored(options: OpenOptions = {}): Promise<Browser> {
  const browser = new Browser()
  const db = await onPage(browser, options)
  await db.exec('CREATE TABLE t(a); INSERT INTO t VALUES(randomblob(100000))')
  await db.checkpoint()
  await db.close()
  return browser
}

/** Changes the stored files, each with the place of a database's first bytes in it or -1, and reads the table. */
async function readAgain(browser: Browser, spoil: (bytes: Uint8Array, at: number) => unknown): Promise<void> {
  const visit = (entries: typeof browser.opfs.root.entries): void => {
    for (const entry of entries.values())
      if (entry.kind === 'directory') visit(entry.entries)
      else spoil(entry.bytes, Buffer.from(entry.bytes).indexOf('SQLite format 3\u0000'))
  }
  visit(browser.opfs.root.entries)
  const db = await onPage(browser)
  await db.query('SELECT * FROM t')
}

/** From now on every write and flush fails like a broken disk. */
function failWrites({ opfs }: Browser): void {
  opfs.calls.push = () => {
    throw new DOMException('the disk is broken', 'UnknownError')
  }
}

const scripted = async (answer: ScriptedPage['script']) => {
  const page = new ScriptedPage(answer)
  return { page, db: await openWith(page, 'app.db') }
}

async function workerLost(): Promise<{ cause: Error; error: Error }> {
  const { page, db } = await scripted(({ type, seq }) => (type === 'begin' ? { type: 'done', seq } : undefined))
  const inTransaction = db.transaction((tx) => tx.run('DELETE FROM t'))
  const running = inTransaction.then(
    () => expect.unreachable(),
    (error: Error) => error,
  )
  await settle()
  page.engine.vanish()
  const error = await running
  return { error, cause: error.cause as Error }
}

/** Each rejects with the code that it is named after. */
const PROVOKED: Record<string, () => Promise<unknown>> = {
  SQLITE_ERROR: on((db) => db.query('SELEC 1')),
  SQLITE_CONSTRAINT: on((db) => db.run('INSERT INTO t VALUES(1)')),
  SQLITE_TOOBIG: on((db) => db.value('SELECT zeroblob(300000000)')),
  SQLITE_FULL: async () => {
    const browser = new Browser()
    const db = await onPage(browser)
    await db.exec('CREATE TABLE t(a)')
    browser.opfs.quotaBytes = browser.opfs.usedBytes
    await db.run('INSERT INTO t VALUES(randomblob(40000000))')
  },
  unavailable: () => {
    const browser = new Browser()
    browser.loseOpfs()
    browser.loseIndexedDb()
    return onPage(browser)
  },
  quota: () => {
    const browser = new Browser()
    browser.loseIndexedDb()
    browser.opfs.quotaBytes = 1000
    return onPage(browser)
  },
  corrupt: async () => readAgain(await stored(), (bytes) => bytes.length > 50_000 && bytes.fill(0x55, 8192)),
  // Without checksums SQLite itself has to notice.
  SQLITE_CORRUPT: async () => {
    const rootPage = 8192
    return readAgain(
      await stored({ checksum: 'none' }),
      (bytes, at) => at >= 0 && bytes.fill(0x55, at + 4096, at + rootPage),
    )
  },
  SQLITE_NOTADB: async () =>
    readAgain(await stored({ checksum: 'none' }), (bytes, at) => at >= 0 && bytes.fill(0x55, at, at + 16)),
  io: async () => {
    const browser = await stored()
    const db = await onPage(browser)
    failWrites(browser)
    // What became of the write is the error, what failed is its cause.
    await db.run('INSERT INTO t VALUES(1)').catch((error: Error) => {
      throw error.cause
    })
  },
  'not-supported': async () => {
    // Every storage of the package has all of it; blocks that are no store have not.
    const { client } = await startEngine()
    await client().request({ type: 'maintenance', action: 'compact' }).answer
  },
  'storage-changed': async () => onPage(await stored(), { storage: 'indexeddb' }),
  evicted: async () => {
    const browser = await stored()
    browser.opfs.root.entries.clear()
    return onPage(browser)
  },
  'too-large-for-storage': async () => {
    const browser = await stored({ storage: 'indexeddb' })
    return onPage(Object.assign(browser, { deviceMemoryBytes: 100_000 }))
  },
  'leader-lost': async () => {
    throw (await workerLost()).error
  },
  'worker-ended': async () => {
    throw (await workerLost()).cause
  },
  internal: () => {
    const page = new ScriptedPage()
    page.onHello = (engine) => engine.transport.onfailure?.({ kind: 'crash', message: 'boom' })
    return openWith(page, 'app.db')
  },
  protocol: async () => {
    const { db } = await scripted(({ seq }) => ({ type: 'done', seq }))
    await db.run('INSERT')
  },
  timeout: on((db) =>
    db.query('WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n', [], {
      timeoutMs: 20,
    }),
  ),
  aborted: on((db) => db.query('SELECT 1', [], { signal: AbortSignal.abort() })),
  closed: on(async (db) => {
    await db.close()
    return db.query('SELECT 1')
  }),
  'transaction-deadlock': on((db) => db.transaction(() => db.run('INSERT INTO t VALUES(2)'))),
  'snapshot-conflict': on((db) =>
    db.transaction(
      async (tx) => {
        await db.run('INSERT INTO t VALUES(2)')
        await tx.run('INSERT INTO t VALUES(3)')
      },
      { mode: 'deferred' },
    ),
  ),
  bind: on((db) => db.run('INSERT INTO t VALUES(?)', [undefined as never])),
  'unknown-option': on((db) => db.query('SELECT 1', [], { timeout: 1 } as never)),
  'invalid-argument': on((db) => db.query(1 as never)),
  'multiple-statements': on((db) => db.run('DELETE FROM t; DELETE FROM t')),
  'no-statement': on((db) => db.run(' -- nothing')),
  'stream-writes': on((db) => db.stream('DELETE FROM t RETURNING a').next()),
  'integer-range': on((db) => db.value('SELECT 9007199254740993', [], { integers: 'number' })),
  'pragma-not-allowed': on((db) => db.run('PRAGMA writable_schema = 1')),
  'connection-state': on((db) => db.run('CREATE TEMP TABLE x(a)')),
  'function-export': on((db) => db.function('f', { module: 'data:text/javascript,export const a = 1' })),
  'asset-load': on((db) => db.function('f', { module: 'data:text/javascript,)' })),
  name: () => openWith(inProcessPlatform(new Browser()), '\u{1F600}'.repeat(50)),
  'transaction-overlap': on((db) => db.transaction((tx) => tx.transaction(() => tx.run('DELETE FROM t')))),
  'transaction-rolled-back': on((db) =>
    db.transaction(async (tx) => {
      await tx.run('INSERT OR ROLLBACK INTO t VALUES(1)').catch(() => {})
      await tx.run('INSERT INTO t VALUES(2)')
    }),
  ),
  'transaction-unknown': on(async (db) => {
    let go = () => {}
    const wait = new Promise<void>((resolve) => (go = resolve))
    async function* sets() {
      await wait
      yield [5]
    }
    const bulk = await db.transaction(async (tx) => ({ ends: tx.runMany('INSERT INTO t VALUES(?)', sets()) }))
    go()
    await bulk.ends
  }),
}

/** What cannot be had here: a test's file and its title. */
const ELSEWHERE: Record<string, readonly [file: string, title: string]> = {
  SQLITE_IOERR: [
    'test/unit/vfs-paths.test.ts',
    '10: a COMMIT that was refused does not ask for space again while SQLite rolls it back',
  ],
  busy: [
    'test/browser/bad-input.test.ts',
    'answers with busy where something else holds the storage, and opens it when that has gone',
  ],
  'format-unknown': ['test/browser/bad-input.test.ts', 'leaves a store of an unknown format untouched, byte for byte'],
  'snapshot-too-old': [
    'test/unit/store-block-store.test.ts',
    'a snapshot that holds back more log than allowed ends with a retryable error, and commits go on',
  ],
  'not-allocated': ['test/unit/store-block-store.test.ts', 'the lowest free number is allocated, also after a reopen'],
  'version-too-new': [
    'test/unit/tabs-versions.test.ts',
    'a page that faces a leader of a newer release is told to reload',
  ],
  'wrong-thread': [
    'test/unit/engine-worker.test.ts',
    'refuses the main thread of a page and says how to start a worker',
  ],
}

const IMPORT = 'test/unit/client-import.test.ts'
for (const code of ['empty', 'not-sqlite', 'encrypted', 'truncated', 'needs-wal', 'utf16', 'damaged'])
  ELSEWHERE[`import-${code}`] = [IMPORT, `import-${code}`]
ELSEWHERE['import-unreadable'] = [IMPORT, 'import-unreadable, a stream that fails']

describe('an error with the code', () => {
  it.concurrent.each(Object.entries(PROVOKED))('%s is provoked', async (code, provoke) => {
    const error: unknown = await provoke().then(
      () => 'nothing was thrown',
      (thrown: unknown) => thrown,
    )
    const got = (error as { code?: string }).code ?? String(error)
    // Of SQLite's extended codes the family is documented.
    expect(code.startsWith('SQLITE_') ? got.slice(0, code.length) : got, String(error)).toBe(code)
  })

  it.each(Object.entries(ELSEWHERE))('%s is provoked by a test of its own', (_, [file, title]) => {
    expect(existsSync(join(root, file)), file).toBe(true)
    expect(readFileSync(join(root, file), 'utf8')).toContain(`'${title}'`)
  })
})

describe('when memory cannot grow', () => {
  const { grow } = WebAssembly.Memory.prototype
  afterEach(() => {
    WebAssembly.Memory.prototype.grow = grow
  })

  it('SQLITE_NOMEM is provoked', async () => {
    const db = await inMemory()
    await db.value('SELECT 1')
    WebAssembly.Memory.prototype.grow = () => {
      throw new RangeError('no more')
    }
    await expect(db.value('SELECT length(randomblob(100000000))')).rejects.toMatchObject({ code: 'SQLITE_NOMEM' })
    expect(await db.value('SELECT 1')).toBe(1)
    await db.close()
  })
})

it('every documented code is provoked, and every provoked one documented', () => {
  expect(['SQLITE_NOMEM', ...Object.keys(PROVOKED), ...Object.keys(ELSEWHERE)].sort()).toEqual([...documented].sort())
})
