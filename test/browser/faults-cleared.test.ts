// The site's data is cleared under an open database, as the user can do at any time, in Chromium. Open OPFS handles go
// on working then, on files without a name, so after a while without work the storage is looked up again before anything
// is served. What is promised: from that look on every call ends with `evicted`, and so does opening the name again.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ChromiumSession } from '../support/browsers/chromium.ts'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { startServer, type TestServer } from '../support/browsers/server.ts'
import { PageError } from '../support/browsers/session.ts'
import { call } from '../support/browsers/steps.ts'
import { storagesOf } from '../support/browsers/storages.ts'
import type { FaultSteps } from './pages/faults.ts'

const IDLE_MS = 31_000
const INSERT = { sql: 'INSERT INTO t VALUES (2)' }

describe.skipIf(!AVAILABLE.includes('chromium'))(
  'with the site data cleared under an open database, in chromium',
  () => {
    let browser: ChromiumSession
    let server: TestServer
    beforeAll(async () => {
      server = await startServer({ pages: ['faults', 'skipping-clock-worker'] })
      browser = await launch('chromium')
    })
    afterAll(async () => {
      await browser?.close()
      await server?.close()
    })

    it.each(storagesOf('chromium'))(
      'every call ends with a typed error, none writes to a file without a name, on %s',
      async (storage) => {
        const { page } = browser
        const url = server.page('faults')
        const options = { storage, workerUrl: '/pages/skipping-clock-worker.js' }
        await page.goto(url)
        await call<FaultSteps, 'open'>(page, 'open', { name: `cleared-${storage}.db`, options })
        await call<FaultSteps, 'exec'>(page, 'exec', 'CREATE TABLE t (a); INSERT INTO t VALUES (1)')
        await browser.clearData(new URL(url).origin)
        await call<FaultSteps, 'skip'>(page, 'skip', IDLE_MS)
        for (let attempt = 1; attempt <= 2; attempt += 1)
          expect(await refusal(call<FaultSteps, 'run'>(page, 'run', INSERT)), `attempt ${attempt}`).toMatchObject({
            name: 'StorageError',
            code: 'evicted',
          })
        await call<FaultSteps, 'abandon'>(page, 'abandon', null)
      },
    )
  },
)

async function refusal(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => value,
    (error: unknown) => (error instanceof PageError ? error.thrown : error),
  )
}
