// Streams, export and housekeeping through the built package, in each browser and storage. What the page exports is opened
// here with plain SQLite.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { startServer, type TestServer } from '../support/browsers/server.ts'
import type { BrowserSession } from '../support/browsers/session.ts'
import { call } from '../support/browsers/steps.ts'
import { storagesOf } from '../support/browsers/storages.ts'
import { openPlain } from '../support/plain-sqlite.ts'
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

  it.each(storagesOf(kind))('streams, exports and tidies a database on %s', async (storage) => {
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
