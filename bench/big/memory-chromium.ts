// The memory of the large database in Chromium on OPFS, as V8 and the wasm in its worker tell it.
import { BIG_LAUNCH, BIG_SERVER, measureBigInChromium } from '../../test/support/big-in-chromium.ts'
import type { Measured } from '../../test/support/big-statements.ts'
import { launch } from '../../test/support/browsers/launch.ts'
import { startServer } from '../../test/support/browsers/server.ts'
import type { MemoryOptions } from './memory-node.ts'

export async function memoryInChromium(options: MemoryOptions): Promise<Measured[]> {
  const server = await startServer(BIG_SERVER)
  const browser = await launch('chromium', BIG_LAUNCH)
  try {
    const stepMs = Math.max(60_000, options.untilMs - performance.now())
    return await measureBigInChromium({ ...options, page: browser.page, address: server.page('big'), stepMs })
  } finally {
    await browser.close()
    await server.close()
  }
}
