// Streams of rows and the exported file, through the public calls against the real engine and store in one thread.

import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import type { Database } from '../../src/client/database.ts'
import { openWith } from '../../src/client/open.ts'
import { sql } from '../../src/client/sql.ts'
import type { Transport } from '../../src/coordination/platform.ts'
import { LeaderLostError } from '../../src/errors/errors.ts'
import { inProcessPlatform } from '../support/in-process-worker.ts'
import { openPlain } from '../support/plain-sqlite.ts'

const ROWS = 60_000
let db: Database
let chunks = 0
let failWorker: () => void = () => {}

/** Counts the pieces that the worker sends, and can make it fail. */
function observed() {
  const platform = inProcessPlatform()
  return {
    ...platform,
    startWorker: (...given: Parameters<typeof platform.startWorker>): Transport => {
      const inner = platform.startWorker(...given)
      const outer: Transport = {
        onmessage: undefined,
        onfailure: undefined,
        postMessage: (message, transfer) => inner.postMessage(message, transfer),
        terminate: () => inner.terminate(),
      }
      inner.onmessage = (data) => {
        const { answers = [] } = data as { answers?: { type: string }[] }
        chunks += answers.filter(({ type }) => type === 'chunk' || type === 'bytes').length
        outer.onmessage?.(data)
      }
      failWorker = () => {
        inner.terminate()
        outer.onfailure?.({ kind: 'crash', message: 'killed' })
      }
      return outer
    },
  }
}

const fill = (to: Database) =>
  to.exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
    INSERT INTO t SELECT i, printf('%0300d', i) FROM n`)
const pins = async () => (await db.metrics()).pins

beforeAll(async () => {
  db = await openWith(observed(), 'app.db', { storage: 'memory' })
  await fill(db)
})
afterAll(() => db.close())

describe('a stream', () => {
  test('gives every row in order, in each row mode and from each kind of statement', async () => {
    let seen = 0
    for await (const row of db.stream<{ id: number; a: string }>('SELECT id, a FROM t WHERE id > ? ORDER BY id', [0])) {
      if (row.id !== ++seen || row.a.length !== 300) throw new Error(`row ${seen} is ${JSON.stringify(row)}`)
    }
    expect(seen).toBe(ROWS)
    const ids: unknown[] = []
    for await (const row of db.stream(sql`SELECT id FROM t LIMIT ${2}`, { rowMode: 'array' })) ids.push(row)
    for await (const row of db.stream<{ id: number }>`SELECT id FROM t WHERE id = ${7}`) ids.push(row)
    for await (const row of db.stream('SELECT 1 WHERE 0')) ids.push(row)
    expect(ids).toEqual([[1], [2], { id: 7 }])
  })

  test('stays on its snapshot while others write, and holds nobody up', async () => {
    let count = 0
    for await (const { id } of db.stream<{ id: number }>('SELECT id FROM t ORDER BY id DESC')) {
      if (count++ === 0) {
        await db.run('INSERT INTO t VALUES (?, ?)', [0, 'new'])
        await db.run('DELETE FROM t WHERE id = 1')
        expect(await db.value('SELECT count(*) FROM t')).toBe(ROWS)
      }
      if (id === 0) throw new Error('the stream has seen a later commit')
    }
    expect(count).toBe(ROWS)
    await db.run('DELETE FROM t WHERE id = 0')
    await db.run("INSERT INTO t VALUES (1, printf('%0300d', 1))")
  })

  test('sends at most four chunks that nobody takes, and frees its snapshot when the loop ends', async () => {
    const before = chunks
    for await (const _ of db.stream('SELECT a, a AS b, a AS c FROM t')) {
      // The worker would have sent all of its fifty chunks by now.
      for (let i = 0; i < 200; i++) await new Promise((resolve) => setImmediate(resolve))
      await db.value('SELECT 1')
      expect(chunks - before).toBeLessThanOrEqual(5)
      expect(await pins()).toBe(1)
      break
    }
    await expect.poll(pins).toBe(0)
    expect(chunks - before).toBeLessThanOrEqual(6)
  })

  test('ends at its signal, also while nothing is asked for', async () => {
    const controller = new AbortController()
    const rows = db.stream('SELECT a FROM t', [], { signal: controller.signal })
    await rows.next()
    controller.abort()
    await expect(
      (async () => {
        for await (const _ of rows);
      })(),
    ).rejects.toMatchObject({ code: 'aborted' })
    await expect.poll(pins).toBe(0)
  })

  test('ends a wait for rows that takes longer than allowed, not a slow reader', async () => {
    const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0'
    const waiting = db.stream(endless, [], { timeoutMs: 50 }).next()
    await expect(waiting).rejects.toMatchObject({ code: 'timeout' })
    let count = 0
    for await (const _ of db.stream('SELECT a, a AS b FROM t', [], { timeoutMs: 1000 })) {
      if (count++ === 0) await new Promise((resolve) => setTimeout(resolve, 1300))
    }
    expect(count).toBe(ROWS)
  })

  test('sees what was written before it without waiting for the promise', async () => {
    const written = db.run("INSERT INTO t VALUES (-1, 'x')")
    const { value } = await db.stream<{ a: string }>('SELECT a FROM t WHERE id = -1').next()
    expect(value).toEqual({ a: 'x' })
    await written
    await db.run('DELETE FROM t WHERE id = -1')
  })

  test('refuses statements that write, wrong SQL and wrong options', async () => {
    const first = (text: string) => db.stream(text).next()
    await expect(first('INSERT INTO t VALUES (-2, 1) RETURNING id')).rejects.toMatchObject({ code: 'stream-writes' })
    await expect(first('SELECT nix FROM t')).rejects.toMatchObject({ code: 'SQLITE_ERROR' })
    await expect(first('SELECT 1; SELECT 2')).rejects.toMatchObject({ code: 'multiple-statements' })
    expect(() => db.stream('SELECT 1', [], { timeout: 1 } as never)).toThrow("'timeout' is no option")
    expect(await pins()).toBe(0)
  })

  test('waits for another to end when too many run, while other calls go on', async () => {
    const open = Array.from({ length: 6 }, () => db.stream('SELECT a FROM t'))
    for (const rows of open) await rows.next()
    const controller = new AbortController()
    const seventh = db.stream('SELECT 7 AS n', [], { signal: controller.signal }).next()
    await db.transaction((tx) => tx.value('SELECT 1'))
    await open[0]!.return()
    expect((await seventh).value).toEqual({ n: 7 })
    for (const rows of open) await rows.return()
    await expect.poll(pins).toBe(0)
  })

  test('is typed by its rows', () => {
    expectTypeOf(db.stream<{ id: number }>`SELECT 1 AS id`).toEqualTypeOf<
      AsyncGenerator<{ id: number }, void, undefined>
    >()
    expectTypeOf(db.stream<[number]>('SELECT 1', [], { rowMode: 'array' }).next()).resolves.toEqualTypeOf<
      IteratorResult<[number], void>
    >()
    expect(true).toBe(true)
  })
})

describe('an export', () => {
  test('is a file that plain SQLite opens, whole and from one state, while writes go on', async () => {
    const expected = await db.get('SELECT count(*) n, sum(id) s, sum(length(a)) l FROM t')
    const progress: [number, number][] = []
    const stream = db.exportStream({ onProgress: (done, total) => progress.push([done, total]) })
    const parts: Uint8Array[] = []
    let writes = 0
    for (const reader = stream.getReader(); ; ) {
      const { done, value } = await reader.read()
      if (done) break
      parts.push(value)
      expect(value.length).toBeLessThanOrEqual(1 << 20)
      await db.run('UPDATE t SET a = ? WHERE id % 1000 = ?', [`write ${++writes}`, writes])
    }
    const bytes = new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer())
    expect(parts.length).toBeGreaterThan(5)
    expect(progress.at(-1)).toEqual([bytes.length, bytes.length])
    expect([bytes[18], bytes[19]]).toEqual([1, 1])
    const plain = await openPlain(bytes)
    expect(plain.selectValue('PRAGMA integrity_check')).toBe('ok')
    expect(plain.selectObject('SELECT count(*) n, sum(id) s, sum(length(a)) l FROM t')).toEqual(expected)
    plain.close()
    expect(await pins()).toBe(0)
  })

  test('comes as a Blob too, and as one of no bytes from a database without tables', async () => {
    const blob = await db.export()
    expect(blob.type).toBe('application/vnd.sqlite3')
    expect(blob.size).toBe(((await db.value<number>('PRAGMA page_count')) ?? 0) * 4096)
    const plain = await openPlain(new Uint8Array(await blob.arrayBuffer()))
    expect(plain.selectValue('SELECT count(*) FROM t')).toBe(ROWS)
    plain.close()
    const empty = await openWith(inProcessPlatform(), 'empty.db', { storage: 'memory' })
    expect((await empty.export()).size).toBe(0)
    await empty.close()
  })

  test('is not read ahead of its reader, and frees its snapshot when it is cancelled, aborted or fails', async () => {
    const before = chunks
    const reader = db.exportStream().getReader()
    await reader.read()
    for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve))
    await db.value('SELECT 1')
    expect(chunks - before).toBeLessThanOrEqual(5)
    expect(await pins()).toBe(1)
    await reader.cancel()
    const slow = db.exportStream({ timeoutMs: 1000 }).getReader()
    await slow.read()
    await new Promise((resolve) => setTimeout(resolve, 1300))
    while (!(await slow.read()).done);
    await expect.poll(pins).toBe(0)
    const controller = new AbortController()
    const aborted = db.export({ signal: controller.signal, onProgress: () => controller.abort() })
    await expect(aborted).rejects.toMatchObject({ code: 'aborted' })
    const mine = db.export({
      onProgress: () => {
        throw new Error('mine')
      },
    })
    await expect(mine).rejects.toThrow('mine')
    await expect.poll(pins).toBe(0)
  })
})

describe('when the worker dies or the database is closed', () => {
  test('a stream of which rows were taken ends retryable', async () => {
    const rows = db.stream('SELECT a FROM t')
    await rows.next()
    failWorker()
    const error = await (async () => {
      for await (const _ of rows);
    })().catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(LeaderLostError)
    expect(error).toMatchObject({ retryable: true })
    await db.close().catch(() => {})
    db = await openWith(observed(), 'app.db', { storage: 'memory' })
  })

  test('closing ends a stream that nobody reads any more', async () => {
    const other = await openWith(inProcessPlatform(), 'other.db', { storage: 'memory' })
    await fill(other)
    const rows = other.stream('SELECT a, a AS b FROM t')
    await rows.next()
    await other.close()
    await expect(
      (async () => {
        for await (const _ of rows);
      })(),
    ).rejects.toMatchObject({ code: 'closed' })
  })
})
