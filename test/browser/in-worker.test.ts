// A database that is opened by a worker of the page. A worker was no client with a presence lock of its own, and so the
// engine's worker, which asks for it, refused every open() that did not come from a page.
import { expect, it } from 'vitest'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { startServer } from '../support/browsers/server.ts'
import { call } from '../support/browsers/steps.ts'
import type { InWorkerSteps } from './pages/in-worker.ts'

it.each(AVAILABLE)('a worker opens a database and shares it with the worker of another page, in %s', async (kind) => {
  const server = await startServer({ pages: ['in-worker', 'in-worker-application'] })
  const browser = await launch(kind)
  try {
    await browser.page.goto(server.page('in-worker'))
    expect(await call<InWorkerSteps, 'write'>(browser.page, 'write', 'one')).toEqual(['one'])
    const other = await browser.newPage()
    await other.goto(server.page('in-worker'))
    expect(await call<InWorkerSteps, 'write'>(other, 'write', 'two')).toEqual(['one', 'two'])
    expect(await call<InWorkerSteps, 'write'>(browser.page, 'write', 'three')).toEqual(['one', 'two', 'three'])
  } finally {
    await browser.close()
    await server.close()
  }
})
