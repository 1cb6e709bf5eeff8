// What the page's garbage collector may take. Firefox ends a worker that waits for OPFS once nothing but its own handlers
// refers to it: of twelve such workers eleven were never heard of again.
import { expect, it } from 'vitest'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { startServer } from '../support/browsers/server.ts'
import { call } from '../support/browsers/steps.ts'
import type { GarbageSteps } from './pages/garbage.ts'

it.runIf(AVAILABLE.includes('firefox'))('Firefox keeps a worker that only the library waits for', async () => {
  const server = await startServer({ pages: ['garbage', 'garbage-worker'] })
  const browser = await launch('firefox')
  try {
    await browser.page.goto(server.page('garbage'))
    const { started, open } = await call<GarbageSteps, 'waitFor'>(browser.page, 'waitFor', { forMs: 6000, atOnce: 4 })
    expect(started).toBeGreaterThanOrEqual(4)
    expect(open).toBe(0)
  } finally {
    await browser.close()
    await server.close()
  }
})
