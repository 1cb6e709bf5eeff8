// The memory of a worker in Chromium on OPFS is bounded, however large its database is: SQLite's heap and the live JS
// buffers stay below the page cache plus a constant while 64 MB are written, rewritten, indexed, vacuumed, exported and
// imported. Measured inside the statements, by V8, and not timed.
import { expect, it } from 'vitest'
import { BIG_LAUNCH, BIG_SERVER, measureBigInChromium } from '../support/big-in-chromium.ts'
import { BIG_STEPS, beyondBounds } from '../support/big-statements.ts'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { startServer } from '../support/browsers/server.ts'

const CACHE_BYTES = 8 << 20

it.skipIf(!AVAILABLE.includes('chromium'))(
  'a database of 64 MB is written, rewritten, indexed, vacuumed and imported in the page cache and 32 MB',
  async () => {
    const server = await startServer(BIG_SERVER)
    const browser = await launch('chromium', BIG_LAUNCH)
    try {
      const measured = await measureBigInChromium({
        page: browser.page,
        address: server.page('big'),
        megabytes: 64,
        cacheBytes: CACHE_BYTES,
        stepMs: 60_000,
      })
      expect(beyondBounds(measured, CACHE_BYTES)).toEqual([])
      expect(measured).toHaveLength(BIG_STEPS)
    } finally {
      await browser.close()
      await server.close()
    }
  },
  240_000,
)
