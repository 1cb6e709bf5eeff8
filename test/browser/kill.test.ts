// What survives a crash, through the built package, in each browser and storage:
//  1. three writers write units of rows; at a random moment the worker is terminated
//  2. every promise settles, with a typed error
//  3. opened again, every acknowledged unit is there, no unit in part, integrity_check ok
// The same with the worker killed inside a long statement, which some browsers end only after seconds, and with the whole
// browser killed, where a profile outlives it. The random moments come from one seed.
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BrowserKind } from '../../scripts/browsers.mjs'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { temporaryDirectory } from '../support/browsers/processes.ts'
import { SEED, seededRandom } from '../support/browsers/seeded-random.ts'
import { startServer, type TestServer } from '../support/browsers/server.ts'
import type { BrowserPage, BrowserSession } from '../support/browsers/session.ts'
import { call } from '../support/browsers/steps.ts'
import { storagesOf } from '../support/browsers/storages.ts'
import type { DatabaseSteps } from './pages/database.ts'
import { LOAD_SCHEMA, ROWS_OF_UNIT } from './pages/write-load.ts'

const DURABILITIES = ['strict', 'relaxed'] as const
const ROUNDS = 6
const KILL_AFTER_MS_MAX = 250
/** Busy inside SQLite for a second or more, writes one row. */
const LONG_COUNT = 8_000_000
const LONG_STATEMENT = `INSERT INTO t WITH RECURSIVE n (i) AS
  (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${LONG_COUNT}) SELECT count(*) FROM n`
const KINDS_WITH_PROFILE: readonly BrowserKind[] = AVAILABLE.filter((kind) => kind !== 'webkit')

let server: TestServer
beforeAll(async () => {
  server = await startServer({ pages: ['database'] })
})
afterAll(() => server?.close())

describe.each(AVAILABLE)('in %s', (kind) => {
  let browser: BrowserSession
  beforeAll(async () => {
    browser = await launch(kind)
  })
  afterAll(() => browser?.close())

  it.each(storagesOf(kind))('keeps every acknowledged write when the worker is killed, on %s', async (storage) => {
    const { page } = browser
    const random = seededRandom(SEED)
    const name = `killed-${storage}.db`
    const acknowledged = new Set<number>()
    let firstUnit = 0
    let underWay = 0
    await page.goto(server.page('database'))
    await call<DatabaseSteps, 'open'>(page, 'open', { name, options: { storage } })
    await call<DatabaseSteps, 'exec'>(page, 'exec', LOAD_SCHEMA)
    for (let round = 0; round < ROUNDS; round += 1) {
      const killAfterMs = random() * KILL_AFTER_MS_MAX
      const where = `seed ${SEED}, round ${round}, killed after ${killAfterMs} ms`
      const result = await call<DatabaseSteps, 'writeUntilKilled'>(page, 'writeUntilKilled', { firstUnit, killAfterMs })
      for (const unit of result.acknowledged) acknowledged.add(unit)
      firstUnit = result.nextUnit
      underWay += result.underWay
      for (const error of result.errors)
        expect(error.code, `${where}: ${error.name}: ${error.message}`).toBe('leader-lost')
      await call<DatabaseSteps, 'abandon'>(page, 'abandon', null)
      await call<DatabaseSteps, 'open'>(page, 'open', { name })
      await expectAllThere(page, acknowledged, where)
    }
    expect(acknowledged.size).toBeGreaterThan(ROUNDS)
    expect(underWay, 'writes under way at the kills').toBeGreaterThan(ROUNDS)
    await call<DatabaseSteps, 'close'>(page, 'close', null)
  })

  it.each(storagesOf(kind).flatMap((storage) => DURABILITIES.map((durability) => ({ storage, durability }))))(
    'applies a statement once whose worker was killed inside it, on $storage, $durability',
    async (options) => {
      const { page } = browser
      const name = `interrupted-${options.storage}-${options.durability}.db`
      await page.goto(server.page('database'))
      await call<DatabaseSteps, 'open'>(page, 'open', { name, options })
      await call<DatabaseSteps, 'exec'>(page, 'exec', 'CREATE TABLE t (a)')
      const outcome = await call<DatabaseSteps, 'killInside'>(page, 'killInside', {
        sql: LONG_STATEMENT,
        killAfterMs: 250,
      })
      expect(outcome).toEqual({ endedBeforeKill: false, changes: 1 })
      expect(await call<DatabaseSteps, 'query'>(page, 'query', { sql: 'SELECT a FROM t' })).toEqual([{ a: LONG_COUNT }])
      await call<DatabaseSteps, 'close'>(page, 'close', null)
      await call<DatabaseSteps, 'open'>(page, 'open', { name })
      expect(await call<DatabaseSteps, 'query'>(page, 'query', { sql: 'SELECT a FROM t' })).toEqual([{ a: LONG_COUNT }])
      await call<DatabaseSteps, 'close'>(page, 'close', null)
    },
  )
})

describe.each(KINDS_WITH_PROFILE)('in %s', (kind) => {
  it.each(storagesOf(kind))(
    'keeps every acknowledged write when the whole browser is killed, on %s',
    async (storage) => {
      const random = seededRandom(SEED + 1)
      const profileDir = await temporaryDirectory()
      const name = `crashed-${storage}.db`
      const acknowledged = new Set<number>()
      let browser = await launch(kind, { profileDir })
      try {
        await browser.page.goto(server.page('database'))
        await call<DatabaseSteps, 'open'>(browser.page, 'open', { name, options: { storage } })
        await call<DatabaseSteps, 'exec'>(browser.page, 'exec', LOAD_SCHEMA)
        server.reports.length = 0
        await call<DatabaseSteps, 'writeAndReport'>(browser.page, 'writeAndReport', { firstUnit: 0 })
        await server.reported(20)
        await new Promise((resolve) => setTimeout(resolve, random() * KILL_AFTER_MS_MAX))
        await browser.kill()
        for (const unit of server.reports) acknowledged.add(Number(unit))

        browser = await launch(kind, { profileDir })
        await browser.page.goto(server.page('database'))
        const info = await call<DatabaseSteps, 'open'>(browser.page, 'open', { name })
        expect(info.storage).toBe(storage)
        await expectAllThere(browser.page, acknowledged, `seed ${SEED}`)
      } finally {
        await browser.close()
        await rm(profileDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
      }
    },
  )
})

/** Every acknowledged unit is there, no unit is there in part, and SQLite finds its file in order. */
async function expectAllThere(page: BrowserPage, acknowledged: ReadonlySet<number>, where: string): Promise<void> {
  const found = await call<DatabaseSteps, 'query'>(page, 'query', {
    sql: 'SELECT unit, count(*) AS rows FROM load GROUP BY unit',
  })
  const rowsOf = new Map(found.map((row) => [Number(row.unit), Number(row.rows)]))
  const lost = [...acknowledged].filter((unit) => !rowsOf.has(unit))
  const partial = [...rowsOf].filter(([unit, rows]) => rows !== ROWS_OF_UNIT[unit % ROWS_OF_UNIT.length])
  expect(lost, `${where}: acknowledged units that are not there`).toEqual([])
  expect(partial, `${where}: units that are there in part`).toEqual([])
  expect(await call<DatabaseSteps, 'value'>(page, 'value', { sql: 'PRAGMA integrity_check' }), where).toBe('ok')
}
