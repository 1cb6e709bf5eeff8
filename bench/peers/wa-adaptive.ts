// wa-sqlite on its OPFSAdaptiveVFS.
import load from '@journeyapps/wa-sqlite/dist/wa-sqlite-async.mjs'
import { OPFSAdaptiveVFS } from '@journeyapps/wa-sqlite/src/examples/OPFSAdaptiveVFS.js'
import { serve } from './serve.ts'
import { waConnection } from './wa-sqlite.ts'

serve({
  open: (wish) =>
    waConnection(wish, { load, vfs: (name, module) => OPFSAdaptiveVFS.create(name, module), pragmas: [] }),
})
