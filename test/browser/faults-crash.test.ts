// What survives the end of a page, a renderer or a browser at any moment, seen from outside: the page writes units of rows
// without end and tells the test server of each acknowledged one; then it is ended at a random moment, with writes under
// way. Opened again, every unit that was told of is there, none in part, and integrity_check is ok.
//  1. reload: the page leaves inside a commit, again and again, on one database
//  2. crash: its renderer process ends at once (Chromium, which can be told to)
//  3. kill -9 of the whole browser, then a new one on the same profile, at relaxed (kill.test.ts does it at strict)
//  4. the worker is terminated, at relaxed (kill.test.ts does it at strict)
//  5. the worker is terminated while nothing is asked of it: the next call finds everything, without an error
// The random moments come from one seed.
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ChromiumSession } from '../support/browsers/chromium.ts'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { temporaryDirectory } from '../support/browsers/processes.ts'
import { SEED, seededRandom } from '../support/browsers/seeded-random.ts'
import { startServer, type TestServer } from '../support/browsers/server.ts'
import type { BrowserPage, BrowserSession } from '../support/browsers/session.ts'
import { call } from '../support/browsers/steps.ts'
import { type DurableStorage, storagesOf } from '../support/browsers/storages.ts'
import type { FaultSteps } from './pages/faults.ts'
import { LOAD_SCHEMA, ROWS_OF_UNIT } from './pages/write-load.ts'

type Durability = 'strict' | 'relaxed'

const RELOADS = 3
const CRASHES = 2
const KILLS = 4
const END_AFTER_MS_MAX = 100
const DURABILITIES: readonly Durability[] = ['strict', 'relaxed']

let server: TestServer
beforeAll(async () => {
  server = await startServer({ pages: ['faults'] })
})
afterAll(() => server?.close())

/** A database that is written to until its page ends, and what was acknowledged, as the server was told. */
class Load {
  readonly acknowledged = new Set<number>()
  readonly #name: string
  readonly #options: { readonly storage: DurableStorage; readonly durability: Durability }
  readonly #random: () => number
  #rounds = 0

  constructor(what: string, storage: DurableStorage, durability: Durability) {
    this.#name = `${what}-${storage}-${durability}.db`
    this.#options = { storage, durability }
    this.#random = seededRandom(SEED + what.length)
  }

  /** Loads the page, opens the database and lets it be written to for a random moment; returns in the midst of that. */
  async write(page: BrowserPage): Promise<void> {
    await this.#open(page)
    if (this.#rounds === 0) await call<FaultSteps, 'exec'>(page, 'exec', LOAD_SCHEMA)
    this.#rounds += 1
    server.reports.length = 0
    // Units of different rounds must not meet: each has numbers of its own.
    await call<FaultSteps, 'writeAndReport'>(page, 'writeAndReport', { firstUnit: this.#rounds * 3_000_000 })
    await server.reported(10)
    await new Promise((resolve) => setTimeout(resolve, this.#random() * END_AFTER_MS_MAX))
  }

  /** To be called once the page has ended: what it told of until then has to be there. */
  async expectAllThere(page: BrowserPage): Promise<void> {
    for (const unit of server.reports) this.acknowledged.add(Number(unit))
    await this.#open(page)
    await this.check(page)
    await call<FaultSteps, 'close'>(page, 'close', null)
  }

  async check(page: BrowserPage): Promise<void> {
    const where = `seed ${SEED}, round ${this.#rounds} on ${this.#name}`
    const found = await call<FaultSteps, 'query'>(page, 'query', {
      sql: 'SELECT unit, count(*) AS rows FROM load GROUP BY unit',
    })
    const rowsOf = new Map(found.map((row) => [Number(row.unit), Number(row.rows)]))
    const lost = [...this.acknowledged].filter((unit) => !rowsOf.has(unit))
    const partial = [...rowsOf].filter(([unit, rows]) => rows !== ROWS_OF_UNIT[unit % ROWS_OF_UNIT.length])
    expect(lost, `${where}: acknowledged units that are not there`).toEqual([])
    expect(partial, `${where}: units that are there in part`).toEqual([])
    const integrity = await call<FaultSteps, 'value'>(page, 'value', { sql: 'PRAGMA integrity_check' })
    expect(integrity, where).toBe('ok')
  }

  async #open(page: BrowserPage): Promise<void> {
    await page.goto(server.page('faults'))
    const info = await call<FaultSteps, 'open'>(page, 'open', { name: this.#name, options: this.#options })
    expect(info.storage).toBe(this.#options.storage)
  }
}

describe.each(AVAILABLE)('in %s', (kind) => {
  let browser: BrowserSession
  beforeAll(async () => {
    browser = await launch(kind)
  })
  afterAll(() => browser?.close())

  describe.each(storagesOf(kind))('on %s', (storage) => {
    it.each(DURABILITIES)(
      'keeps every acknowledged write when the page is reloaded inside a commit, %s',
      async (durability) => {
        const load = new Load('reloaded', storage, durability)
        for (let round = 0; round < RELOADS; round += 1) {
          await load.write(browser.page)
          await browser.page.reload()
          await load.expectAllThere(browser.page)
        }
        expect(load.acknowledged.size).toBeGreaterThanOrEqual(10 * RELOADS)
      },
    )

    it.each(DURABILITIES)(
      'goes on as if nothing had happened when the idle worker is killed, %s',
      async (durability) => {
        const { page } = browser
        await page.goto(server.page('faults'))
        const name = `idle-${storage}-${durability}.db`
        await call<FaultSteps, 'open'>(page, 'open', { name, options: { storage, durability } })
        await call<FaultSteps, 'exec'>(page, 'exec', 'CREATE TABLE filled (id INTEGER PRIMARY KEY, body BLOB)')
        const load = { firstId: 1, rowBytes: 10_000, countMax: 10 }
        const { acknowledged } = await call<FaultSteps, 'fill'>(page, 'fill', load)
        // After the moment in which an idle engine tidies up.
        await new Promise((resolve) => setTimeout(resolve, 300))
        await call<FaultSteps, 'terminateWorker'>(page, 'terminateWorker', null)
        const found = await call<FaultSteps, 'query'>(page, 'query', { sql: 'SELECT id FROM filled ORDER BY id' })
        expect(acknowledged.length).toBe(10)
        expect(found.map(({ id }) => id)).toEqual(acknowledged)
        expect(await call<FaultSteps, 'value'>(page, 'value', { sql: 'PRAGMA integrity_check' })).toBe('ok')
        await call<FaultSteps, 'close'>(page, 'close', null)
      },
    )

    it('keeps every acknowledged write when the worker is killed, relaxed', async () => {
      const { page } = browser
      const random = seededRandom(SEED)
      const load = new Load('killed', storage, 'relaxed')
      await load.write(page)
      await page.reload()
      await load.expectAllThere(page)
      await call<FaultSteps, 'open'>(page, 'open', {
        name: `killed-${storage}-relaxed.db`,
        options: { durability: 'relaxed' },
      })
      let firstUnit = 30_000_000
      for (let round = 0; round < KILLS; round += 1) {
        const killAfterMs = random() * END_AFTER_MS_MAX
        const result = await call<FaultSteps, 'writeUntilKilled'>(page, 'writeUntilKilled', { firstUnit, killAfterMs })
        for (const unit of result.acknowledged) load.acknowledged.add(unit)
        firstUnit = result.nextUnit
        for (const error of result.errors) expect(error.code, error.message).toBe('leader-lost')
        await load.check(page)
      }
      await call<FaultSteps, 'close'>(page, 'close', null)
    })
  })
})

describe.skipIf(!AVAILABLE.includes('chromium'))('in chromium, whose renderer process crashes', () => {
  let browser: ChromiumSession
  beforeAll(async () => {
    browser = await launch('chromium')
  })
  afterAll(() => browser?.close())

  describe.each(storagesOf('chromium'))('on %s', (storage) => {
    it.each(DURABILITIES)('keeps every acknowledged write, %s', async (durability) => {
      const load = new Load('crashed', storage, durability)
      for (let round = 0; round < CRASHES; round += 1) {
        const page = await browser.newPage()
        await load.write(page)
        await page.crash()
        await load.expectAllThere(browser.page)
        await page.close()
      }
    })
  })
})

describe.each(AVAILABLE.filter((kind) => kind !== 'webkit'))('in %s, of which all processes are killed', (kind) => {
  it.each(storagesOf(kind))('keeps every acknowledged write, relaxed, on %s', async (storage) => {
    const load = new Load('ended', storage, 'relaxed')
    const profileDir = await temporaryDirectory()
    let browser = await launch(kind, { profileDir })
    try {
      await load.write(browser.page)
      await browser.kill()
      browser = await launch(kind, { profileDir })
      await load.expectAllThere(browser.page)
    } finally {
      await browser.close()
      await rm(profileDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    }
  })
})
