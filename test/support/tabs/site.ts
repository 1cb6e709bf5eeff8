// Tabs of one site in one browser, for the tests of what they do beside each other. It stands apart because several files
// need a browser that outlives a test, and tabs that do not.
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import type { BrowserKind } from '../../../scripts/browsers.mjs'
import type { TabsSteps } from '../../browser/pages/tabs.ts'
import { launch } from '../browsers/launch.ts'
import { startServer, type TestServer } from '../browsers/server.ts'
import type { BrowserPage, BrowserSession, Json } from '../browsers/session.ts'
import { call } from '../browsers/steps.ts'

type Argument<F> = F extends () => unknown ? null : F extends (argument: infer A) => unknown ? A & Json : never
type Answer<F> = F extends (...all: never[]) => infer R ? Awaited<R> : never

/** A tab with the database open. */
export interface OpenTab {
  readonly page: BrowserPage
  readonly role: string
  do<K extends keyof TabsSteps & string>(step: K, argument: Argument<TabsSteps[K]>): Promise<Answer<TabsSteps[K]>>
  run(sql: string): Promise<unknown>
  query(sql: string): Promise<unknown>
}

export interface TabSite {
  server(): TestServer
  browser(): BrowserSession
  /** `transport`: `channel` for a tab that has no SharedWorker; others take it only if their broker is slow to start. */
  tab(name: string, transport?: 'broker' | 'channel'): Promise<OpenTab>
  /** A tab that has not opened anything. */
  blank(): Promise<BrowserPage>
  close(tab: OpenTab): Promise<void>
}

/** To be called inside of `describe`; closes all tabs after each test. `texts`: more files of the server. */
export function tabSite(kind: BrowserKind, texts?: () => Promise<ReadonlyMap<string, string | Uint8Array>>): TabSite {
  let server: TestServer
  let browser: BrowserSession
  const pages = new Set<BrowserPage>()
  beforeAll(async () => {
    server = await startServer({ pages: ['tabs', 'blank'], cached: true, ...(texts && { texts: await texts() }) })
    browser = await launch(kind, { hidesTabs: true })
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })
  afterEach(async () => {
    for (const page of pages) await page.close()
    pages.clear()
  })
  const blank = async () => {
    const page = await browser.newPage()
    pages.add(page)
    return page
  }
  return {
    server: () => server,
    browser: () => browser,
    blank,
    async tab(name, transport = 'broker') {
      const page = await blank()
      await page.goto(server.page('tabs', transport === 'channel' ? '?no-broker' : ''))
      const { role, transport: used } = await call<TabsSteps, 'open'>(page, 'open', { name })
      if (role === 'leader' || transport === 'channel') expect(used).toBe(role === 'leader' ? 'worker' : 'channel')
      return openTab(page, role)
    },
    async close(tab) {
      pages.delete(tab.page)
      await tab.page.close()
    },
  }
}

/** The tab in this page, which has the database open. */
export function openTab(page: BrowserPage, role: string): OpenTab {
  return {
    page,
    role,
    do: (step, argument) => call<TabsSteps, typeof step>(page, step, argument as never),
    run: (sql) => call<TabsSteps, 'run'>(page, 'run', { sql }),
    query: (sql) => call<TabsSteps, 'query'>(page, 'query', { sql }),
  }
}
