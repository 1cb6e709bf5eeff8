// The example of the README, run as it stands there, in each browser: the second run still finds the first one's row.
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { startServer, type TestServer } from '../support/browsers/server.ts'
import { storagesOf } from '../support/browsers/storages.ts'

type Printed = [rows: { id: number; text: string }[], storage: string]

let server: TestServer
let example: string
beforeAll(async () => {
  server = await startServer({ pages: ['database'] })
  example = asFunction(await readFile(new URL('../../README.md', import.meta.url), 'utf8'))
})
afterAll(() => server?.close())

describe.each(AVAILABLE)('the example of the README in %s', (kind) => {
  it('prints its note, and after a reload two of them', async () => {
    const browser = await launch(kind)
    try {
      const { page } = browser
      await page.goto(server.page('database'))
      const first = await page.evaluate<Printed>(example)
      await page.reload()
      const second = await page.evaluate<Printed>(example)
      const text = 'still here after a reload'
      expect(first).toEqual([[{ id: 1, text }], storagesOf(kind)[0]])
      expect(second[0]).toEqual([
        { id: 1, text },
        { id: 2, text },
      ])
    } finally {
      await browser.close()
    }
  })
})

/** The first TypeScript block as a function that returns what it prints. */
function asFunction(readme: string): string {
  const [, code] = /```ts\n([\s\S]*?)```/.exec(readme) ?? []
  if (!code?.includes("from 'datasync'")) throw new Error('the README shows no example')
  const body = code
    .replace(/import (\{.*?\}) from 'datasync'/, "const $1 = await import('/dist/index.js')")
    .replace('console.log', 'const print = (...values) => { printed = values }; print')
  return `async () => { let printed; ${body}; return printed }`
}
