// The quota of the site is used up, in Chromium, which alone lets a test change it while the site is open:
//  1. rows are written until one is refused: SQLITE_FULL with the storage's `quota` as its cause, and nothing else
//  2. what was acknowledged is there, the refused transaction is not; reads work, also after closing and opening again
//  3. deleting in portions works without new space, and then writing works again; checkpoint and export work as well
//  4. where other code of the site has taken the last bytes: on IndexedDB, where taking the database over costs space, it
//     is open for reading only, says so, and goes on by itself with the first write once there is space
//  5. once there is more quota everything works, and nothing that was acknowledged is lost
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ChromiumSession } from '../support/browsers/chromium.ts'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { startServer, type TestServer } from '../support/browsers/server.ts'
import { call } from '../support/browsers/steps.ts'
import { storagesOf } from '../support/browsers/storages.ts'
import { FULL, type FullCase, fullStorage } from '../support/full-storage.ts'
import type { FaultSteps } from './pages/faults.ts'

/** Each case has an origin of its own. */
const QUOTA_BYTES = 14 << 20

describe.skipIf(!AVAILABLE.includes('chromium'))('with the quota used up, in chromium', () => {
  let browser: ChromiumSession
  beforeAll(async () => {
    browser = await launch('chromium')
  })
  afterAll(() => browser?.close())

  it.each(
    storagesOf('chromium').flatMap((storage) =>
      (['strict', 'relaxed'] as const).map((durability) => ({ storage, durability })),
    ),
  )('refuses with SQLITE_FULL and loses nothing, on $storage, $durability', async (one) => {
    const server = await startServer({ pages: ['faults'] })
    try {
      await useUp(browser, server, one)
    } finally {
      await browser.page.goto('about:blank')
      await server.close()
    }
  })
})

async function useUp(browser: ChromiumSession, server: TestServer, one: FullCase): Promise<void> {
  const { page } = browser
  const database = fullStorage(page, 'full.db', one)
  const { acknowledged, open, info, close, script, fill, expectAllThere, workWhileFull, expectExport } = database
  const readWithoutAnySpace = async () => {
    // Twice: the first opening gives up what is kept for such times.
    for (let times = 0; times < 2; times += 1) {
      await close()
      await call<FaultSteps, 'useUpSpace'>(page, 'useUpSpace', null)
      await open()
    }
    for (let opening = 1; opening <= 3; opening += 1) {
      expect(await info()).toMatchObject({ readOnly: 'quota' })
      await expectAllThere(`open for reading for the ${opening}. time`)
      expect(await call<FaultSteps, 'streamed'>(page, 'streamed', 'SELECT * FROM filled')).toBe(acknowledged.size)
      await expectExport()
      expect(await script('DELETE FROM filled')).toMatchObject(FULL)
      expect(await fill(30_000, 1)).toMatchObject(FULL)
      await expectAllThere('after refused writes')
      if (opening === 3) break
      await close()
      await open()
    }
    await call<FaultSteps, 'giveSpaceBack'>(page, 'giveSpaceBack', null)
    await browser.overrideQuota(origin, 2 * QUOTA_BYTES)
    expect(await fill(30_000, 1), 'the first write with space').toBeNull()
    expect(await info()).toMatchObject({ readOnly: false })
    await expectAllThere('after taking over at last')
  }

  const url = server.page('faults')
  const { origin } = new URL(url)
  await page.goto(url)
  // Before the first use, since Chromium's IndexedDB asks only now and then how much space is left.
  await browser.overrideQuota(origin, QUOTA_BYTES)
  await open()
  expect(await script('CREATE TABLE filled (id INTEGER PRIMARY KEY, body BLOB)')).toBeNull()

  expect(await fill(1, 1000)).toMatchObject(FULL)
  expect(acknowledged.size).toBeGreaterThan(0)
  await workWhileFull()
  if (one.storage === 'indexeddb') await readWithoutAnySpace()

  await browser.overrideQuota(origin, undefined)
  await close()
  await open()
  expect(await fill(20_000, 2 * acknowledged.size), 'writing with more quota').toBeNull()
  await close()
  await open()
  await expectAllThere('in the end')
  await close()
}
