// The quota of the site is used up, in Chromium, which alone lets a test set it:
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
  const info = () => call<FaultSteps, 'info'>(page, 'info', null)
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
    INSERT INTO filled SELECT 3000 + id, randomblob(${ROW_BYTES * 4}) FROM filled; COMMIT`
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
    await call<FaultSteps, 'checkpoint'>(page, 'checkpoint', null)
    await expectExport()
  }

  const expectExport = async () => {
    const { begins, bytes } = await call<FaultSteps, 'exported'>(page, 'exported', null)
    expect(begins).toBe('SQLite format 3')
    expect(bytes).toBeGreaterThan(acknowledged.size * ROW_BYTES)
  }

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
  if (storage === 'indexeddb') await readWithoutAnySpace()

  await browser.overrideQuota(origin, undefined)
  await close()
  await open()
  expect(await fill(20_000, 2 * acknowledged.size), 'writing with more quota').toBeNull()
  await close()
  await open()
  await expectAllThere('in the end')
  await close()
}
