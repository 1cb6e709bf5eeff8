// SQLite's check in parts says the same about a file as its one call does, also where only the pages of all tables together
// show the damage; and between its parts other requests are answered, and it can be given up.
import { describe, expect, it } from 'vitest'
import { MemoryDevice } from '../../src/device/memory.ts'
import { Connection } from '../../src/engine/connection.ts'
import { quickCheck } from '../../src/engine/quick-check.ts'
import { SqliteInstance } from '../../src/engine/sqlite-instance.ts'
import { loadSqlite } from '../../src/engine/sqlite-module.ts'
import { type Clock, realEnvironment } from '../../src/environment.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import { startEngine } from '../support/engine-client.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
import { openPlainIn } from '../support/plain-sqlite.ts'
import { seeded } from '../support/seeded.ts'
import { sqliteWasm } from '../support/sqlite.ts'
import { changed, sqliteFile } from '../support/sqlite-files.ts'

const PAGE = 1024
const TABLES = 20
const FREE = 'CREATE TABLE gone AS SELECT * FROM t; DROP TABLE gone;'

const environment = realEnvironment()
const sqlite3 = await loadSqlite(await sqliteWasm(), {})
const instance = new SqliteInstance(sqlite3, new MemoryBlocks({ blockSize: PAGE }), environment)

async function inParts(file: Uint8Array): Promise<string[]> {
  const view = new MemoryBlocks({ blockSize: PAGE })
  const write = view.begin()
  for (let at = 0; at < file.length; at += PAGE) write.write(at / PAGE, file.subarray(at, at + PAGE))
  write.reserve()
  write.publish([])
  const job = { limits: { deadlineMs: Number.POSITIVE_INFINITY }, checkGoesOn: () => {} }
  const { clock } = environment
  let connection: Connection | undefined
  try {
    connection = new Connection(instance, { name: 'x', blockSize: PAGE, cacheBytes: 1 << 20, view })
    return await quickCheck({ connection, job, clock, pageSize: PAGE })
  } catch (error) {
    return [String(error)]
  } finally {
    connection?.close()
  }
}

function inOneCall(file: Uint8Array): string[] {
  const plain = openPlainIn(sqlite3, file)
  try {
    return plain.selectValues('PRAGMA quick_check').map(String)
  } catch (error) {
    return [String(error)]
  } finally {
    plain.close()
  }
}

describe('the check in parts', () => {
  it.each([
    ['a plain file', '', ''],
    ['free pages', FREE, ''],
    ['auto_vacuum', FREE, 'PRAGMA auto_vacuum=FULL;'],
    ['odd names and WITHOUT ROWID', 'CREATE TABLE "5" (a); CREATE TABLE "a""b\'c" (a PRIMARY KEY) WITHOUT ROWID;', ''],
  ])('finds nothing in %s', async (_, sql, before) => {
    const file = await sqliteFile({ pageSize: PAGE, sql, before })
    expect(inOneCall(file)).toEqual(['ok'])
    expect(await inParts(file)).toEqual([])
  })

  const schema = (sql: string) => `PRAGMA writable_schema=1; ${sql}`
  it.each([
    [
      'a page of two tables',
      "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 't') WHERE name = 'log'",
      /^Page \d+ of \w+ belongs to another one too/,
    ],
    ['pages of no table', "DELETE FROM sqlite_schema WHERE name = 'log'", /^1 pages are never used$/],
  ])('finds %s', async (_, sql, words) => {
    const file = await sqliteFile({ pageSize: PAGE, sql: schema(sql) })
    expect(inOneCall(file)).not.toEqual(['ok'])
    expect(await inParts(file)).toEqual([expect.stringMatching(words)])
  })

  it('finds damage in exactly the files in which the one call does', async () => {
    const whole = await sqliteFile({ pageSize: PAGE, rows: 300, sql: FREE })
    const random = seeded(4)
    let damaged = 0
    for (let i = 0; i < 120; i++) {
      const page = random.int(whole.length / PAGE)
      // The head of a page or its cell pointers, or anything.
      const at = page * PAGE + (page === 0 ? 100 : 0) + random.int(i % 3 === 0 ? PAGE - 100 : 30)
      const file = changed(whole, { [at]: random.int(256) })
      const [one, parts] = [inOneCall(file), await inParts(file)]
      if (one[0] !== 'ok') damaged++
      expect([i, at, one[0] === 'ok' || one]).toEqual([i, at, parts.length === 0 || one])
    }
    expect(damaged).toBeGreaterThan(30)
  })
})

async function started() {
  const store = await BlockStore.open({ device: new MemoryDevice() })
  const turns = { count: 0 }
  const clock: Clock = {
    epochMs: () => environment.clock.epochMs(),
    monotonicMs: () => environment.clock.monotonicMs(),
    after: (ms, callback) => environment.clock.after(ms, callback),
    yield: () => {
      turns.count++
      return environment.clock.yield()
    },
  }
  const { client } = await startEngine({ blocks: store, store, environment: { ...environment, clock } })
  const db = client()
  for (let i = 0; i < TABLES; i++) await db.exec(`CREATE TABLE t${i}(a); INSERT INTO t${i} VALUES(1)`)
  return { db, turns, other: client() }
}

describe('verify', () => {
  it('lets other requests run between the tables, and writes change nothing for it', async () => {
    const { db, turns, other } = await started()
    const before = turns.count
    const order: string[] = []
    const verified = db.request({ type: 'maintenance', action: 'verify' }, 0).answer.then((answer) => {
      order.push('verified')
      return answer
    })
    // The first word of progress is about the blocks, so this comes while SQLite checks the tables.
    await expect.poll(() => db.progress.size, { interval: 0 }).toBe(1)
    await other.run('INSERT INTO t1 VALUES(2)').then(() => order.push('written'))
    expect(await verified).toMatchObject({ report: { kind: 'verify', damaged: [], sqlite: [] } })
    expect(order).toEqual(['written', 'verified'])
    expect(turns.count - before).toBeGreaterThan(TABLES)
  })

  it('that is given up ends between two tables', async () => {
    const { db } = await started()
    const { seq, answer } = db.request({ type: 'maintenance', action: 'verify' }, 0)
    const ended = expect(answer).rejects.toMatchObject({ code: 'aborted' })
    await expect.poll(() => db.progress.size, { interval: 0 }).toBe(1)
    db.cancel(seq)
    await ended
    expect(await db.value('SELECT count(*) FROM t1')).toBe(1)
  })

  it('knows the functions of its client', async () => {
    const { db } = await started()
    const module = `data:text/javascript,${encodeURIComponent('export const positive = (n) => n > 0 ? 1 : 0')}`
    const definition = { name: 'positive', module, export: 'positive', deterministic: true, directOnly: false }
    await db.request({ type: 'function', definition }).answer
    await db.exec('CREATE TABLE c(a CHECK (positive(a))); INSERT INTO c VALUES(1)')
    const answer = await db.request({ type: 'maintenance', action: 'verify' }, 0).answer
    expect(answer).toMatchObject({ report: { sqlite: [] } })
  })
})
