// The character NUL in SQL. SQLite took it for the end of the text, so that `DELETE FROM t<NUL> WHERE id=1` deleted every
// row, without a word.
import { expect, it } from 'vitest'
import { openWith } from '../../src/client/open.ts'
import { inProcessPlatform } from '../support/in-process-worker.ts'

const CUT = 'DELETE FROM t\0 WHERE a=1'

it('is refused in every call, before anything is run', async () => {
  const db = await openWith(inProcessPlatform(), 'app.db', { storage: 'memory' })
  await db.exec('CREATE TABLE t(a); INSERT INTO t VALUES(1),(2)')
  const refused = { name: 'UsageError', code: 'invalid-argument', message: expect.stringContaining('NUL at offset') }
  for (const call of [
    () => db.run(CUT),
    () => db.query(CUT),
    () => db.query('SELECT 1\0'),
    () => db.query("SELECT 'a\0b'"),
    () => db.exec(CUT),
    () => db.exec(`DELETE FROM t; COMMIT; ${CUT}`),
    () => db.exec(`BEGIN; DELETE FROM t; COMMIT; ${CUT}`),
    () => db.batch([['DELETE FROM t'], [CUT]]),
    () => db.runMany('DELETE FROM t\0 WHERE a=?', [[1]]),
    () => db.prepare(CUT),
    () => db.stream('SELECT 1\0').next(),
    () => db.transaction((tx) => tx.run(CUT)),
    () => db.transaction((tx) => tx.exec(`DELETE FROM t; ${CUT}`)),
    () => db.transaction((tx) => tx.run(CUT), { mode: 'deferred' }),
  ])
    await expect(call()).rejects.toMatchObject(refused)
  expect(await db.query('SELECT a FROM t', [], { rowMode: 'array' })).toEqual([[1], [2]])
  expect(await db.value('SELECT length(CAST(? AS BLOB))', ['a\0b'])).toBe(3)
  await db.close()
})
