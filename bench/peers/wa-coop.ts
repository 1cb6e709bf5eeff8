// wa-sqlite on its OPFSCoopSyncVFS.
import load from '@journeyapps/wa-sqlite/dist/wa-sqlite.mjs'
import { OPFSCoopSyncVFS } from '@journeyapps/wa-sqlite/src/examples/OPFSCoopSyncVFS.js'
import { serve } from './serve.ts'
import { waConnection } from './wa-sqlite.ts'

serve({
  open: (wish) =>
    waConnection(wish, { load, vfs: (name, module) => OPFSCoopSyncVFS.create(name, module), pragmas: [] }),
})
