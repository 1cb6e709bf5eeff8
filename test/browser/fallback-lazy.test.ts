// A database on IndexedDB that is several times larger than what may stay in memory: where the page is cross-origin
// isolated it opens and works, with a helper worker that fetches what is needed; elsewhere it is refused by name.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { CROSS_ORIGIN_ISOLATED, startServer, type TestServer } from '../support/browsers/server.ts'
import { type BrowserSession, PageError } from '../support/browsers/session.ts'
import { call } from '../support/browsers/steps.ts'
import type { DatabaseSteps } from './pages/database.ts'

const RESIDENT_BYTES = 10_000_000
const ROWS = 8000
const PORTION = 250
const PAGES = ['database', 'little-memory-worker']
const LITTLE = { storage: 'indexeddb', workerUrl: `/pages/little-memory-worker.js?${RESIDENT_BYTES}` } as const

/** Rows of 5 KB that follow from their number and how often they were changed: 40 MB in all. */
const SCHEMA = 'CREATE TABLE t (id INTEGER PRIMARY KEY, changes INTEGER NOT NULL, body TEXT NOT NULL)'
const WRONG = "SELECT count(*) FROM t WHERE body <> printf('%05000d', id * 100 + changes)"
const rows = (from: number) => `
  WITH RECURSIVE n (id) AS (VALUES (${from}) UNION ALL SELECT id + 1 FROM n WHERE id < ${from + PORTION - 1})
  INSERT INTO t SELECT id, 0, printf('%05000d', id * 100) FROM n`
const CHANGE = `
  UPDATE t SET changes = changes + 1, body = printf('%05000d', id * 100 + changes + 1) WHERE (id - 1) / 200 = `

describe.each(AVAILABLE.filter((kind) => kind !== 'webkit'))('in %s', (kind) => {
  let server: TestServer
  let browser: BrowserSession
  const open = (name: string, options: typeof LITTLE | { storage: 'indexeddb' } = LITTLE) =>
    call<DatabaseSteps, 'open'>(browser.page, 'open', { name, options: { ...options, timeoutMs: 110_000 } })
  const exec = (sql: string) => call<DatabaseSteps, 'exec'>(browser.page, 'exec', sql)
  const value = (sql: string) => call<DatabaseSteps, 'value'>(browser.page, 'value', { sql })
  const fill = async (count: number) => {
    await exec(SCHEMA)
    for (let from = 1; from < count; from += PORTION) await exec(rows(from))
  }

  describe('where the page is cross-origin isolated', () => {
    beforeAll(async () => {
      server = await startServer({ pages: PAGES, headers: CROSS_ORIGIN_ISOLATED })
      browser = await launch(kind)
      await browser.page.goto(server.page('database'))
    })
    afterAll(async () => {
      await browser?.close()
      await server?.close()
    })

    it('grows beyond the memory, answers, is changed, checked, killed and opened again', async () => {
      expect((await open('large.db')).storage).toBe('indexeddb')
      await fill(ROWS)
      expect(await value('SELECT count(*) FROM t')).toBe(ROWS)
      expect(await value(WRONG)).toBe(0)
      await browser.page.reload()

      const info = await open('large.db')
      expect(info.why.join(' ')).toMatch(/helper worker/)
      expect(await value("SELECT id FROM t WHERE body = printf('%05000d', 541700)")).toBe(5417)
      for (let part = 0; part < 40; part += 5) await exec(`${CHANGE} ${part}`)
      await call<DatabaseSteps, 'checkpoint'>(browser.page, 'checkpoint', null)
      expect(await value('PRAGMA integrity_check')).toBe('ok')
      expect(await value(WRONG)).toBe(0)
      expect(await value('SELECT sum(changes) FROM t')).toBe(ROWS / 5)

      await call<DatabaseSteps, 'killInside'>(browser.page, 'killInside', { sql: `${CHANGE} 3`, killAfterMs: 5 })
      expect(await value('SELECT sum(changes) FROM t')).toBe(ROWS / 5 + ROWS / 40)
      expect(await value(WRONG)).toBe(0)
      await browser.page.reload()
      await open('large.db')
      expect(await value('PRAGMA integrity_check')).toBe('ok')
      expect(await value(WRONG)).toBe(0)
      expect(await value('SELECT sum(changes) FROM t')).toBe(ROWS / 5 + ROWS / 40)
      await call<DatabaseSteps, 'close'>(browser.page, 'close', null)
    })

    it('a transaction that changes more than may stay in memory ends SQLITE_FULL, and nothing of it is left', async () => {
      await open('large.db')
      const before = await value('SELECT sum(changes) FROM t')
      const failure = await exec("UPDATE t SET changes = 99, body = printf('%05000d', id * 100 + 99)").catch(
        (error: unknown) => error,
      )
      expect(failure).toBeInstanceOf(PageError)
      expect(failure).toMatchObject({ thrown: { code: 'SQLITE_FULL' } })
      expect(await value('SELECT sum(changes) FROM t')).toBe(before)
      expect(await value(WRONG)).toBe(0)
      await call<DatabaseSteps, 'close'>(browser.page, 'close', null)
    })

    it('is deleted while nobody has it open, helper included', async () => {
      await call<DatabaseSteps, 'deleteDatabase'>(browser.page, 'deleteDatabase', 'large.db')
      expect(await call<DatabaseSteps, 'listDatabases'>(browser.page, 'listDatabases', null)).toEqual([])
    })
  })

  describe('where the page is not cross-origin isolated', () => {
    beforeAll(async () => {
      server = await startServer({ pages: PAGES })
      browser = await launch(kind)
      await browser.page.goto(server.page('database'))
    })
    afterAll(async () => {
      await browser?.close()
      await server?.close()
    })

    it('is refused as too large for the storage, and is opened where there is more memory', async () => {
      await open('large.db', { storage: 'indexeddb' })
      await fill(8 * PORTION)
      await call<DatabaseSteps, 'close'>(browser.page, 'close', null)
      const failure = await open('large.db').catch((error: unknown) => error)
      expect(failure).toMatchObject({ thrown: { name: 'StorageError', code: 'too-large-for-storage' } })
      await open('large.db', { storage: 'indexeddb' })
      expect(await value(WRONG)).toBe(0)
    })
  })
})
