// The peers that run in workers, each as its script in bench/peers opens it, and what they do at each level.
import { initBackend } from 'absurd-sql/dist/indexeddb-main-thread.js'
import type { Ability, Adapter, Storage } from './adapter.ts'
import { inWorker } from './in-worker.ts'
import { pglite } from './pglite.ts'
import { sqlocal } from './sqlocal.ts'

const JOURNAL = { strict: 'journal, synchronous=FULL', relaxed: 'journal, synchronous=NORMAL' }
const WAL = { strict: 'WAL, synchronous=FULL', relaxed: 'WAL, synchronous=NORMAL' }
const OWN_LOG = { strict: 'own log, synchronous=FULL', relaxed: 'own log, synchronous=NORMAL' }
const BATCH = { strict: 'strict transactions', relaxed: 'relaxed transactions' }

/** Built without them. */
const PLAIN: readonly Ability[] = ['fts5', 'rtree']
const TABS: readonly Storage[] = ['opfs', 'indexeddb']

export const PEERS: readonly Adapter[] = [
  inWorker({ name: 'sqlite-wasm :memory:', script: 'official-memory', durability: { memory: { strict: 'none' } } }),
  inWorker({ name: 'sqlite-wasm sahpool', script: 'official-sahpool', durability: { opfs: JOURNAL } }),
  inWorker({ name: 'sqlite-wasm sahpool WAL', script: 'official-sahpool-wal', durability: { opfs: WAL } }),
  inWorker({ name: 'sqlite-wasm opfs', script: 'official-opfs', durability: { opfs: JOURNAL }, tabs: TABS }),
  inWorker({ name: 'wa-sqlite AccessHandlePool', script: 'wa-ahp', durability: { opfs: JOURNAL }, lacks: PLAIN }),
  inWorker({ name: 'wa-sqlite AccessHandlePool WAL', script: 'wa-ahp-wal', durability: { opfs: WAL }, lacks: PLAIN }),
  inWorker({
    name: 'wa-sqlite OPFSCoopSync',
    script: 'wa-coop',
    durability: { opfs: JOURNAL },
    lacks: PLAIN,
    tabs: TABS,
  }),
  inWorker({
    name: 'wa-sqlite OPFSWriteAhead',
    script: 'wa-write-ahead',
    durability: { opfs: OWN_LOG },
    lacks: PLAIN,
    tabs: TABS,
  }),
  inWorker({
    name: 'wa-sqlite OPFSAdaptive',
    script: 'wa-adaptive',
    durability: { opfs: JOURNAL },
    lacks: PLAIN,
    tabs: TABS,
  }),
  inWorker({
    name: 'wa-sqlite IDBBatchAtomic',
    script: 'wa-idb-batch',
    durability: { indexeddb: BATCH },
    lacks: PLAIN,
    tabs: TABS,
  }),
  inWorker({
    name: 'wa-sqlite IDBMirror',
    script: 'wa-idb-mirror',
    durability: { indexeddb: BATCH },
    lacks: PLAIN,
    tabs: TABS,
  }),
  inWorker({
    name: 'absurd-sql',
    script: 'absurd-sql',
    // It has no choice: it asks IndexedDB for nothing, and Chromium's default is relaxed.
    durability: { indexeddb: { relaxed: 'transactions of the default kind' } },
    started: initBackend,
    lacks: PLAIN,
    tabs: TABS,
  }),
  sqlocal,
  pglite,
]
