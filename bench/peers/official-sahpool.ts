// @sqlite.org/sqlite-wasm on its pool of OPFS access handles, with the rollback journal that it has by default.
import { cachePragma, loadOfficial, officialConnection } from './official.ts'
import { serve } from './serve.ts'

serve({
  async open({ name, durability, cacheBytes }) {
    const sqlite3 = await loadOfficial()
    const pool = await sqlite3.installOpfsSAHPoolVfs({ directory: `/sahpool-${name}` })
    const db = new pool.OpfsSAHPoolDb(`/${name}`)
    return officialConnection(sqlite3, db, [
      `synchronous=${durability === 'strict' ? 'FULL' : 'NORMAL'}`,
      cachePragma(cacheBytes),
    ])
  },
})
