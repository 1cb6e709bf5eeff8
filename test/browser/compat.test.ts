// The example programs of the two older APIs, as they were published, in each browser. What had to be changed in them stands in
// test/compat/published/CHANGES.md. Plan:
//  1. `SQLiteDB`: the users-and-posts example says that it found its data again after close and reopen, and so does its page
//  2. `DatabaseConnection`: the basic set-up prints its row
//  3. its test page does schema, data, queries, custom SQL and error scenarios, in two tabs that share `worker.db`; the
//     follower goes on when the leading tab is closed
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { until } from '../support/browsers/processes.ts'
import { startServer, type TestServer } from '../support/browsers/server.ts'
import type { BrowserPage, BrowserSession } from '../support/browsers/session.ts'

const folder = fileURLToPath(new URL('../compat/published', import.meta.url))

/** Keeps what a page prints; it comes before the page's own scripts. */
const RECORDER = `<script>
  globalThis.printed = []
  for (const kind of ['log', 'error']) {
    const print = console[kind]
    console[kind] = (...parts) => { printed.push([...(kind === 'error' ? ['ERROR'] : []), ...parts.map(String)].join(' ')); print(...parts) }
  }
</script>`

let server: TestServer
beforeAll(async () => {
  server = await startServer({ pages: [], texts: await publishedFiles() })
})
afterAll(() => server?.close())

async function publishedFiles(): Promise<Map<string, string>> {
  const texts = new Map([
    ['/pages/app.html', `<!DOCTYPE html>${RECORDER}<script type="module" src="./app.js"></script>`],
  ])
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.html')) continue
    const html = await readFile(join(folder, name), 'utf8')
    texts.set(`/pages/${name}`, html.replace('<head>', `<head>${RECORDER}`))
  }
  // The example is compiled as it was published for, and not with the settings of this project.
  const options = { format: 'esm', write: false, tsconfigRaw: {} } as const
  const { outputFiles } = await build({ ...options, entryPoints: [join(folder, 'app.ts')] })
  return texts.set('/pages/app.js', outputFiles[0]!.text.replace('"datasync/compat"', '"/dist/compat.js"'))
}

/** What the page has printed, once a line holds `last`. */
function printed(page: BrowserPage, last: string): Promise<string[]> {
  return until(30_000, `a line with '${last}'`, async () => {
    const lines = await page.evaluate<string[]>('() => printed')
    return lines.some((line) => line.includes(last)) ? lines : undefined
  })
}

describe.each(AVAILABLE)('in %s', (kind) => {
  let browser: BrowserSession
  const pages: BrowserPage[] = []
  beforeAll(async () => {
    browser = await launch(kind)
  })
  afterAll(() => browser?.close())
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.close()
  })

  async function open(name: string): Promise<BrowserPage> {
    const page = await browser.newPage()
    pages.push(page)
    await page.goto(server.page(name))
    return page
  }

  describe('SQLiteDB', () => {
    it('runs the users-and-posts example, which finds its data again after close and reopen', async () => {
      const lines = await printed(await open('app'), 'persistence')
      expect(lines.map((line) => line.replace(/[\d.]+ms/, '1.00ms'))).toEqual([
        'Creating database...',
        'Inserted 2 users',
        'Inserted 2 posts',
        'Transaction committed successfully',
        'Query results:',
        'Columns: username, email, title, content, created_at',
        'Execution time: 1.00ms',
        expect.stringMatching(/^Row 1: (alice|bob),/),
        expect.stringMatching(/^Row 2: (alice|bob),/),
        '✅ Data persistence verified!',
      ])
    })

    it('runs the page of the example to its end, also where the example has been run before', async () => {
      const page = await open('index')
      const status = await until(30_000, 'the end of the demo', async () => {
        const text = await page.evaluate<string>("() => document.getElementById('status').textContent")
        return /✅|❌/.test(text) ? text : undefined
      })
      expect(status).toBe('✅ Demo completed successfully!')
      expect(await printed(page, 'Transaction failed')).toContainEqual(
        expect.stringContaining('UNIQUE constraint failed: users.'),
      )
    })
  })

  describe('DatabaseConnection', () => {
    /** Presses a button of the test page and gives what it shows. */
    const press = (page: BrowserPage, label: string) =>
      page.evaluate<{ text: string; failed: boolean }>(
        `async (label) => {
        const output = document.getElementById('output')
        // Timers of a tab in the background may be a second late.
        const shown = new Promise((resolve) => new MutationObserver(resolve).observe(output, { attributeFilter: ['data-count'] }))
        ;[...document.querySelectorAll('button')].find((button) => button.textContent === label).click()
        await shown
        return { text: output.textContent, failed: output.className === 'error' }
      }`,
        label,
      )
    const rows = async (page: BrowserPage, label: string) => JSON.parse((await press(page, label)).text)
    const custom = async (page: BrowserPage, sql: string) => {
      await page.evaluate("(sql) => { document.getElementById('sql').value = sql }", sql)
      return rows(page, 'Execute')
    }

    it('runs the basic set-up, which prints its row as JSON', async () => {
      const page = await open('basic-setup')
      const [line = ''] = await printed(page, 'Query results')
      const start = 'Query results: '
      expect(line.slice(0, start.length)).toBe(start)
      expect(JSON.parse(line.slice(start.length))).toEqual([{ id: 1, name: 'Alice', email: 'alice@example.com' }])
      // The test page makes this table too.
      await page.evaluate(`async () => {
      const { DatabaseConnection } = await import('/dist/compat.js')
      await new DatabaseConnection().query('DROP TABLE users')
    }`)
    })

    it('does all that its test page offers, in two tabs', async () => {
      const first = await open('test')
      expect(await press(first, 'Initialize')).toEqual({ text: 'ready', failed: false })
      expect(await rows(first, 'Create users')).toBe(0)
      expect(await rows(first, 'Alter users')).toBe(0)
      const second = await open('test')
      await press(second, 'Initialize')
      expect(await rows(second, 'Create orders')).toBe(0)
      expect(await rows(first, 'Insert users')).toBe(2)
      expect(await rows(second, 'Insert or ignore')).toBe(0)
      expect(await rows(second, 'Insert orders')).toBe(3)
      expect(await rows(first, 'Update Alice')).toBe(1)
      expect(await rows(first, 'All users')).toEqual([
        { id: 1, name: 'Alice', email: 'alice@example.com', age: 31 },
        { id: 2, name: 'Bob', email: 'bob@example.com', age: 41 },
      ])
      expect(await rows(second, 'Older than 40')).toEqual([{ name: 'Bob' }])
      expect(await rows(second, 'Join')).toEqual([
        { name: 'Alice', orders: 2, total: 29.5 },
        { name: 'Bob', orders: 1, total: 3 },
      ])
      expect(await rows(first, 'Delete small orders')).toBe(1)
      expect(await custom(second, 'SELECT count(*) AS n, 9007199254740993 AS large FROM orders')).toEqual([
        { n: 2, large: '9007199254740993' },
      ])

      for (const [label, words] of [
        ['Unique constraint', 'UNIQUE constraint failed: users.email'],
        ['Not null constraint', 'NOT NULL constraint failed: users.name'],
        ['Foreign key', 'FOREIGN KEY constraint failed'],
        ['Type mismatch', 'cannot store TEXT value in REAL column orders.total'],
        ['Syntax error', 'syntax error'],
        ['Missing table', 'no such table: missing'],
      ] as const) {
        const page = label.length % 2 ? first : second
        expect(await press(page, label)).toEqual({ text: expect.stringContaining(words), failed: true })
      }

      await pages.shift()?.close()
      expect(await rows(second, 'Drop orders')).toBe(0)
      await second.reload()
      await press(second, 'Initialize')
      expect(await custom(second, "SELECT count(*) AS n FROM sqlite_schema WHERE name = 'orders'")).toEqual([{ n: 0 }])
      expect(await rows(second, 'Older than 40')).toEqual([{ name: 'Bob' }])
    })
  })
})
