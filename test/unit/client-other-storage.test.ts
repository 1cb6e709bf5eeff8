// A tab that asks for another storage than the one in which another tab has the database open is refused: once it led, it
// would be refused by its own worker, and every call after a failover with it.
import { afterEach, expect, test } from 'vitest'
import { SimulatedSite } from '../support/simulated-site.ts'

const site = new SimulatedSite()

afterEach(() => site.close())

test('a tab that asks for another storage than is open is refused, and leaves nothing behind', async () => {
  const first = await site.open()
  await first.exec('CREATE TABLE t(a)')
  const refused = site.open({ storage: 'indexeddb' })
  await expect(refused).rejects.toMatchObject({ name: 'StorageError', code: 'storage-changed' })
  await expect(refused).rejects.toThrow(
    "The database 'app.db' is open in memory, but indexeddb was asked for. Open it with storage: 'auto'.",
  )
  expect(await first.tabs()).toHaveLength(1)
  const second = await site.open({ storage: 'auto' })
  expect(second.info.role).toBe('follower')
  expect(await second.query('SELECT * FROM t')).toEqual([])
})
