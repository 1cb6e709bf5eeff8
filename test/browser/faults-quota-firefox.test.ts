// The quota of the site is used up, in Firefox, where a profile's settings bound it: a site may use a fifth of what the
// whole profile may. Rows are written until one is refused with SQLITE_FULL and the storage's `quota` as its cause; what was
// acknowledged is there, the refused transaction is not; reading, opening, deleting in portions, writing into what was
// deleted, checkpoint and export need no new space. WebKitGTK offers no way to bound it.
import { describe, expect, it } from 'vitest'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { startServer } from '../support/browsers/server.ts'
import { storagesOf } from '../support/browsers/storages.ts'
import { FULL, fullStorage } from '../support/full-storage.ts'

const QUOTA_BYTES = 14 << 20

describe.skipIf(!AVAILABLE.includes('firefox'))('with the quota used up, in firefox', () => {
  it.each(
    storagesOf('firefox').flatMap((storage) =>
      (['strict', 'relaxed'] as const).map((durability) => ({ storage, durability })),
    ),
  )('refuses with SQLITE_FULL and loses nothing, on $storage, $durability', async (one) => {
    const server = await startServer({ pages: ['faults'] })
    // A profile of its own: all ports of one host share their quota.
    const browser = await launch('firefox', { quotaBytes: QUOTA_BYTES })
    try {
      await browser.page.goto(server.page('faults'))
      const database = fullStorage(browser.page, 'full.db', one)
      await database.open()
      expect(await database.script('CREATE TABLE filled (id INTEGER PRIMARY KEY, body BLOB)')).toBeNull()
      expect(await database.fill(1, 1000)).toMatchObject(FULL)
      expect(database.acknowledged.size).toBeGreaterThan(0)
      await database.workWhileFull()
      await database.close()
      await database.open()
      await database.expectAllThere('in the end')
      await database.close()
    } finally {
      await browser.close()
      await server.close()
    }
  })
})
