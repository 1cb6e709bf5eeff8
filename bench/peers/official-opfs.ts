// @sqlite.org/sqlite-wasm on its `opfs` file system: synchronous calls that a helper worker answers, which needs the page to
// be cross-origin isolated, and locks that let several pages share a database.
import { cachePragma, loadOfficial, officialConnection } from './official.ts'
import { serve } from './serve.ts'

serve({
  async open({ name, durability, cacheBytes }) {
    const sqlite3 = await loadOfficial()
    return officialConnection(sqlite3, new sqlite3.oo1.OpfsDb(`/${name}`, 'c'), [
      `synchronous=${durability === 'strict' ? 'FULL' : 'NORMAL'}`,
      // Another page may be writing.
      'busy_timeout=20000',
      cachePragma(cacheBytes),
    ])
  },
})
