// An imported file may come from anybody, and so may SQL in its triggers and views: what only SQLite itself should write
// stays out of reach, on the writer, on readers and on the connection that follows a temporary table.
import { expect, it } from 'vitest'
import { startEngine } from '../support/engine-client.ts'

it('shadow tables and the schema cannot be written, in any kind of request', async () => {
  const { client } = await startEngine()
  const db = client()
  await db.exec("CREATE VIRTUAL TABLE f USING fts5(body); INSERT INTO f VALUES('red')")
  const writes = [
    "UPDATE f_data SET block = x'00'",
    'DELETE FROM f_content',
    "INSERT INTO f_config VALUES('version', 9)",
    'DROP TABLE f_idx',
    "UPDATE sqlite_schema SET sql = ''",
  ]
  const refuseAll = async () => {
    for (const sql of writes) {
      await expect(db.run(sql), sql).rejects.toThrow(/may not be (modified|dropped)/)
      await expect(db.exec(`BEGIN; ${sql}; COMMIT`), sql).rejects.toThrow(/may not be (modified|dropped)/)
      await expect(db.batch([[sql]]), sql).rejects.toThrow(/may not be (modified|dropped)/)
    }
  }
  await refuseAll()
  await db.exec('BEGIN; CREATE TEMP TABLE x(a); COMMIT')
  await refuseAll()
  expect(await db.query("SELECT body FROM f WHERE f MATCH 'red'")).toEqual([['red']])
})
