// Makes the database that the measured page opens: 10 MB in 100 000 rows.
import { deleteDatabase, open } from '../../src/index.ts'

async function fill(): Promise<number> {
  await deleteDatabase('start.db')
  const db = await open('start.db')
  await db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT NOT NULL)')
  const row = (id: number) => [id, `row ${id} `.padEnd(92, 'abcdefghij')]
  await db.runMany(
    'INSERT INTO t (id, body) VALUES (?, ?)',
    Array.from({ length: 100_000 }, (_, index) => row(index + 1)),
  )
  const bytes = await db.value('SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()')
  await db.close()
  return Number(bytes)
}

Object.assign(globalThis, { steps: { fill } })
