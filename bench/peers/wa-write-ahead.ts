// wa-sqlite on its OPFSWriteAheadVFS.
import load from '@journeyapps/wa-sqlite/dist/wa-sqlite.mjs'
import { OPFSWriteAheadVFS } from '@journeyapps/wa-sqlite/src/examples/OPFSWriteAheadVFS.js'
import { serve } from './serve.ts'
import { waConnection } from './wa-sqlite.ts'

serve({
  open: (wish) =>
    waConnection(wish, { load, vfs: (name, module) => OPFSWriteAheadVFS.create(name, module), pragmas: [] }),
})
