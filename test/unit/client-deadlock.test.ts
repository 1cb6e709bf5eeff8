// A write on the database that waits for the transaction whose callback awaits it, with the real engine and real time: it ends
// with TransactionDeadlockError after a second, in each kind of transaction that holds the writer, however deep inside.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../src/client/database.ts'
import { openWith } from '../../src/client/open.ts'
import type { Transaction } from '../../src/client/transaction.ts'
import { inProcessPlatform } from '../support/in-process-worker.ts'

const opened = async () => {
  const db = await openWith(inProcessPlatform(), 'app.db', { storage: 'memory' })
  await db.exec('CREATE TABLE t(a)')
  return db
}

/** A helper of an application that has not been given the transaction. */
const save = (db: Database) => db.run('INSERT INTO t VALUES (1)')

/** A deferred transaction gets the writer at its first write, which need not show in the first word of a statement. */
function deferredAfter(name: string, first: (tx: Transaction) => Promise<unknown>) {
  const inside = (db: Database) =>
    db.transaction(
      async (tx) => {
        await first(tx)
        await save(db)
      },
      { mode: 'deferred' },
    )
  return { [`a deferred transaction after ${name}`]: inside }
}

const INSIDE: Record<string, (db: Database) => Promise<unknown>> = {
  'an immediate transaction': (db) => db.transaction(() => save(db)),
  'a deferred transaction that has written': (db) =>
    db.transaction(
      async (tx) => {
        await tx.run('INSERT INTO t VALUES (2)')
        await save(db)
      },
      { mode: 'deferred' },
    ),
  ...deferredAfter('WITH ... INSERT', (tx) => tx.run('WITH x(i) AS (SELECT 2) INSERT INTO t SELECT i FROM x')),
  ...deferredAfter('a PRAGMA that writes', (tx) => tx.run('PRAGMA user_version = 2')),
  ...deferredAfter('a bulk', (tx) => tx.runMany('INSERT INTO t VALUES (?)', [[2]])),
  ...deferredAfter('a batch', (tx) => tx.batch([['SELECT 1'], ['INSERT INTO t VALUES (2)']])),
  ...deferredAfter('a script', (tx) => tx.exec('SELECT 1; INSERT INTO t VALUES (2)')),
  'WITH ... INSERT on the database': (db) =>
    db.transaction(() => db.run('WITH x(i) AS (SELECT 2) INSERT INTO t SELECT i FROM x')),
  'a nested transaction': (db) => db.transaction((tx) => tx.transaction(() => save(db))),
  'a nested transaction of a deferred one': (db) =>
    db.transaction((tx) => tx.transaction(() => save(db)), { mode: 'deferred' }),
  'a helper that is called after other work': (db) =>
    db.transaction(async (tx: Transaction) => {
      await tx.query('SELECT * FROM t')
      await (async () => {
        await tx.run('INSERT INTO t VALUES (2)')
        return save(db)
      })()
    }),
  'a loop over its own rows': (db) =>
    db.transaction(async (tx) => {
      await tx.run('INSERT INTO t VALUES (2)')
      for await (const _ of tx.stream('SELECT a FROM t')) await save(db)
    }),
  // The bulk, made a millisecond later than the other, was applied when the first error had ended the transaction.
  'a template, a batch or a bulk': (db) =>
    db.transaction(() => Promise.all([db.run`DELETE FROM t`, db.runMany('INSERT INTO t VALUES (?)', [[1]])])),
}

describe('awaiting a write on the database inside', () => {
  it.concurrent.each(Object.entries(INSIDE))('%s is a TransactionDeadlockError', async (_, inside) => {
    const db = await opened()
    await expect(inside(db)).rejects.toMatchObject({ code: 'transaction-deadlock' })
    expect(await db.value('SELECT count(*) FROM t')).toBe(0)
    await save(db)
    await db.close()
  })
})

describe('no deadlock', () => {
  let db: Database
  beforeAll(async () => {
    db = await opened()
  })
  afterAll(() => db.close())

  it('is a write beside a deferred transaction that has only read, nor beside a read-only one', async () => {
    for (const options of [{ mode: 'deferred' }, { readonly: true }] as const)
      await db.transaction(async (tx) => {
        await tx.query('SELECT * FROM t')
        await save(db)
      }, options)
    expect(await db.value('SELECT count(*) FROM t')).toBe(2)
  })

  it('is a conflict of a deferred transaction: it is run again as often as `retries` says', async () => {
    let runs = 0
    await db.transaction(
      async (tx) => {
        await tx.query('SELECT * FROM t')
        if (++runs < 3) await save(db)
        await tx.run('DELETE FROM t')
      },
      { mode: 'deferred', retries: 2 },
    )
    expect(runs).toBe(3)
    const tooOften = db.transaction(
      async (tx) => {
        await save(db)
        await tx.run('DELETE FROM t')
      },
      { mode: 'deferred', retries: 1 },
    )
    await expect(tooOften).rejects.toMatchObject({ code: 'snapshot-conflict', retryable: true })
    expect(await db.value('SELECT count(*) FROM t')).toBe(2)
  })
})
