// Several tabs of one database, through the built package in each browser and over each transport:
//  1. the second tab follows: it has no worker, sees what the first wrote at once, and writes itself
//  2. the leading tab is closed, or its worker ends: the follower leads, nothing acknowledged is lost
//  3. a tab that went away and came back follows again
//  4. one call of every kind is answered alike over each transport
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { startServer, type TestServer } from '../support/browsers/server.ts'
import type { BrowserPage, BrowserSession } from '../support/browsers/session.ts'
import { call } from '../support/browsers/steps.ts'
import type { DatabaseSteps } from './pages/database.ts'
import type { TabsSteps } from './pages/tabs.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer({ pages: ['tabs', 'blank'] })
})
afterAll(() => server?.close())

const run = (page: BrowserPage, sql: string) => call<DatabaseSteps, 'run'>(page, 'run', { sql })
const query = (page: BrowserPage, sql: string) => call<DatabaseSteps, 'query'>(page, 'query', { sql })

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

  async function tab(name: string, transport: string): Promise<[BrowserPage, string]> {
    const page = await browser.newPage()
    pages.push(page)
    await page.goto(server.page('tabs', transport === 'channel' ? '?no-broker' : ''))
    const { role, transport: used } = await call<DatabaseSteps, 'open'>(page, 'open', { name })
    expect(used).toBe(role === 'leader' ? 'worker' : transport)
    return [page, role]
  }

  it.each(['broker', 'channel'])('two tabs share a database, and one takes over from the other, by %s', async (by) => {
    const name = `shared-${by}.db`
    const [first, firstRole] = await tab(name, by)
    await call<DatabaseSteps, 'exec'>(first, 'exec', 'CREATE TABLE t (a); INSERT INTO t VALUES (1)')
    const [second, secondRole] = await tab(name, by)
    expect([firstRole, secondRole]).toEqual(['leader', 'follower'])
    expect(await query(second, 'SELECT a FROM t')).toEqual([{ a: 1 }])
    await run(second, 'INSERT INTO t VALUES (2)')
    expect(await query(first, 'SELECT count(*) AS n FROM t')).toEqual([{ n: 2 }])

    await call<DatabaseSteps, 'terminateWorker'>(first, 'terminateWorker', null)
    await run(second, 'INSERT INTO t VALUES (3)')
    expect(await query(first, 'SELECT count(*) AS n FROM t')).toEqual([{ n: 3 }])

    await pages.shift()?.close()
    await run(second, 'INSERT INTO t VALUES (4)')
    const [third, thirdRole] = await tab(name, by)
    expect(thirdRole).toBe('follower')
    expect(await query(third, 'SELECT count(*) AS n FROM t')).toEqual([{ n: 4 }])

    await second.reload()
    await run(third, 'INSERT INTO t VALUES (5)')
    const again = await call<DatabaseSteps, 'open'>(second, 'open', { name })
    expect(again.role).toBe('follower')
    expect(await query(second, 'SELECT count(*) AS n FROM t')).toEqual([{ n: 5 }])
  })

  it('answers every kind of call alike over the own port, the broker and a channel', async () => {
    const name = 'every call.db'
    const [leader] = await tab(name, 'broker')
    const told = [await call<TabsSteps, 'requestSet'>(leader, 'requestSet', null)]
    for (const by of ['broker', 'channel']) {
      const [page, role] = await tab(name, by)
      expect(role).toBe('follower')
      told.push(await call<TabsSteps, 'requestSet'>(page, 'requestSet', null))
    }
    expect(told[0]).toContain('run: {"changes":1,"lastInsertRowid":1}')
    expect(told[0]?.at(-1)).toMatch(/^afterwards: \[\{"n":1002,/)
    expect(told[1]).toEqual(told[0])
    expect(told[2]).toEqual(told[0])
  })

  // A page that the browser keeps for coming back kept its worker and its locks with it.
  it('a leading tab that goes to another page lets the other one lead', async () => {
    const [first] = await tab('left.db', 'broker')
    await call<DatabaseSteps, 'exec'>(first, 'exec', 'CREATE TABLE t (a)')
    const [second] = await tab('left.db', 'broker')
    await first.goto(server.page('blank'))
    await run(second, 'INSERT INTO t VALUES (1)')
    expect(await query(second, 'SELECT a FROM t')).toEqual([{ a: 1 }])
  })
})
