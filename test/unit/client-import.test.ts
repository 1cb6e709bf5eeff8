// Importing SQLite files through the public calls, against the real engine and store in one thread.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../src/client/database.ts'
import { openWith } from '../../src/client/open.ts'
import { ImportError, SnapshotTooOldError } from '../../src/errors/errors.ts'
import { inProcessPlatform } from '../support/in-process-worker.ts'
import { changed, dumpOf, sqliteFile } from '../support/sqlite-files.ts'

let db: Database

beforeEach(async () => {
  db = await openWith(inProcessPlatform(), 'app.db', { storage: 'memory' })
  await db.exec("CREATE TABLE old (a); INSERT INTO old VALUES ('was here')")
})
afterEach(() => db.close())

const exported = async () => new Uint8Array(await (await db.export()).arrayBuffer())
/** Pieces as a stream of the platform. */
function streamOf(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      await iterator.return?.()
    },
  })
}
/** The database is as it was before, and can be written. */
async function isAsItWas() {
  expect(await db.value('SELECT a FROM old')).toBe('was here')
  await db.run("INSERT INTO old VALUES ('later')")
  expect((await db.verify()).ok).toBe(true)
}

describe('a file of another program', () => {
  test.each([512, 1024, 2048, 4096, 8192, 16384, 32768, 65536])(
    'with pages of %d bytes becomes the database',
    async (pageSize) => {
      const file = await sqliteFile({ pageSize })
      await db.import(file)
      expect(db.info).toMatchObject({ blockSize: pageSize })
      expect(await db.value('PRAGMA page_size')).toBe(pageSize)
      expect(await db.value('PRAGMA user_version')).toBe(77)
      expect(await dumpOf(await exported())).toBe(await dumpOf(file))
      await db.run("INSERT INTO t (a) VALUES ('new')")
      await db.run('DELETE FROM t WHERE id = 1')
      expect(await db.query('SELECT * FROM v, log')).toEqual([{ n: 1000, id: 1 }])
      expect(await db.value("SELECT count(*) FROM f WHERE f MATCH 'text'")).toBe(49)
      expect(await db.verify()).toMatchObject({ ok: true })
      await expect(db.query('SELECT * FROM old')).rejects.toMatchObject({ code: 'SQLITE_ERROR' })
    },
  )

  test('can be given as a Blob, as a buffer, and as a stream of pieces of any size', async () => {
    const file = await sqliteFile({ rows: 3000 })
    const dump = await dumpOf(file)
    const pieces = [1, 99, 5000, 100_000, file.length].map((end, i, ends) => file.slice(ends[i - 1] ?? 0, end))
    const stream = () => streamOf(pieces)
    for (const source of [new Blob([file as Uint8Array<ArrayBuffer>]), file.slice().buffer as ArrayBuffer, stream()]) {
      await db.import(source)
      expect(await dumpOf(await exported())).toBe(dump)
      await db.run('DELETE FROM t')
    }
  })

  test('in WAL mode becomes an ordinary one', async () => {
    const file = changed(await sqliteFile(), { 18: 2, 19: 2 })
    await db.import(file)
    expect(await db.value('SELECT count(*) FROM t')).toBe(1000)
    expect((await exported()).slice(18, 20)).toEqual(new Uint8Array([1, 1]))
  })

  test('that uses a collation of its program is imported, with a warning', async () => {
    const sql = 'CREATE TABLE c (a TEXT COLLATE NOCASE); CREATE INDEX c_a ON c (a)'
    const text = Buffer.from(await sqliteFile({ sql }))
    text.write('MYCASE', text.indexOf('NOCASE'))
    const warnings: string[] = []
    db.on('warning', ({ message }) => warnings.push(message))
    await db.import(new Uint8Array(text))
    expect(warnings).toEqual([expect.stringContaining('MYCASE')])
    expect(await db.value('SELECT count(*) FROM t')).toBe(1000)
  })

  test('is imported again and again without taking more and more space', async () => {
    const file = await sqliteFile({ rows: 20_000 })
    await db.import(file)
    await db.import(file)
    const { places } = await db.metrics()
    for (let i = 0; i < 3; i++) await db.import(file)
    expect((await db.metrics()).places).toBe(places)
    expect(await db.value('SELECT count(*) FROM t')).toBe(20_000)
  })
})

describe('a file that cannot be imported is answered with its code, and the database stays:', () => {
  const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes))
  const text = (words: string) => new TextEncoder().encode(words)
  test.each<[string, string, () => Promise<Uint8Array> | Uint8Array]>([
    ['import-empty', 'of no bytes', () => new Uint8Array(0)],
    ['import-not-sqlite', 'of text', () => text('id,name\n1,one\n'.repeat(1000))],
    ['import-not-sqlite', 'that is a ZIP archive', () => new Uint8Array([0x50, 0x4b, 3, 4, ...random(60_000)])],
    ['import-not-sqlite', 'of a few bytes', () => text('hello')],
    ['import-encrypted', 'that is encrypted', () => random(64 * 1024)],
    ['import-encrypted', 'that is encrypted and small', () => random(1024)],
    ['import-truncated', 'that ends in its header', async () => (await sqliteFile()).slice(0, 50)],
    ['import-truncated', 'that ends in the middle of its pages', async () => (await sqliteFile()).slice(0, 20_000)],
    [
      'import-truncated',
      'of an old writer that ends inside a page',
      async () => changed(await sqliteFile(), { 92: 9 }).slice(0, 20_000),
    ],
    ['import-needs-wal', 'in WAL mode without any table', async () => (await walFile()).slice(0, 4096)],
    [
      'import-needs-wal',
      'in WAL mode that is shorter than it says',
      async () => changed((await sqliteFile()).slice(0, 8192), { 18: 2, 19: 2 }),
    ],
    ['import-utf16', 'with its text in UTF-16', async () => changed(await sqliteFile(), { 59: 2 })],
    ['import-damaged', 'with a page size that is none', async () => changed(await sqliteFile(), { 16: 3, 17: 7 })],
    ['import-damaged', 'of a file format to come', async () => changed(await sqliteFile(), { 18: 9 })],
    ['import-damaged', 'with a page of zeros', async () => (await sqliteFile()).fill(0, 8192, 12_288)],
    [
      'import-damaged',
      'with a page of noise',
      async () => {
        const file = await sqliteFile()
        file.set(random(4096), 4096)
        return file
      },
    ],
    [
      'import-damaged',
      'with a broken schema',
      async () => {
        const file = Buffer.from(await sqliteFile())
        file.write('CREATE XABLE t', file.indexOf('CREATE TABLE t '))
        return new Uint8Array(file)
      },
    ],
  ])('%s, %s', async (code, _, make) => {
    const error = await db.import(await make()).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(ImportError)
    expect(error).toMatchObject({ code, retryable: false })
    await isAsItWas()
  })

  test('import-unreadable, a stream that fails', async () => {
    const file = await sqliteFile({ rows: 20_000 })
    async function* pieces() {
      yield file.slice(0, 100_000)
      throw new Error('the network went away')
    }
    const error = await db.import(streamOf(pieces())).catch((e: unknown) => e)
    expect(error).toMatchObject({
      code: 'import-unreadable',
      message: expect.stringContaining('the network went away'),
    })
    await isAsItWas()
  })

  test('invalid-argument, what is no file at all', async () => {
    for (const source of ['file.db', 7, null, {}, new Uint16Array(3)])
      await expect(db.import(source as never)).rejects.toMatchObject({ code: 'invalid-argument' })
    const locked = new Blob([]).stream()
    locked.getReader()
    await expect(db.import(locked)).rejects.toMatchObject({ code: 'invalid-argument' })
    await expect(db.import(streamOf(['text'] as never))).rejects.toMatchObject({ code: 'invalid-argument' })
    await isAsItWas()
  })
})

/** The first page that SQLite writes when an empty database is put into WAL mode. */
async function walFile(): Promise<Uint8Array> {
  const file = changed(await sqliteFile({ sql: 'DROP TABLE t; DROP TABLE log; DROP VIEW v; DROP TABLE f; VACUUM' }), {
    18: 2,
    19: 2,
  })
  return file
}

describe('while a file is imported', () => {
  /** A stream that waits in the middle of the file until it is let go on. */
  function halfway(file: Uint8Array) {
    let go = () => {}
    const waits = new Promise<void>((resolve) => {
      go = resolve
    })
    let cancelled = false
    let step = 0
    const stream = new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (step++ === 0) return controller.enqueue(file.subarray(0, 2_500_000))
        await waits
        controller.enqueue(file.subarray(2_500_000))
        controller.close()
      },
      cancel() {
        cancelled = true
      },
    })
    return { stream, go, isCancelled: () => cancelled }
  }
  const bigFile = () => sqliteFile({ rows: 80_000 })

  test('reads see the database as it was, writes wait and then find the new one', async () => {
    const file = await bigFile()
    const { stream, go } = halfway(file)
    const seen: number[] = []
    const importing = db.import(stream, { onProgress: (done) => seen.push(done) })
    await expect.poll(() => seen.length).toBeGreaterThan(1)
    expect(await db.value('SELECT a FROM old')).toBe('was here')
    const writing = db.run("INSERT INTO t (a) VALUES ('waited')", [], { timeoutMs: 150 })
    await new Promise((resolve) => setTimeout(resolve, 900))
    go()
    await importing
    expect(await writing).toMatchObject({ changes: 1, lastInsertRowid: 80_001 })
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(seen.at(-1)).toBe(file.length)
  })

  test('its signal ends it at any moment, and its source is cancelled', async () => {
    const file = await bigFile()
    for (const moment of [0, 1, 2]) {
      const controller = new AbortController()
      const { stream, isCancelled } = halfway(file)
      const importing = db.import(stream, {
        signal: controller.signal,
        onProgress: () => moment === 1 && controller.abort(),
      })
      if (moment === 0) controller.abort()
      if (moment === 2) setTimeout(() => controller.abort(), 30)
      await expect(importing).rejects.toMatchObject({ code: 'aborted' })
      if (moment > 0) await expect.poll(isCancelled).toBe(true)
    }
    await expect.poll(async () => (await db.metrics()).queueDepth).toBe(1)
    await isAsItWas()
  })

  test('its time limit counts, and an onProgress that throws ends it', async () => {
    const file = await bigFile()
    await expect(db.import(halfway(file).stream, { timeoutMs: 60 })).rejects.toMatchObject({ code: 'timeout' })
    const mine = db.import(file, {
      onProgress: () => {
        throw new Error('mine')
      },
    })
    await expect(mine).rejects.toThrow('mine')
    await isAsItWas()
  })

  test('what read from the old database ends and may be made again; what was prepared goes on', async () => {
    await db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b)')
    await db.run(
      'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 90000) INSERT INTO t SELECT i, hex(zeroblob(100)), i FROM n',
    )
    const statement = await db.prepare('SELECT count(*) n FROM t')
    const rows = db.stream('SELECT * FROM t')
    await rows.next()
    const exporting = db.exportStream().getReader()
    await exporting.read()
    const reopened: unknown[] = []
    db.on('reopened', (detail) => reopened.push(detail))
    let reads = 0
    const reading = db.transaction(
      async (tx) => {
        reads++
        const before = await tx.value('SELECT count(*) FROM t')
        if (reads === 1) await db.import(await sqliteFile({ pageSize: 8192 }))
        return [before, await tx.value('SELECT count(*) FROM t')]
      },
      { readonly: true, retries: 1 },
    )
    expect(await reading).toEqual([1000, 1000])
    expect(reads).toBe(2)
    const rest = async () => {
      for await (const _ of rows);
    }
    await expect(rest()).rejects.toBeInstanceOf(SnapshotTooOldError)
    const pieces = async () => {
      while (!(await exporting.read()).done);
    }
    await expect(pieces()).rejects.toBeInstanceOf(SnapshotTooOldError)
    expect(await statement.query()).toEqual([{ n: 1000 }])
    expect(reopened).toEqual([{ blockSize: 8192, term: db.info.term }])
  })

  test('a second import waits for the first, and close for both', async () => {
    const first = db.import(await sqliteFile({ pageSize: 1024, rows: 5 }))
    const second = db.import(await sqliteFile({ pageSize: 2048, rows: 7 }))
    const count = db.run('DELETE FROM t')
    await db.close()
    await first
    await second
    expect((await count).changes).toBe(7)
  })

  test('inside of a transaction it is refused instead of waiting for itself', async () => {
    const file = await sqliteFile()
    const inside = db.transaction(async (tx) => {
      await tx.run("INSERT INTO old VALUES ('x')")
      await db.import(file)
    })
    await expect(inside).rejects.toMatchObject({ code: 'transaction-deadlock' })
    await db.run('BEGIN')
    await expect(db.import(file)).rejects.toMatchObject({ code: 'connection-state' })
    await db.run('ROLLBACK')
    await isAsItWas()
  })

  test('checkpoint, verify, sync and metrics do not get in its way', async () => {
    const file = await bigFile()
    const calls = [db.import(file), db.checkpoint(), db.sync(), db.compact(), db.metrics()]
    const verified = await db.verify().catch((error: unknown) => error)
    await Promise.all(calls)
    if (verified instanceof Error) expect(verified).toMatchObject({ code: 'snapshot-too-old' })
    expect((await db.verify()).ok).toBe(true)
    expect(await db.value('SELECT count(*) FROM t')).toBe(80_000)
  })
})
