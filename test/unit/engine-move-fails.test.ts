// A deferred transaction that cannot get the writer. Its reader was given back before the writer had begun; where that
// failed, the transaction gave the same reader back a second time at its end, and two transactions shared it from then on.
import { expect, it, vi } from 'vitest'
import { Connection } from '../../src/engine/connection.ts'
import { SqliteError } from '../../src/errors/errors.ts'
import { startEngine } from '../support/engine-client.ts'

it('keeps its reader until the writer has begun, and gives it back once', async () => {
  const { client } = await startEngine()
  const db = client()
  await db.exec('CREATE TABLE t(a); INSERT INTO t VALUES(1)')
  const transaction = await db.begin('deferred')
  const begin = vi.spyOn(Connection.prototype, 'beginImmediate').mockImplementationOnce(() => {
    throw new SqliteError('SQLITE_IOERR', 'planted', { errno: 10 })
  })
  await expect(db.run('INSERT INTO t VALUES(2)', undefined, transaction)).rejects.toMatchObject({
    code: 'SQLITE_IOERR',
  })
  begin.mockRestore()
  expect(await db.value('SELECT count(*) FROM t', undefined, transaction)).toBe(1)
  await db.end(transaction, 'rollback')
  const first = await db.begin('readonly')
  await db.run('INSERT INTO t VALUES(3)')
  const second = await db.begin('readonly')
  expect(await db.value('SELECT count(*) FROM t', undefined, first)).toBe(1)
  expect(await db.value('SELECT count(*) FROM t', undefined, second)).toBe(2)
  await db.end(first)
  await db.end(second)
})
