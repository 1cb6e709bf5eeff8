// The playground as a visitor meets it, built by Vite from the built package, in each browser:
//  1. the page opens a database and runs the first script
//  2. one click loads the cities; the first query on them shows its rows, and a long result is drawn only where seen
//  3. a wrong name in the SQL is reported with code and place, and marked in the editor
//  4. after a reload the page reopens the database by itself, says so, and gives the same rows
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import type { BrowserPage, BrowserSession } from '../support/browsers/session.ts'
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
})

/** Waits inside the page until an element is there and holds the text. */
async function seen(page: BrowserPage, selector: string, text = '', timeoutMs = 30_000): Promise<void> {
  const wait = async (wanted: { selector: string; text: string; timeoutMs: number }) => {
    const deadline = performance.now() + wanted.timeoutMs
    for (;;) {
      const shown = document.querySelector(wanted.selector)?.textContent
      if (shown?.includes(wanted.text)) return
      if (performance.now() > deadline) {
        const problem = document.querySelector('.problem, .bad')?.textContent ?? 'no problem'
        throw new Error(`${wanted.selector} shows "${shown}", not "${wanted.text}"; the page reports ${problem}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  await page.evaluate<void>(wait, { selector, text, timeoutMs }, { timeoutMs: timeoutMs + 5000 })
}

function click(page: BrowserPage, label: string): Promise<void> {
  const press = (label: string) => {
    const buttons = [...document.querySelectorAll('button')]
    const button = buttons.find((candidate) => candidate.textContent?.trim() === label)
    if (!button || button.disabled) throw new Error(`no button "${label}" that can be pressed`)
    button.click()
  }
  return page.evaluate<void>(press, label)
}

/** Puts text into the editor by way of the draft that the page keeps for the next visit. */
async function write(page: BrowserPage, text: string): Promise<void> {
  await page.evaluate<void>((text: string) => localStorage.setItem('playground.draft', text), text)
  await page.reload()
  await seen(page, '.session-state.good')
}

function textOf(page: BrowserPage, selector: string): Promise<string> {
  return page.evaluate<string>((selector: string) => document.querySelector(selector)?.textContent ?? '', selector)
}

function firstRows(page: BrowserPage): Promise<string[][]> {
  return page.evaluate<string[][]>(() =>
    [...document.querySelectorAll('.grid-row')]
      .slice(0, 10)
      .map((row) => [...row.querySelectorAll('.grid-cell')].map((cell) => cell.textContent ?? '')),
  )
}

/** Scrolls to the end of the result; the last row's cells and, behind them, its number. */
function lastRow(page: BrowserPage): Promise<string[]> {
  return page.evaluate<string[]>(async () => {
    const grid = document.querySelector('.grid')
    if (!grid) throw new Error('there is no grid')
    grid.scrollTop = grid.scrollHeight
    const last = () => [...document.querySelectorAll('.grid-row')].at(-1)
    const end = Number(grid.getAttribute('aria-rowcount'))
    while (Number(last()?.getAttribute('aria-rowindex')) !== end) {
      await new Promise((resolve) => requestAnimationFrame(resolve))
    }
    const row = last()
    const cells = [...(row?.querySelectorAll('.grid-cell') ?? [])].map((cell) => cell.textContent ?? '')
    return [...cells, row?.querySelector('.grid-number')?.textContent ?? '']
  })
}
