// `datasync/testing` as tests of applications use it: tabs, deaths and power cuts in one thread, everything else real.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { DatabaseConnection } from '../../src/compat/index.ts'
import {
  crash,
  type Database,
  killTab,
  LeaderLostError,
  open as openShared,
  SimulatedBrowser,
} from '../../src/testing/index.ts'

let browser: SimulatedBrowser
const opened: Database[] = []
beforeEach(() => {
  browser = new SimulatedBrowser()
})
afterEach(async () => {
  vi.useRealTimers()
  await Promise.all(opened.splice(0).map((db) => db.close()))
})

async function open(options?: Parameters<SimulatedBrowser['open']>[1]): Promise<Database> {
  const db = await browser.open('app.db', options)
  opened.push(db)
  return db
}
const count = (db: Database) => db.value('SELECT count(*) FROM t')

test('a database is in memory, and there again after close and open', async () => {
  const db = await open()
  expect(db.info).toMatchObject({ storage: 'memory', role: 'leader', created: true })
  await db.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)')
  await db.close()
  const again = await open()
  expect(again.info.created).toBe(false)
  expect(await count(again)).toBe(1)
  expect((await again.verify()).ok).toBe(true)
})

test('simulated browsers share nothing', async () => {
  await (await open()).exec('CREATE TABLE t (a)')
  const other = await new SimulatedBrowser().open('app.db')
  expect(await other.value('SELECT count(*) FROM sqlite_schema')).toBe(0)
  await other.close()
})

describe('tabs', () => {
  test('of one database elect a leader and see what each other has written', async () => {
    const [first, second, third] = [await open(), await open(), await open()]
    expect([first.info.role, second.info.role, third.info.role]).toEqual(['leader', 'follower', 'follower'])
    await second.exec('CREATE TABLE t (a)')
    await Promise.all([first, second, third].map((db, a) => db.run('INSERT INTO t VALUES (?)', [a])))
    expect(await Promise.all([first, second, third].map(count))).toEqual([3, 3, 3])
    expect(await first.tabs()).toHaveLength(3)
    const blob = new Uint8Array(600_000).fill(7)
    await third.run('INSERT INTO t VALUES (?)', [blob])
    const back = await second.value<Uint8Array>('SELECT a FROM t WHERE typeof(a) = ?', ['blob'])
    expect(Buffer.compare(back!, blob)).toBe(0)
  })

  test('take over when the leading one is closed, and when it is killed', async () => {
    const [first, second, third] = [await open(), await open(), await open()]
    await first.exec('CREATE TABLE t (a)')
    await first.close()
    await second.run('INSERT INTO t VALUES (1)')
    expect(second.info.role).toBe('leader')
    const underWay = second.run('INSERT INTO t VALUES (2)').catch((error: unknown) => error)
    await killTab(second)
    expect(await underWay).toBeInstanceOf(LeaderLostError)
    await expect(second.query('SELECT 1')).rejects.toMatchObject({ code: 'closed' })
    await third.run('INSERT INTO t VALUES (3)')
    expect(third.info.role).toBe('leader')
    expect(await third.value('SELECT count(*) FROM t WHERE a <> 2')).toBe(2)
  })
})

describe('crash', () => {
  test('leaves everything acknowledged, and the same database object goes on', async () => {
    const db = await open()
    await db.exec('CREATE TABLE t (a)')
    for (let a = 0; a < 20; a++) await db.run('INSERT INTO t VALUES (?)', [a])
    const term = db.info.term
    await crash(db)
    expect(await count(db)).toBe(20)
    expect(db.info.term).toBeGreaterThan(term)
    expect((await db.verify()).ok).toBe(true)
  })

  test('between a call and its answer leads to one row, not to none and not to two', async () => {
    const db = await open()
    await db.exec('CREATE TABLE t (a)')
    for (let turns = 0; turns < 4; turns++) {
      const written = db.run('INSERT INTO t VALUES (?)', [turns])
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
      await crash(db)
      expect(await written).toMatchObject({ changes: 1 })
      expect(await count(db)).toBe(turns + 1)
    }
  })

  test('rolls an open transaction back, retries run it again', async () => {
    const db = await open()
    await db.exec('CREATE TABLE t (a)')
    let runs = 0
    const work = (retries: number) =>
      db.transaction(
        async (tx) => {
          await tx.run('INSERT INTO t VALUES (1)')
          if (++runs === 1 || retries === 0) await crash(db)
          await tx.run('INSERT INTO t VALUES (2)')
        },
        { retries },
      )
    await work(1)
    expect([runs, await count(db)]).toEqual([2, 2])
    await expect(work(0)).rejects.toMatchObject({ code: 'leader-lost', applied: 'no', retryable: true })
    expect(await count(db)).toBe(2)
  })

  test('in another tab does the same: any tab may be named', async () => {
    const [first, second] = [await open(), await open()]
    await first.exec('CREATE TABLE t (a)')
    await second.run('INSERT INTO t VALUES (1)')
    await crash(second)
    await second.run('INSERT INTO t VALUES (2)')
    expect(await count(first)).toBe(2)
  })

  test('with a power cut takes what is not synced: nothing of strict, the last moments of relaxed', async () => {
    const strict = await open()
    await strict.exec('CREATE TABLE t (a)')
    for (let a = 0; a < 5; a++) await strict.run('INSERT INTO t VALUES (?)', [a])
    await crash(strict, { lose: 'unsynced' })
    expect(await count(strict)).toBe(5)
    await strict.close()

    const never = { intervalMs: 0, debounceMs: 0, maxDirtyBytes: 0, maxDirtyBlocks: 0 }
    const relaxed = await open({ durability: 'relaxed', sync: never })
    await relaxed.run('INSERT INTO t VALUES (5)')
    await relaxed.sync()
    await relaxed.run('INSERT INTO t VALUES (6)')
    await crash(relaxed)
    expect(await count(relaxed)).toBe(7)
    await relaxed.sync()
    await relaxed.run('INSERT INTO t VALUES (7)')
    await crash(relaxed, { lose: 'unsynced' })
    expect(await count(relaxed)).toBe(7)
    expect((await relaxed.verify()).ok).toBe(true)
  })

  // A database in memory could not be opened where there are tabs: its engine waited for a lock that only tabs hold.
  test('is refused for a database that is not of a simulated browser', async () => {
    const [memory, other] = [await open({ storage: 'memory' }), await open({ storage: 'memory' })]
    await memory.exec('CREATE TABLE t (a)')
    expect(await other.value('SELECT count(*) FROM sqlite_schema')).toBe(0)
    await expect(crash(memory)).rejects.toMatchObject({ code: 'invalid-argument' })
    await expect(killTab({} as Database)).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})

test('fake timers of a test do not stop a database', async () => {
  vi.useFakeTimers()
  const db = await open()
  await db.exec('CREATE TABLE t (a)')
  await crash(db)
  expect(await count(db)).toBe(0)
  await db.close()
})

test('databases are listed and deleted; who has one open lets go of it', async () => {
  const db = await open()
  const gone = new Promise((resolve) => db.on('gone', resolve))
  expect(await browser.listDatabases()).toEqual([{ name: 'app.db', storage: 'memory', created: expect.any(Date) }])
  expect(await browser.deleteDatabase('app.db')).toBe(true)
  await gone
  await expect(db.query('SELECT 1')).rejects.toMatchObject({ code: 'closed' })
  expect(await browser.deleteDatabase('app.db')).toBe(false)
  expect(await browser.listDatabases()).toEqual([])
})

test('open() without a browser uses one for all, and the older APIs can use it', async () => {
  const [one, two] = [await openShared('shared.db'), await openShared('shared.db')]
  await one.exec('CREATE TABLE t (a)')
  expect(await count(two)).toBe(0)
  const older = new DatabaseConnection({ name: 'shared.db', open: openShared })
  expect(await older.query('INSERT INTO t VALUES (1)')).toBe('1')
  await Promise.all([one.close(), two.close(), older.close()])
})
