// A browser that offers OPFS but refuses it, as private windows do: IndexedDB is chosen, said, and remembered. And what
// must not be chosen: memory, which nobody asked for.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { startServer, type TestServer } from '../support/browsers/server.ts'
import { type BrowserSession, PageError } from '../support/browsers/session.ts'
import { call } from '../support/browsers/steps.ts'
import type { DatabaseSteps } from './pages/database.ts'

const REFUSED = { workerUrl: '/pages/no-opfs-worker.js' }

describe.skipIf(!AVAILABLE.includes('chromium'))('where OPFS is refused, in chromium', () => {
  let server: TestServer
  let browser: BrowserSession
  beforeAll(async () => {
    server = await startServer({ pages: ['database', 'no-opfs-worker'] })
    browser = await launch('chromium')
    await browser.page.goto(server.page('database', '?refuse-opfs'))
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  it('opens on IndexedDB, says why, and finds the data again after a reload', async () => {
    const { page } = browser
    const info = await call<DatabaseSteps, 'open'>(page, 'open', { name: 'private.db', options: REFUSED })
    expect(info.storage).toBe('indexeddb')
    expect(info.why.join(' ')).toMatch(/OPFS/)
    await call<DatabaseSteps, 'exec'>(page, 'exec', 'CREATE TABLE t (a); INSERT INTO t VALUES (1)')
    await page.reload()
    const again = await call<DatabaseSteps, 'open'>(page, 'open', { name: 'private.db', options: REFUSED })
    expect(again.storage).toBe('indexeddb')
    expect(await call<DatabaseSteps, 'value'>(page, 'value', { sql: 'SELECT a FROM t' })).toBe(1)
    await call<DatabaseSteps, 'close'>(page, 'close', null)
  })

  it('refuses with a typed error where OPFS was asked for by name', async () => {
    const opening = call<DatabaseSteps, 'open'>(browser.page, 'open', {
      name: 'wished.db',
      options: { ...REFUSED, storage: 'opfs' },
    })
    const error = await opening.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(PageError)
    expect(error).toMatchObject({ thrown: { name: 'StorageError', code: 'unavailable' } })
  })
})
