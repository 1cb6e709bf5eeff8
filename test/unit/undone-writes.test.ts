// A commit that IndexedDB refuses to store, through engine, store and device. What went wrong: the device takes such a
// batch back, yet the store did not say so, and the write was answered as `leader-lost` with `applied: unknown` when it
// was certain that it had not been applied; and out of quota nobody was told SQLITE_FULL.
import { afterEach, expect, it } from 'vitest'
import { openIndexedDbDevice } from '../../src/device/indexeddb-open.ts'
import { realEnvironment } from '../../src/environment.ts'
import { SqliteError, StorageError } from '../../src/errors/errors.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import { startEngine } from '../support/engine-client.ts'
import { FakeIndexedDb, type Fault } from '../support/fake-indexeddb.ts'

let opened: Awaited<ReturnType<typeof openIndexedDbDevice>> | undefined
afterEach(() => opened?.close())

async function storeOn(platform: FakeIndexedDb): Promise<BlockStore> {
  const environment = realEnvironment()
  opened = await openIndexedDbDevice({ platform, environment, databaseName: 'undone', create: true })
  return BlockStore.open({ device: opened, environment })
}

async function refusedWrite(fault: Fault, durability: 'strict' | 'relaxed') {
  const platform = new FakeIndexedDb()
  const store = await storeOn(platform)
  const db = (await startEngine({ blocks: store, store })).client({ durability })
  await db.exec('CREATE TABLE t (a)')
  await db.run('INSERT INTO t VALUES (1)')
  platform.fault = () => fault
  const error = await db.run('INSERT INTO t VALUES (2)').catch((reason: unknown) => reason)
  platform.fault = () => ({ none: true })
  await opened?.close()
  const again = await storeOn(platform)
  const rows = await (await startEngine({ blocks: again, store: again })).client().query('SELECT a FROM t')
  return { error, rows }
}

it.each(['strict', 'relaxed'] as const)(
  'a write without space ends SQLITE_FULL and was not applied, %s',
  async (durability) => {
    const { error, rows } = await refusedWrite({ abort: 'QuotaExceededError' }, durability)
    expect(error).toBeInstanceOf(SqliteError)
    expect(error).toMatchObject({ code: 'SQLITE_FULL', errno: 13 })
    const cause = error instanceof Error ? error.cause : undefined
    expect(cause).toBeInstanceOf(StorageError)
    expect(cause).toMatchObject({ code: 'quota' })
    expect(rows).toEqual([[1]])
  },
)

it('a write whose transaction could not even begin was not applied, and its error says so', async () => {
  const { error, rows } = await refusedWrite({ closing: true }, 'strict')
  expect(error).toMatchObject({ code: 'leader-lost', applied: 'no' })
  expect(rows).toEqual([[1]])
})
