// The engine on an IndexedDB whose quota is used up: a database that cannot be taken over is read, and written again once
// there is space. And a store that fails where no request waits for it, in a checkpoint, ends its engine. What went wrong:
// nobody noticed, every read was answered SQLITE_FULL from then on, and no new engine was started.
import { afterEach, expect, it } from 'vitest'
import { openIndexedDbDevice } from '../../src/device/indexeddb-open.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { realEnvironment } from '../../src/environment.ts'
import { SqliteError, StorageError } from '../../src/errors/errors.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import { startEngine } from '../support/engine-client.ts'
import { FakeIndexedDb } from '../support/fake-indexeddb.ts'

let opened: Awaited<ReturnType<typeof openIndexedDbDevice>> | undefined
afterEach(() => opened?.close())

async function engineOn(platform: FakeIndexedDb) {
  const environment = realEnvironment()
  opened = await openIndexedDbDevice({ platform, environment, databaseName: 'full', create: true })
  let engine: Engine | undefined
  const store = await BlockStore.open({
    device: opened,
    environment,
    whenFull: 'read-only',
    onWritable: () => engine?.broadcast({ name: 'writable' }),
    onSyncFailure: () => engine?.storeFailed(() => store.latched),
  })
  const fixture = await startEngine({ blocks: store, store })
  engine = fixture.engine
  return { store, engine, db: fixture.client({ durability: 'strict' }) }
}

it('reads without any space, refuses each write with SQLITE_FULL, and writes once there is space', async () => {
  const platform = new FakeIndexedDb()
  const first = await engineOn(platform)
  await first.db.exec("CREATE TABLE t (a); INSERT INTO t VALUES ('kept')")
  await first.engine.close()
  await first.store.close()
  platform.quotaBytes = platform.usedBytes
  const { db, store } = await engineOn(platform)
  const scripts = ['INSERT INTO t VALUES (1)', 'BEGIN; DELETE FROM t; COMMIT', 'VACUUM']
  for (const script of [...scripts, ...scripts]) {
    const error = await db.exec(script).catch((reason: unknown) => reason)
    expect(error, script).toBeInstanceOf(SqliteError)
    expect(error, script).toMatchObject({ code: 'SQLITE_FULL', cause: expect.any(StorageError) })
    expect(await db.query('SELECT a FROM t')).toEqual([['kept']])
  }
  // Scripts and BEGIN were refused as writes are, though they only read.
  await db.exec('SELECT a FROM t; WITH x AS (SELECT a FROM t) SELECT * FROM x; PRAGMA user_version')
  await db.exec('PRAGMA foreign_keys=0; SELECT a FROM t; PRAGMA recursive_triggers=1')
  expect(
    await db.batch([
      ['PRAGMA foreign_keys', [], 'rows'],
      ['SELECT a FROM t', [], 'rows'],
    ]),
  ).toMatchObject([{ rows: [[0]] }, { rows: [['kept']] }])
  await expect(db.batch([['SELECT a FROM t'], ['DELETE FROM t']])).rejects.toMatchObject({ code: 'SQLITE_FULL' })
  await db.exec('BEGIN; SELECT a FROM t; COMMIT')
  await db.run('BEGIN')
  expect(await db.query('SELECT a FROM t')).toEqual([['kept']])
  await expect(db.run('INSERT INTO t VALUES (1)')).rejects.toMatchObject({ code: 'SQLITE_FULL' })
  await db.run('COMMIT')
  for (const script of ['SELECT 1; INSERT INTO t VALUES (1)', 'BEGIN; SELECT 1; DELETE FROM t; COMMIT'])
    await expect(db.exec(script), script).rejects.toMatchObject({ code: 'SQLITE_FULL' })
  for (const begin of ['BEGIN IMMEDIATE', 'SAVEPOINT s'])
    await expect(db.run(begin), begin).rejects.toMatchObject({ code: 'SQLITE_FULL' })
  expect(store.readOnly).toBe(true)
  const refusals = db.events.splice(0)
  expect(refusals.length).toBeGreaterThanOrEqual(scripts.length)
  for (const event of refusals) expect(event).toMatchObject({ name: 'quota', message: expect.stringMatching(/full/) })
  platform.quotaBytes = Number.POSITIVE_INFINITY
  await db.run('INSERT INTO t VALUES (2)')
  expect(db.events).toEqual([{ name: 'writable' }])
  expect(await db.query('SELECT a FROM t')).toEqual([['kept'], [2]])
})

it('ends when a checkpoint could not be stored, so that another engine can take its place', async () => {
  const platform = new FakeIndexedDb()
  const { db, store } = await engineOn(platform)
  await db.exec('CREATE TABLE t (a)')
  platform.quotaBytes = platform.usedBytes
  await expect(store.checkpoint()).rejects.toMatchObject({ code: 'quota' })
  await expect.poll(() => db.events.map(({ name }) => name)).toEqual(['terminated'])
})
