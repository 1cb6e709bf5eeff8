// What docs/damage.md says can be done with a database of which blocks are damaged: the rows around them are read, and all
// that is lost is in the blocks that verify() names.
import { expect, test } from 'vitest'
import type { Database } from '../../src/client/database.ts'
import { openWith } from '../../src/client/open.ts'
import { FakePlatform as Browser } from '../support/fake-platform.ts'
import { inProcessPlatform } from '../support/in-process-worker.ts'

const ROWS = 3000

/** Every row between two numbers that can be read: what cannot is halved until single rows are left. */
async function readable(db: Database, from: number, to: number): Promise<Record<string, unknown>[]> {
  try {
    return await db.query('SELECT id, body FROM note WHERE id BETWEEN ? AND ?', [from, to])
  } catch (error) {
    if ((error as { code?: string }).code !== 'corrupt') throw error
    if (from === to) return []
    const middle = Math.floor((from + to) / 2)
    return [...(await readable(db, from, middle)), ...(await readable(db, middle + 1, to))]
  }
}

test('of a table with a damaged block all rows outside of that block can be read and kept', async () => {
  const browser = new Browser()
  const body = (id: number) => `row ${id} ${'x'.repeat(300)}`
  const first = await openWith(inProcessPlatform(browser), 'app.db')
  await first.exec('CREATE TABLE note(id INTEGER PRIMARY KEY, body TEXT)')
  await first.runMany(
    'INSERT INTO note VALUES (?, ?)',
    Array.from({ length: ROWS }, (_, i) => [i + 1, body(i + 1)]),
  )
  await first.checkpoint()
  await first.close()
  const spoil = (entries: typeof browser.opfs.root.entries): void => {
    for (const entry of entries.values()) {
      if (entry.kind === 'directory') spoil(entry.entries)
      else
        for (let at = 0; ; ) {
          at = Buffer.from(entry.bytes).indexOf('row 1500 ', at) + 1
          if (at === 0) break
          entry.bytes.fill(0, at, at + 4)
        }
    }
  }
  spoil(browser.opfs.root.entries)
  const db = await openWith(inProcessPlatform(browser), 'app.db')
  await expect(db.query('SELECT * FROM note')).rejects.toMatchObject({ name: 'StorageError', code: 'corrupt' })
  const { ok, damaged } = await db.verify()
  expect({ ok, damaged: damaged.length }).toEqual({ ok: false, damaged: 1 })
  const rows = await readable(db, 1, ROWS)
  const lost = ROWS - rows.length
  expect(lost).toBeGreaterThan(0)
  expect(lost).toBeLessThanOrEqual(4096 / 300)
  for (const row of rows) expect(row.body).toBe(body(row.id as number))
  const kept = await openWith(inProcessPlatform(browser), 'kept.db')
  await kept.exec('CREATE TABLE note(id INTEGER PRIMARY KEY, body TEXT)')
  await kept.runMany(
    'INSERT INTO note VALUES (?, ?)',
    rows.map(({ id, body }) => [id as number, body as string]),
  )
  expect(await kept.verify()).toMatchObject({ ok: true })
  await kept.close()
  await db.close()
})
