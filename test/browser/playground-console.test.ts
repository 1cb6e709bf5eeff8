// The playground's tools, in each browser:
//  1. each statement of a script has its own result; a script that fails keeps nothing and marks the place
//  2. the plan of a query is a tree; the schema is another, walked by keys
//  3. a result longer than a browser's tallest element shows its last row
//  4. a result as CSV and JSON is exact; the database as a file is a SQLite file
//  5. arrow keys at the editor's start bring back what was run
//  6. databases are created, listed and deleted
//  7. a dropped file becomes a database, which can be renamed; a damaged one changes nothing
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import type { BrowserPage, BrowserSession } from '../support/browsers/session.ts'
import {
  catchDownloads,
  caughtBytes,
  click,
  dropCaught,
  fillIn,
  firstRows,
  keys,
  lastRow,
  runScript,
  seen,
  textOf,
  textsOf,
  write,
} from '../support/playground-page.ts'
import { type PlaygroundServer, startPlayground } from '../support/playground-server.ts'

const outDir = join(fileURLToPath(new URL('../../.tmp/playground', import.meta.url)), `console-${process.pid}`)

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
  let page: BrowserPage
  beforeAll(async () => {
    browser = await launch(kind)
    page = browser.page
  })
  afterAll(() => browser?.close())
  beforeEach(async () => {
    await page.goto(server.url)
    await seen(page, '.session-state.good')
  })

  it('shows the result of every statement of a script, and where its time went', async () => {
    const script = `CREATE TABLE IF NOT EXISTS pair (a, b);
      DELETE FROM pair; INSERT INTO pair VALUES (1, 2), (3, 4);
      SELECT * FROM pair; SELECT count(*) AS n FROM pair`
    await runScript(page, script, '5 statements, 1 row')
    expect(await textsOf(page, '[role="tab"]')).toEqual(['All 5', '4 2 rows', '5 1 row'])
    expect(await firstRows(page)).toEqual([['2']])
    expect(await textsOf(page, '.timing dt')).toEqual(['queue', 'run', 'transfer', 'decode'])
    await keys(page, ['ArrowLeft'], '[role="tab"][aria-selected="true"]')
    expect(await firstRows(page)).toEqual([
      ['1', '2'],
      ['3', '4'],
    ])
    await keys(page, ['ArrowLeft'])
    expect((await textsOf(page, '.statement-line')).join()).toContain('2 rows changed')
  })

  it('keeps nothing of a script that fails, and marks the statement', async () => {
    await runScript(page, 'CREATE TABLE doomed (a);\nSELECT 1;\nSELECT * FROM missing;\nSELECT 2', 'SQLITE_ERROR')
    expect(await textOf(page, '.problem')).toContain('line 3')
    expect(await textOf(page, '.problem')).toContain('nothing of it was kept')
    expect((await textsOf(page, '.cm-error-place')).join('')).toBe('SELECT * FROM missing')
    await runScript(page, "SELECT name FROM sqlite_schema WHERE name = 'doomed'", '0 rows')
  })

  it('shows the plan of a query as a tree', async () => {
    await runScript(page, 'CREATE TABLE IF NOT EXISTS p (id INTEGER PRIMARY KEY, v)', 'done')
    await write(page, 'SELECT * FROM p JOIN (SELECT v FROM p GROUP BY v) AS g ON g.v = p.v WHERE p.id = 1')
    await click(page, 'Plan')
    await seen(page, '.plan', 'SEARCH p USING INTEGER PRIMARY KEY')
    expect(await textsOf(page, '.plan > ul > li > ul code')).toContain('SCAN p')
    expect(await textsOf(page, '.plan-kind')).toContain('whole table')
  })

  it('shows columns, indexes and triggers in a tree that keys walk through', async () => {
    const schema = `CREATE TABLE IF NOT EXISTS a_first (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
      CREATE TRIGGER IF NOT EXISTS a_trigger AFTER INSERT ON a_first BEGIN SELECT 1; END;`
    await runScript(page, schema, '2 statements')
    await seen(page, '.tree', 'a_first')
    await keys(page, ['ArrowRight'], '.tree [data-item="a_first"]')
    await seen(page, '.tree', 'a_trigger')
    expect((await textsOf(page, '.tree-leaf')).slice(0, 4)).toEqual([
      'idintegerkey',
      'nametextnot null',
      'nameunique',
      'a_trigger',
    ])
    await keys(page, ['ArrowDown', 'ArrowDown'])
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('nametextnot null')
    await keys(page, ['ArrowLeft', 'Enter'])
    await seen(page, '.run-summary', '0 rows')
  })

  it('shows the last row of a result that is taller than a browser lays out', async () => {
    const rows = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 700000) SELECT i FROM n'
    await runScript(page, rows, '700,000 rows')
    expect(await page.evaluate(() => document.querySelectorAll('.grid-row').length)).toBeLessThan(100)
    expect(await lastRow(page)).toEqual(['700000', '700000'])
    await keys(page, ['Ctrl+Home', 'ArrowDown'], '.grid')
    expect(await textOf(page, '[data-active]')).toBe('2')
    await keys(page, ['Ctrl+End', 'ArrowUp'])
    expect(await textOf(page, '[data-active]')).toBe('699999')
  })

  it('writes a result as CSV and as JSON without losing anything', async () => {
    const values = `SELECT 9223372036854775807 AS big, x'00ff' AS bytes, 'a"b,c' AS text, NULL AS none, '' AS empty`
    for (const [format, content] of [
      ['CSV file', 'big,bytes,text,none,empty\r\n9223372036854775807,00ff,"a""b,c",,""\r\n'],
      ['JSON file', '[\n{"big":"9223372036854775807","bytes":"AP8=","text":"a\\"b,c","none":null,"empty":""}\n]\n'],
    ] as const) {
      await runScript(page, values, '1 row')
      await catchDownloads(page)
      await click(page, 'Export', '.result-bar')
      await page.evaluate<void>((name: string) => {
        const entries = [...document.querySelectorAll<HTMLElement>('.menu-entry')]
        entries.find((entry) => entry.textContent?.startsWith(name))?.click()
      }, format)
      expect(await caughtBytes(page)).toBe(content)
    }
  })

  it('hands out the database as a SQLite file', async () => {
    await runScript(page, 'CREATE TABLE IF NOT EXISTS kept (a)', 'done')
    await catchDownloads(page)
    await click(page, 'Export', '.storage')
    expect((await caughtBytes(page)).slice(0, 15)).toBe('SQLite format 3')
    await seen(page, '.notice', 'Exported playground.db')
  })

  it('brings back what was run with the arrow keys, and then what was being written', async () => {
    await runScript(page, 'SELECT 111', '1 row')
    await runScript(page, 'SELECT 222', '1 row')
    await write(page, 'SELECT 3')
    const text = () => textsOf(page, '.cm-line').then((lines) => lines.join('\n'))
    await keys(page, ['ArrowUp'], '.cm-content')
    expect(await text()).toBe('SELECT 222')
    await keys(page, ['ArrowUp'])
    expect(await text()).toBe('SELECT 111')
    await keys(page, ['Alt+ArrowDown', 'Alt+ArrowDown'])
    expect(await text()).toBe('SELECT 3')
    await keys(page, ['Ctrl+Enter'])
    await seen(page, '.run-summary', '1 row')
    expect(await firstRows(page)).toEqual([['3']])
  })

  it('creates databases, lists them and deletes them', async () => {
    await openDialog(page)
    await fillIn(page, '.open-form input', 'other.db')
    await click(page, 'Create')
    await seen(page, '.database-name', 'other.db')
    await seen(page, '.session-state.good')
    await runScript(page, 'CREATE TABLE IF NOT EXISTS here (a)', 'done')
    await openDialog(page)
    expect(await textsOf(page, '.database-list .mono')).toEqual(['other.db', 'playground.db'])
    await click(page, 'Delete other.db')
    await click(page, 'Delete for good')
    await seen(page, '.database-name', 'playground.db')
    await seen(page, '.session-state.good')
  })

  it('makes a database of a dropped file, refuses a damaged one, and renames', async () => {
    await runScript(
      page,
      'DROP TABLE IF EXISTS kept; CREATE TABLE kept (a); INSERT INTO kept VALUES (42)',
      '3 statements',
    )
    await catchDownloads(page)
    await click(page, 'Export', '.storage')
    await caughtBytes(page)
    await dropCaught(page, 'dropped.db')
    await seen(page, 'dialog[open]', 'Import dropped.db')
    await fillIn(page, 'dialog[open] input', 'dropped.db')
    await click(page, 'Import', 'dialog[open]')
    await seen(page, '.notice', 'dropped.db holds dropped.db now')
    expect(await textOf(page, '.database-name')).toBe('dropped.db')

    await dropCaught(page, 'half.db', 6000)
    await seen(page, 'dialog[open]', 'Import half.db')
    await click(page, 'Replace dropped.db', 'dialog[open]')
    await seen(page, '.notice', 'Importing half.db: failed. The file ends too early')

    await openDialog(page)
    await click(page, 'Rename dropped.db')
    await fillIn(page, '.rename-form input', 'renamed.db')
    await click(page, 'Rename', '.rename-form')
    await seen(page, '.database-name', 'renamed.db')
    await seen(page, '.notice', 'dropped.db is now renamed.db')
    await runScript(page, 'SELECT a FROM kept', '1 row')
    expect(await textOf(page, '.database-name')).toBe('renamed.db')
    expect(await firstRows(page)).toEqual([['42']])
    await openDialog(page)
    expect(await textsOf(page, '.database-list .mono')).toEqual(['playground.db', 'renamed.db'])
  })
})

async function openDialog(page: BrowserPage): Promise<void> {
  await page.evaluate<void>(() => document.querySelector<HTMLElement>('.database-button')?.click())
  await seen(page, '.database-list', 'playground.db')
}
