// A tab that asks for another storage than the one in which another tab has the database open is refused: once it led, it
// would be refused by its own worker, and every call after a failover with it.
import { afterEach, expect, test } from 'vitest'
import type { Database } from '../../src/client/database.ts'
import { openWith } from '../../src/client/open.ts'
import type { OpenOptions } from '../../src/client/options.ts'
import type { ClientPlatform } from '../../src/coordination/platform.ts'
import { wasmInNode } from '../../src/node/wasm-file.ts'
import { Agent } from '../../src/testing/agent.ts'
import { SharedChannels } from '../../src/testing/channels.ts'
import { startInProcessEngine } from '../../src/testing/in-process-engine.ts'
import { SharedLocks } from '../../src/testing/locks.ts'
import { SharedPorts } from '../../src/testing/ports.ts'
import { SimulatedStorage } from '../../src/testing/storage.ts'

const [locks, channels, ports] = [new SharedLocks(), new SharedChannels(), new SharedPorts()]
const storage = new SimulatedStorage()
const open = new Set<Database>()

afterEach(async () => {
  for (const db of open) await db.close()
  open.clear()
})

async function openTab(options: OpenOptions = {}): Promise<Database> {
  const page = new Agent()
  const platform: ClientPlatform = {
    ...page.environment,
    locks: locks.of(page),
    tabs: {
      locks: locks.of(page),
      openChannel: (name) => channels.open(page, name),
      newPorts: () => ports.pair(),
      wrapPort: (port) => ports.wrap(page, port),
      connectBroker: () => undefined,
      onLifecycle: () => () => {},
    },
    startWorker: () => startInProcessEngine({ page, locks, channels, ports, storage }),
    getWasm: wasmInNode,
  }
  const db = await openWith(platform, 'app.db', options)
  open.add(db)
  return db
}

test('a tab that asks for another storage than is open is refused, and leaves nothing behind', async () => {
  const first = await openTab()
  await first.exec('CREATE TABLE t(a)')
  const refused = openTab({ storage: 'indexeddb' })
  await expect(refused).rejects.toMatchObject({ name: 'StorageError', code: 'storage-changed' })
  await expect(refused).rejects.toThrow("The database 'app.db' is open in memory, but indexeddb was asked for. Open it with storage: 'auto'.")
  expect(await first.tabs()).toHaveLength(1)
  const second = await openTab({ storage: 'auto' })
  expect(second.info.role).toBe('follower')
  expect(await second.query('SELECT * FROM t')).toEqual([])
})
