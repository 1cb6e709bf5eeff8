// wa-sqlite on its IDBBatchAtomicVFS.
import load from '@journeyapps/wa-sqlite/dist/wa-sqlite-async.mjs'
import { IDBBatchAtomicVFS } from '@journeyapps/wa-sqlite/src/examples/IDBBatchAtomicVFS.js'
import { serve } from './serve.ts'
import { waConnection } from './wa-sqlite.ts'

/** Its types lack what its documentation calls. */
const Vfs = IDBBatchAtomicVFS as typeof IDBBatchAtomicVFS & {
  create(name: string, module: unknown): Promise<SQLiteVFS>
}

serve({
  open: (wish) => waConnection(wish, { load, vfs: (name, module) => Vfs.create(name, module), pragmas: [] }),
})
