// @sqlite.org/sqlite-wasm on `:memory:`: the ceiling for what only computes.
import { cachePragma, loadOfficial, officialConnection } from './official.ts'
import { serve } from './serve.ts'

serve({
  async open({ cacheBytes }) {
    const sqlite3 = await loadOfficial()
    return officialConnection(sqlite3, new sqlite3.oo1.DB(':memory:', 'c'), [cachePragma(cacheBytes)])
  },
})
