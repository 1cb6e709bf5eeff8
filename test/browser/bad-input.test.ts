// What a wrong call, a second tab and a damaged store lead to, through the built package in Chromium on OPFS: a typed
// error that says what is wrong, and nothing changed.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { startServer, type TestServer } from '../support/browsers/server.ts'
import {
  type BrowserPage,
  type BrowserSession,
  type Json,
  PageError,
  type PageErrorFacts,
} from '../support/browsers/session.ts'
import { call } from '../support/browsers/steps.ts'
import type { DatabaseSteps } from './pages/database.ts'

const OPTIONS = { storage: 'opfs' } as const

describe.skipIf(!AVAILABLE.includes('chromium'))('in chromium', () => {
  // A server of its own gives each test an origin and thus storage of its own.
  let server: TestServer
  let browser: BrowserSession
  let page: BrowserPage
  beforeEach(async () => {
    server = await startServer({ pages: ['database'] })
    browser = await launch('chromium')
    page = browser.page
    await page.goto(server.page('database'))
    await open()
  })
  afterEach(async () => {
    await browser?.close()
    await server?.close()
  })

  const open = (on = page) => call<DatabaseSteps, 'open'>(on, 'open', { name: 'app.db', options: OPTIONS })
  const close = () => call<DatabaseSteps, 'close'>(page, 'close', null)
  const exec = (sql: string) => call<DatabaseSteps, 'exec'>(page, 'exec', sql)
  const value = (sql: string) => call<DatabaseSteps, 'value'>(page, 'value', { sql })
  const query = (sql: string, params: Json = []) =>
    page.evaluate<Json>('({ sql, params }) => globalThis.steps.query({ sql, params })', { sql, params })

  it('reports an SQL error with its code and the offset of the token', async () => {
    const error = await thrownBy(query('SELECT 1 FORM nowhere'))
    expect(error).toMatchObject({ name: 'SqliteError', code: 'SQLITE_ERROR' })
    expect(error.fields).toMatchObject({ offset: 'SELECT 1 FORM '.length, sql: 'SELECT 1 FORM nowhere' })
  })

  it('reports a broken constraint by its extended code and keeps the table as it was', async () => {
    await exec("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE); INSERT INTO t (name) VALUES ('one')")
    const error = await thrownBy(
      call<DatabaseSteps, 'run'>(page, 'run', { sql: "INSERT INTO t (name) VALUES ('one')" }),
    )
    expect(error).toMatchObject({ name: 'SqliteError', code: 'SQLITE_CONSTRAINT_UNIQUE' })
    expect(await value('SELECT count(*) FROM t')).toBe(1)
  })

  it('names the parameter whose value cannot be stored', async () => {
    const byName = await thrownBy(query('SELECT :id, :name', { id: 1, name: { first: 'Ada' } }))
    expect(byName).toMatchObject({ name: 'BindError', code: 'bind' })
    expect(byName.message).toContain('name')
    const byPosition = await thrownBy(query('SELECT ?, ?', [1, ['a', 'b']]))
    expect(byPosition).toMatchObject({ name: 'BindError', code: 'bind', fields: { parameter: 2 } })
  })

  it('names a parameter that the statement does not have, and one that was not given', async () => {
    const unknown = await thrownBy(query('SELECT :id', { id: 1, idd: 2 }))
    expect(unknown).toMatchObject({ name: 'BindError', code: 'bind' })
    expect(unknown.message).toContain('idd')
    const missing = await thrownBy(query('SELECT :id, :name', { id: 1 }))
    expect(missing).toMatchObject({ name: 'BindError', code: 'bind' })
    expect(missing.message).toContain('name')
  })

  it('refuses a second statement and runs neither', async () => {
    await exec('CREATE TABLE t (a)')
    const error = await thrownBy(
      call<DatabaseSteps, 'run'>(page, 'run', { sql: 'INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)' }),
    )
    expect(error.code).toBe('multiple-statements')
    expect(await value('SELECT count(*) FROM t')).toBe(0)
  })

  it('refuses an unknown option and lists the known ones', async () => {
    const error = await thrownBy(
      page.evaluate('() => globalThis.steps.open({ name: "other.db", options: { durabilty: "strict" } })'),
    )
    expect(error.message).toContain('durabilty')
    for (const known of ['durability', 'storage', 'integers', 'blockSize', 'cacheBytes', 'timeoutMs']) {
      expect(error.message).toContain(known)
    }
  })

  it('answers with busy where something else holds the storage, and opens it when that has gone', async () => {
    await exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)')
    await close()
    const holder = await browser.newPage()
    await holder.goto(server.page('database'))
    await holder.evaluate(`() => new Promise((held) => {
      navigator.locks.request('datasync:app.db:store', () => new Promise(() => held(true)))
    })`)
    const before = await databases(page)
    expect(await thrownBy(open(page))).toMatchObject({ name: 'StorageError', code: 'busy' })
    expect(await databases(page)).toEqual(before)
    await holder.close()
    expect(await open(page)).toMatchObject({ storage: 'opfs' })
    expect(await value('SELECT a FROM t')).toBe(1)
  })

  it('leaves a store of an unknown format untouched, byte for byte', async () => {
    await exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)')
    await close()
    await call<DatabaseSteps, 'setFormatVersion'>(page, 'setFormatVersion', 9)
    const before = await call<DatabaseSteps, 'storedState'>(page, 'storedState', null)
    const error = await thrownBy(open())
    expect(error).toMatchObject({ name: 'StorageError', code: 'format-unknown' })
    await page.reload()
    expect(await call<DatabaseSteps, 'storedState'>(page, 'storedState', null)).toEqual(before)
    // Proof that only the version stood in the way.
    await call<DatabaseSteps, 'setFormatVersion'>(page, 'setFormatVersion', 1)
    await open()
    expect(await value('SELECT a FROM t')).toBe(1)
  })

  it('reports a damaged block by its number, never returns it, and still serves the others', async () => {
    await exec('CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)')
    await exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)
      INSERT INTO t SELECT i, CASE i WHEN 2000 THEN 'the marked row ' ELSE 'row ' || i END || hex(zeroblob(500)) FROM n`)
    // So much that it goes to segments of `main` and not to the log alone.
    await close()
    const block = await call<DatabaseSteps, 'damageBlockWith'>(page, 'damageBlockWith', 'the marked row')
    expect(block).toBeGreaterThan(1)
    await open()
    const error = await thrownBy(query('SELECT body FROM t WHERE id = 2000'))
    expect(error).toMatchObject({ name: 'StorageError', code: 'corrupt', fields: { block } })
    expect(error.message).toContain(String(block))
    expect((await thrownBy(query('SELECT id, body FROM t'))).code).toBe('corrupt')
    expect(await value('SELECT length(body) FROM t WHERE id = 1')).toBe('row 1'.length + 1000)
  })
})

async function databases(page: BrowserPage) {
  return (await call<DatabaseSteps, 'storedState'>(page, 'storedState', null)).databases
}

async function thrownBy(action: Promise<unknown>): Promise<PageErrorFacts> {
  const error = await action.then(
    (value) => new Error(`nothing was thrown, the answer was ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  )
  if (error instanceof PageError) return error.thrown
  throw error
}
