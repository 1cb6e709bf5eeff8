// This project's own conformance files through the built package, on each storage of each browser. The unit project shows
// that the same files hold on plain SQLite, so a failure here is the engine's or the storage's.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ownFiles } from '../conformance/files.ts'
import { describeFailures } from '../conformance/report.ts'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { startServer, type TestServer } from '../support/browsers/server.ts'
import type { BrowserSession } from '../support/browsers/session.ts'
import { call } from '../support/browsers/steps.ts'
import type { DurableStorage } from '../support/browsers/storages.ts'
import type { ConformanceSteps } from './pages/conformance.ts'

const STORAGES: Readonly<Record<(typeof AVAILABLE)[number], readonly DurableStorage[]>> = {
  chromium: ['opfs', 'indexeddb'],
  firefox: ['opfs'],
  webkit: ['indexeddb'],
}

const files = await ownFiles()
let server: TestServer
beforeAll(async () => {
  server = await startServer({ pages: ['conformance'] })
})
afterAll(() => server?.close())

describe.each(AVAILABLE)('in %s', (kind) => {
  let browser: BrowserSession
  beforeAll(async () => {
    browser = await launch(kind)
    await browser.page.goto(server.page('conformance'))
  })
  afterAll(() => browser?.close())

  it.each(STORAGES[kind])('SQL on %s gives what it gives on plain SQLite', async (storage) => {
    const failures: string[] = []
    for (const { name, text } of files) {
      const result = await call<ConformanceSteps, 'runFile'>(browser.page, 'runFile', { storage, name, text })
      const described = describeFailures(name, result)
      if (described !== '') failures.push(described)
    }
    expect(failures.join('\n')).toBe('')
  })
})
