// A database is closed while a transaction of its own is about to begin. Its rollback was refused like a new call, so writes
// made before the close waited for the transaction's time to be over, and the close with them.

import { expect, test } from 'vitest'
import { ClosedError, SimulatedBrowser } from '../../src/testing/index.ts'

test('closing rolls back a transaction that begins meanwhile, and finishes the writes behind it', async () => {
  const browser = new SimulatedBrowser()
  const db = await browser.open('app.db')
  await db.exec('CREATE TABLE t (a)')
  // Without a limit of time only its rollback ends it.
  const transaction = db
    .transaction((tx) => tx.run('INSERT INTO t VALUES (1)'), { timeoutMs: 0 })
    .catch((e: unknown) => e)
  const write = db.run('INSERT INTO t VALUES (2)')
  await db.close()
  expect(await transaction).toBeInstanceOf(ClosedError)
  expect(await write).toMatchObject({ changes: 1 })
  const again = await browser.open('app.db')
  expect(await again.query('SELECT a FROM t')).toEqual([{ a: 2 }])
  await again.close()
})
