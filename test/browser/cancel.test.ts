// Giving up a statement without end. In a page that is cross-origin isolated the engine itself stops inside the statement:
// seen by a call behind it, which is answered although the statement has no time limit. In other pages the caller is free at
// once, the engine at the statement's time limit.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BrowserKind } from '../../scripts/browsers.mjs'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { CROSS_ORIGIN_ISOLATED, startServer, type TestServer } from '../support/browsers/server.ts'
import type { BrowserSession } from '../support/browsers/session.ts'
import { call } from '../support/browsers/steps.ts'
import { storagesOf } from '../support/browsers/storages.ts'
import type { CancelSteps, EndlessKind } from './pages/cancel.ts'

const KINDS: readonly EndlessKind[] = ['a read', 'a write', 'a script', 'a stream', 'a transaction']
/** WebKitGTK has no shared memory, isolated or not. */
const SHARING: readonly BrowserKind[] = AVAILABLE.filter((kind) => kind !== 'webkit')

let isolated: TestServer
let plain: TestServer
beforeAll(async () => {
  isolated = await startServer({ pages: ['cancel'], headers: CROSS_ORIGIN_ISOLATED })
  plain = await startServer({ pages: ['cancel'] })
})
afterAll(async () => {
  await isolated?.close()
  await plain?.close()
})

describe.each(AVAILABLE)('in %s', (kind) => {
  let browser: BrowserSession
  beforeAll(async () => {
    browser = await launch(kind)
  })
  afterAll(() => browser?.close())

  if (SHARING.includes(kind))
    it.each(storagesOf(kind))('an isolated page ends a statement that runs, on %s', async (storage) => {
      const { page } = browser
      await page.goto(isolated.page('cancel'))
      const opened = await call<CancelSteps, 'open'>(page, 'open', { name: `a-${storage}.db`, storage })
      expect(opened).toEqual({ isolated: true, role: 'leader' })
      for (const kindOfCall of KINDS) {
        const seen = await call<CancelSteps, 'giveUp'>(page, 'giveUp', {
          kind: kindOfCall,
          afterMs: 100,
          timeoutMs: 0,
        })
        expect({ kindOfCall, ...seen }).toMatchObject({ order: ['abort', 'aborted', 'the next'], rows: 0 })
      }
    })

  it('a page that is not isolated is told at once, and the engine stops at the time limit', async () => {
    const { page } = browser
    await page.goto(plain.page('cancel'))
    const [storage] = storagesOf(kind)
    const opened = await call<CancelSteps, 'open'>(page, 'open', { name: 'b.db', storage: storage ?? 'auto' })
    expect(opened).toEqual({ isolated: false, role: 'leader' })
    const seen = await call<CancelSteps, 'giveUp'>(page, 'giveUp', { kind: 'a write', afterMs: 100, timeoutMs: 1500 })
    expect(seen).toMatchObject({ order: ['abort', 'aborted', 'the next'], rows: 0 })
  })
})

describe.each(SHARING)('in %s', (kind) => {
  it('a page that follows has the leading page end its statement', async () => {
    const browser = await launch(kind)
    try {
      await browser.page.goto(isolated.page('cancel'))
      await call<CancelSteps, 'open'>(browser.page, 'open', { name: 'c.db', storage: 'auto' })
      const second = await browser.newPage()
      await second.goto(isolated.page('cancel'))
      const opened = await call<CancelSteps, 'open'>(second, 'open', { name: 'c.db', storage: 'auto' })
      expect(opened).toEqual({ isolated: true, role: 'follower' })
      const seen = await call<CancelSteps, 'giveUp'>(second, 'giveUp', { kind: 'a write', afterMs: 100, timeoutMs: 0 })
      expect(seen).toMatchObject({ order: ['abort', 'aborted', 'the next'], rows: 0 })
    } finally {
      await browser.close()
    }
  })
})
