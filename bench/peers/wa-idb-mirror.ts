// wa-sqlite on its IDBMirrorVFS: the whole database in memory, IndexedDB behind it.
import load from '@journeyapps/wa-sqlite/dist/wa-sqlite-async.mjs'
import { IDBMirrorVFS } from '@journeyapps/wa-sqlite/src/examples/IDBMirrorVFS.js'
import { serve } from './serve.ts'
import { waConnection } from './wa-sqlite.ts'

serve({
  open: (wish) => waConnection(wish, { load, vfs: (name, module) => IDBMirrorVFS.create(name, module), pragmas: [] }),
})
