// The device contract in real browsers: every case on every storage that the browser has, in a dedicated worker.
import { afterAll, beforeAll, describe, it } from 'vitest'
import { deviceCases } from '../contract/device.ts'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { CROSS_ORIGIN_ISOLATED, startServer, type TestServer } from '../support/browsers/server.ts'
import type { BrowserSession } from '../support/browsers/session.ts'
import { call } from '../support/browsers/steps.ts'
import { storagesOf } from '../support/browsers/storages.ts'
import type { DeviceSteps } from './pages/device-contract.ts'

describe.each(AVAILABLE)('in %s', (kind) => {
  let server: TestServer
  let browser: BrowserSession
  beforeAll(async () => {
    server = await startServer({ pages: ['device-contract', 'device-worker'], headers: CROSS_ORIGIN_ISOLATED })
    browser = await launch(kind)
    await browser.page.goto(server.page('device-contract'))
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  // WebKitGTK has no memory that threads could share; for Firefox see docs/adr/0011.
  const lazy = kind === 'chromium' ? (['lazy indexeddb'] as const) : []
  describe.each([...storagesOf(kind), ...lazy, 'memory' as const])('the %s device', (storage) => {
    for (const { title } of deviceCases) {
      it(title, () => call<DeviceSteps, 'runCase'>(browser.page, 'runCase', { storage, title }))
    }
  })
})
