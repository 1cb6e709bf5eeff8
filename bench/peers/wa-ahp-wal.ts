// wa-sqlite on its AccessHandlePoolVFS, with exclusive locking and the write-ahead log.
import load from '@journeyapps/wa-sqlite/dist/wa-sqlite.mjs'
import { AccessHandlePoolVFS } from '@journeyapps/wa-sqlite/src/examples/AccessHandlePoolVFS.js'
import { serve } from './serve.ts'
import { waConnection } from './wa-sqlite.ts'

serve({
  open: (wish) =>
    waConnection(wish, {
      load,
      vfs: (name, module) => AccessHandlePoolVFS.create(name, module),
      pragmas: ['locking_mode=EXCLUSIVE', 'journal_mode=WAL'],
    }),
})
