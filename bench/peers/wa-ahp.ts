// wa-sqlite on its AccessHandlePoolVFS.
import load from '@journeyapps/wa-sqlite/dist/wa-sqlite.mjs'
import { AccessHandlePoolVFS } from '@journeyapps/wa-sqlite/src/examples/AccessHandlePoolVFS.js'
import { serve } from './serve.ts'
import { waConnection } from './wa-sqlite.ts'

serve({
  open: (wish) =>
    waConnection(wish, { load, vfs: (name, module) => AccessHandlePoolVFS.create(name, module), pragmas: [] }),
})
