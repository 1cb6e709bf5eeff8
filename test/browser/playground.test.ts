// The playground as a visitor meets it, built by Vite from the built package, in each browser:
//  1. the page opens a database and runs the first script
//  2. one click loads the cities; the first query on them shows its rows, and a long result is drawn only where seen
//  3. a wrong name in the SQL is reported with code and place, and marked in the editor
//  4. after a reload the page reopens the database by itself, says so, and gives the same rows
//  5. a second tab shares the database, says who runs it, and takes over when the first one is closed
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import type { BrowserSession } from '../support/browsers/session.ts'
import { click, firstRows, lastRow, seen, textOf, textsOf, write } from '../support/playground-page.ts'
import { type PlaygroundServer, startPlayground } from '../support/playground-server.ts'

const CITIES = 171_075
const LONG_MS = 110_000
const outDir = join(fileURLToPath(new URL('../../.tmp/playground', import.meta.url)), String(process.pid))

let server: PlaygroundServer
beforeAll(async () => {
  server = await startPlayground(outDir)
})
afterAll(async () => {
  await server?.close()
  await rm(outDir, { recursive: true, force: true })
})

describe.each(AVAILABLE)('the playground in %s', (kind) => {
  let browser: BrowserSession
  beforeAll(async () => {
    browser = await launch(kind)
  })
  afterAll(() => browser?.close())

  it('loads the cities, queries them, and has them again after a reload', { timeout: LONG_MS }, async () => {
    const { page } = browser
    await page.goto(server.url)
    await seen(page, '.session-state.good')
    await click(page, 'Run')
    await seen(page, '.run-summary', '1 row')

    await click(page, 'Load the cities')
    await seen(page, '.run-summary', '246 rows', LONG_MS)
    const byCountry = await firstRows(page)
    expect(byCountry[0]).toEqual(['United States', '17343', '10.14'])

    await click(page, 'Every city, north to south')
    await seen(page, '.run-summary', `${CITIES.toLocaleString('en')} rows`)
    expect(await page.evaluate(() => document.querySelectorAll('.grid-row').length)).toBeLessThan(100)
    const southernmost = await lastRow(page)
    expect(southernmost.at(-1)).toBe(String(CITIES))

    await page.reload()
    await seen(page, '.notice', 'Reopened playground.db: 4 tables')
    await click(page, 'Cities by country')
    await seen(page, '.run-summary', '246 rows')
    expect(await firstRows(page)).toEqual(byCountry)
  })

  it('marks the place of a mistake in the editor and shows its code', async () => {
    const { page } = browser
    await page.goto(server.url)
    await write(page, 'SELECT 1;\nSELECT nonsense FROM sqlite_schema')
    await click(page, 'Run')
    await seen(page, '.problem code', 'SQLITE_ERROR')
    expect(await textOf(page, '.problem')).toContain('line 2, column 8')
    expect(await textOf(page, '.cm-error-place')).toBe('nonsense')
  })

  it('shows who runs the database, and takes over from a tab that is closed', async () => {
    const first = browser.page
    await first.goto(server.url)
    await seen(first, '.tabs-role', 'Leader')
    const second = await browser.newPage()
    await second.goto(server.url)
    await seen(second, '.tabs-role', 'Follower')
    await seen(second, '.tabs', '2 tabs have it open')
    const third = await browser.newPage()
    await third.goto(server.url)
    await seen(third, '.tabs', '3 tabs have it open')
    const listed = await textsOf(third, '.tabs-known li')
    expect(listed.map((text) => text.slice(6)).sort()).toEqual(['', 'leads', 'this tab'])
    await third.close()
    await write(second, 'CREATE TABLE IF NOT EXISTS shared (a); INSERT INTO shared VALUES (1); SELECT * FROM shared')
    await click(second, 'Run')
    await seen(second, '.run-summary', '1 row')
    await first.close()
    await seen(second, '.tabs-role', 'Leader')
    await click(second, 'Run')
    await seen(second, '.run-summary', '2 rows')
  })
})
