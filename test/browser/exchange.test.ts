// A SQLite file imported and exported from a tab that follows, whose bytes go through the leading tab's worker, over each
// transport: both tabs have the new content then; an import that is aborted, or whose leader dies, leaves the old one.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { startServer, type TestServer } from '../support/browsers/server.ts'
import type { BrowserPage, BrowserSession } from '../support/browsers/session.ts'
import { call } from '../support/browsers/steps.ts'
import { dumpOf, sqliteFile } from '../support/sqlite-files.ts'
import type { ExchangeSteps } from './pages/exchange.ts'

let server: TestServer
let file: Buffer
beforeAll(async () => {
  server = await startServer({ pages: ['exchange'] })
  file = Buffer.from(await sqliteFile({ pageSize: 8192, rows: 8000 }))
})
afterAll(() => server?.close())

describe.each(AVAILABLE)('in %s', (kind) => {
  let browser: BrowserSession
  const pages: BrowserPage[] = []
  beforeAll(async () => {
    browser = await launch(kind)
  })
  afterAll(() => browser?.close())
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.close()
  })

  it.each(['broker', 'channel'])('a tab that follows imports and exports, by %s', async (by) => {
    const name = `exchange-${by}.db`
    const tab = async (): Promise<BrowserPage> => {
      const page = await browser.newPage()
      pages.push(page)
      await page.goto(server.page('exchange', by === 'channel' ? '?no-broker' : ''))
      return page
    }
    const [first, second] = [await tab(), await tab()]
    expect(await call<ExchangeSteps, 'open'>(first, 'open', name)).toEqual(['leader', 'worker'])
    await call<ExchangeSteps, 'exec'>(first, 'exec', "CREATE TABLE old (a); INSERT INTO old VALUES ('kept')")
    expect(await call<ExchangeSteps, 'open'>(second, 'open', name)).toEqual(['follower', by])
    const old = (page: BrowserPage) => call<ExchangeSteps, 'query'>(page, 'query', 'SELECT a FROM old')
    const base64 = file.toString('base64')

    expect(await call<ExchangeSteps, 'interrupted'>(second, 'interrupted', { base64, by: 'signal' })).toBe('aborted')
    expect(await old(second)).toEqual([{ a: 'kept' }])
    expect(await call<ExchangeSteps, 'interrupted'>(second, 'interrupted', { base64, by: 'death' })).toBe(
      'leader-lost no',
    )
    expect(await old(second)).toEqual([{ a: 'kept' }])

    const progress = await call<ExchangeSteps, 'import'>(second, 'import', base64)
    expect(progress).toEqual([file.length, file.length])
    for (const page of [first, second]) {
      expect(await call<ExchangeSteps, 'query'>(page, 'query', 'SELECT count(*) AS n FROM t')).toEqual([{ n: 8000 }])
      expect(await call<ExchangeSteps, 'reopened'>(page, 'reopened', null)).toBe(1)
    }
    const back = await call<ExchangeSteps, 'export'>(second, 'export', null)
    expect(await dumpOf(Buffer.from(back, 'base64'))).toBe(await dumpOf(file))
  })
})
