// The worker of @electric-sql/pglite, as its documentation has it: one per tab, of which the elected one runs Postgres. The
// page says by `meta` where the data lives.
import { PGlite } from '@electric-sql/pglite'
import { OpfsAhpFS } from '@electric-sql/pglite/opfs-ahp'
import { worker } from '@electric-sql/pglite/worker'

worker({
  async init({ meta }) {
    const { directory, opfs, relaxed } = meta as { directory: string; opfs: boolean; relaxed: boolean }
    const where = opfs ? { fs: new OpfsAhpFS(directory) } : { dataDir: `idb://${directory}` }
    return new PGlite({ ...where, relaxedDurability: relaxed })
  },
})
