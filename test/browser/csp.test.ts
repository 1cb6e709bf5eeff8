// The built package under the strictest Content-Security-Policy that WebAssembly allows, and under cross-origin
// isolation, in each browser: no inline or blob worker, no eval, no asset from elsewhere; functions of the application come
// from a module of the same site.
import { describe, expect, it } from 'vitest'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { CROSS_ORIGIN_ISOLATED, startServer } from '../support/browsers/server.ts'
import { call } from '../support/browsers/steps.ts'
import type { DatabaseSteps } from './pages/database.ts'

const STRICT = "default-src 'none'; connect-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'"

const SITES = [
  ['a site with a strict Content-Security-Policy', { 'content-security-policy': STRICT }],
  ['a cross-origin isolated site', CROSS_ORIGIN_ISOLATED],
] as const

describe.each(AVAILABLE)('in %s', (kind) => {
  it.each(SITES)('works on %s', async (_, headers) => {
    const server = await startServer({ pages: ['database', 'functions'], headers })
    const browser = await launch(kind)
    try {
      await browser.page.goto(server.page('database'))
      await call<DatabaseSteps, 'open'>(browser.page, 'open', { name: 'app.db' })
      await call<DatabaseSteps, 'exec'>(browser.page, 'exec', 'CREATE TABLE t (a); INSERT INTO t VALUES (1)')
      await browser.page.reload()
      await call<DatabaseSteps, 'open'>(browser.page, 'open', { name: 'app.db' })
      expect(await call<DatabaseSteps, 'value'>(browser.page, 'value', { sql: 'SELECT a FROM t' })).toBe(1)

      const module = '/pages/functions.js'
      await call<DatabaseSteps, 'function'>(browser.page, 'function', { name: 'shout', module })
      await call<DatabaseSteps, 'function'>(browser.page, 'function', { name: 'joined', module })
      const sql = 'SELECT joined(shout(value)) FROM json_each(\'["a","b"]\')'
      expect(await call<DatabaseSteps, 'value'>(browser.page, 'value', { sql })).toBe('A!-B!')
      await call<DatabaseSteps, 'terminateWorker'>(browser.page, 'terminateWorker', null)
      expect(await call<DatabaseSteps, 'value'>(browser.page, 'value', { sql })).toBe('A!-B!')
      const missing = await call<DatabaseSteps, 'function'>(browser.page, 'function', { name: 'x', module: '/none.js' })
      expect(missing).toMatch(/^AssetLoadError asset-load .*\/none\.js/)
    } finally {
      await browser.close()
      await server.close()
    }
  })
})
