// Streams, export, import and housekeeping through the built package, in each browser and storage. What the page exports is opened
// here with plain SQLite.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { startServer, type TestServer } from '../support/browsers/server.ts'
import type { BrowserSession } from '../support/browsers/session.ts'
import { call } from '../support/browsers/steps.ts'
import { storagesOf } from '../support/browsers/storages.ts'
import { openPlain } from '../support/plain-sqlite.ts'
import { dumpOf, sqliteFile } from '../support/sqlite-files.ts'
import type { ApiSteps } from './pages/api.ts'

const ROWS = 20_000

let server: TestServer
beforeAll(async () => {
  server = await startServer({ pages: ['api'] })
})
afterAll(() => server?.close())

describe.each(AVAILABLE)('in %s', (kind) => {
  let browser: BrowserSession
  beforeAll(async () => {
    browser = await launch(kind)
  })
  afterAll(() => browser?.close())

  it('tells what it offers', async () => {
    const { page } = browser
    await page.goto(server.page('api'))
    const report = await call<ApiSteps, 'doctor'>(page, 'doctor', null)
    const [best] = storagesOf(kind)
    expect(report).toMatchObject({ storage: best, worker: { available: true }, webLocks: true, databases: [] })
    expect(report.opfs.available).toBe(best === 'opfs')
    expect(report.indexedDb.available).toBe(true)
    expect(report.why.join(' ')).toMatch(
      best === 'opfs' ? /^OPFS works/ : /^OPFS cannot be used here: .*IndexedDB works/,
    )
  })

  it.each(storagesOf(kind))('streams, exports, imports and tidies a database on %s', async (storage) => {
    const { page } = browser
    await page.goto(server.page('api'))
    expect(await call<ApiSteps, 'fill'>(page, 'fill', { storage, rows: ROWS })).toBe(3)
    const streamed = await call<ApiSteps, 'stream'>(page, 'stream', null)
    expect(streamed).toEqual({ seen: ROWS, sum: (ROWS * (ROWS + 1)) / 2 })

    const exported = await call<ApiSteps, 'export'>(page, 'export', null)
    expect(exported.last).toEqual([exported.size, exported.size])
    const plain = await openPlain(Buffer.from(exported.base64, 'base64'))
    expect(plain.selectValue('PRAGMA integrity_check')).toBe('ok')
    expect(plain.selectValue('SELECT count(*) FROM t')).toBe(ROWS + 1)
    plain.close()

    // Pages of another size than the database has, in a file that a plain SQLite has written.
    const file = await sqliteFile({ pageSize: 8192, rows: ROWS })
    const base64 = Buffer.from(file).toString('base64')
    const imported = await call<ApiSteps, 'import'>(page, 'import', { base64, pageSize: 8192 })
    expect(imported).toEqual({
      aborted: 'aborted',
      kept: true,
      refused: 'import-truncated',
      progress: [file.length, file.length],
      ok: true,
      kind: { blockSize: 8192, again: 8192, pageSize: 8192 },
      log: 'after the import',
    })
    const back = await call<ApiSteps, 'export'>(page, 'export', null)
    const dump = await dumpOf(Buffer.from(back.base64, 'base64'))
    expect(dump).toBe(
      await dumpOf(await sqliteFile({ pageSize: 8192, rows: ROWS, sql: "UPDATE t SET a = 'changed' WHERE id = 5" })),
    )

    const { grown, left, rows } = await call<ApiSteps, 'memory'>(page, 'memory', null)
    expect(grown).toBeGreaterThan(40)
    expect(left).toBeLessThan(20)
    expect(rows).toBe(ROWS)

    const { report, progressed, folded, liveBytes, pages } = await call<ApiSteps, 'housekeeping'>(
      page,
      'housekeeping',
      null,
    )
    expect(report).toEqual({ ok: true, blocks: pages, damaged: [], sqlite: [] })
    expect({ progressed, folded }).toEqual({ progressed: pages, folded: true })
    expect(liveBytes).toBeLessThan(exported.size / 10)
  })
})
