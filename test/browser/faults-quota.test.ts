// The quota of the site is used up, in Chromium, which alone lets a test set it:
//  1. rows are written until one is refused: SQLITE_FULL with the storage's `quota` as its cause, and nothing else
//  2. what was acknowledged is there, the refused transaction is not; reads work, also after closing and opening again
//  3. deleting in portions works without new space, and then writing works again
//  4. once there is more quota everything works, and nothing that was acknowledged is lost
// On IndexedDB only 1 and 4 hold: to take the storage over costs space there, and deleting gives Chromium's store none
// back until it compacts itself.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ChromiumSession } from '../support/browsers/chromium.ts'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { startServer, type TestServer } from '../support/browsers/server.ts'
import { call } from '../support/browsers/steps.ts'
import { type DurableStorage, storagesOf } from '../support/browsers/storages.ts'
import type { FaultSteps, Refusal } from './pages/faults.ts'

/** Each case has an origin of its own. */
const QUOTA_BYTES = 14 << 20
const ROW_BYTES = 64 << 10
const PORTION_ROWS = 10
const FULL = { name: 'SqliteError', code: 'SQLITE_FULL', causes: expect.arrayContaining(['StorageError quota']) }

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

interface Case {
  readonly storage: DurableStorage
  readonly durability: 'strict' | 'relaxed'
}

async function useUp(browser: ChromiumSession, server: TestServer, { storage, durability }: Case): Promise<void> {
  const { page } = browser
  const name = 'full.db'
  const acknowledged = new Set<number>()
  const open = () => call<FaultSteps, 'open'>(page, 'open', { name, options: { storage, durability } })
  const close = () => call<FaultSteps, 'close'>(page, 'close', null)
  const script = (sql: string) => call<FaultSteps, 'refusalOfScript'>(page, 'refusalOfScript', sql)
  const value = (sql: string) => call<FaultSteps, 'value'>(page, 'value', { sql })
  const fill = async (firstId: number, countMax: number): Promise<Refusal | null> => {
    const filled = await call<FaultSteps, 'fill'>(page, 'fill', { firstId, rowBytes: ROW_BYTES, countMax })
    for (const id of filled.acknowledged) acknowledged.add(id)
    return filled.refusal
  }
  const expectAllThere = async (when: string) => {
    const rows = await call<FaultSteps, 'query'>(page, 'query', {
      sql: 'SELECT id, length(body) AS bytes FROM filled',
    })
    expect(new Set(rows.map(({ id }) => id)), when).toEqual(acknowledged)
    expect(await value('PRAGMA integrity_check'), when).toBe('ok')
  }

  const workWhileFull = async () => {
    await expectAllThere('after the first refusal')
    const last = Math.max(...acknowledged)
    const inParts = `BEGIN; INSERT INTO filled VALUES (2000, 'small');
    INSERT INTO filled SELECT 3000 + id, zeroblob(${ROW_BYTES * 4}) FROM filled; COMMIT`
    expect(await script(inParts)).toMatchObject(FULL)
    await script('ROLLBACK')
    await expectAllThere('after a refused transaction')

    await close()
    await open()
    await expectAllThere('opened again')
    for (let id = 1; id <= last - PORTION_ROWS; id += PORTION_ROWS) {
      const portion = `DELETE FROM filled WHERE id >= ${id} AND id < ${id + PORTION_ROWS}`
      expect(await script(portion), `deleting from ${id} of ${last}`).toBeNull()
      for (let one = id; one < id + PORTION_ROWS; one += 1) acknowledged.delete(one)
    }
    await expectAllThere('after deleting in portions')
    expect(await fill(10_000, last - 2 * PORTION_ROWS), 'writing into what was deleted').toBeNull()
    await expectAllThere('after writing again')
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
  if (storage === 'opfs') await workWhileFull()

  await browser.overrideQuota(origin, undefined)
  await close()
  await open()
  expect(await fill(20_000, 2 * acknowledged.size), 'writing with more quota').toBeNull()
  await close()
  await open()
  await expectAllThere('in the end')
  await close()
}
