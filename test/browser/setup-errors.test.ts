// What a newcomer can get wrong, one by one in real browsers: files of the package that are missing, come as something
// else or are forbidden by a policy; pages without workers, without a secure context, without any storage. Each ends in
// a typed error that says what to do, never in a hang or in a database that forgets.
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { type BrowserPage, type BrowserSession, PageError } from '../support/browsers/session.ts'
import { type SiteAnswer, startSite } from '../support/browsers/site.ts'

interface Attempt {
  /** The module that the page imports; default `/dist/index.js`. */
  readonly module?: string
  readonly options?: { readonly [name: string]: string }
  /** Source text that runs in the page first. */
  readonly first?: string
}

/** Opens a database in a page of a site that answers so, and runs one query. Returns the storage, throws what it threw. */
async function attempt(
  page: BrowserPage,
  alter: (path: string) => SiteAnswer | undefined,
  { module = '/dist/index.js', options = {}, first = '' }: Attempt = {},
): Promise<string> {
  const site = await startSite(alter)
  try {
    await page.goto(`${site.url}/`)
    return await page.evaluate<string>(
      `async ({ module, options }) => {
        ${first}
        const { open } = await import(module)
        const db = await open('app.db', { timeoutMs: 20000, ...options })
        await db.value('SELECT 1')
        await db.close()
        return db.info.storage
      }`,
      { module, options },
    )
  } finally {
    await site.close()
  }
}

async function refusal(...of: Parameters<typeof attempt>): Promise<string> {
  const error = await attempt(...of).then(
    (storage) => `opened on ${storage}`,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof PageError)) throw new Error(`not refused: ${error}`)
  return `${error.thrown.name} ${error.thrown.code}: ${error.thrown.message}`
}

const only = (file: string, answer: SiteAnswer) => (path: string) => (path.endsWith(file) ? answer : undefined)
const policy = (value: string) => () => ({ headers: { 'content-security-policy': value } })
const INDEX = { type: 'text/html', body: '<!doctype html><title>the index page</title>' }
const COPY = /npx datasync copy-assets public.*workerUrl: '\/worker\.js', wasmUrl: '\/sqlite3\.wasm'/

describe.each(AVAILABLE)('in %s', (kind) => {
  let browser: BrowserSession
  let page: BrowserPage
  beforeAll(async () => {
    browser = await launch(kind)
    page = browser.page
  })
  afterAll(() => browser?.close())

  it.each([
    ['is missing', { status: 404 }, /the server answered 404/],
    ['is the index page, as servers of single-page applications answer', INDEX, /the server answered an HTML page/],
  ])('a worker that %s is named, with the command that helps', async (_, answer, why) => {
    const message = await refusal(page, only('/worker.js', answer))
    expect(message).toMatch(
      /^AssetLoadError asset-load: The worker's script could not be loaded from http.*\/worker\.js/,
    )
    expect(message).toMatch(why)
    expect(message).toMatch(COPY)
  })

  // WebKit runs it.
  it.skipIf(kind === 'webkit')('a worker of the wrong type is named, with the type that it must have', async () => {
    const message = await refusal(page, only('/worker.js', { type: 'text/plain' }))
    expect(message).toMatch(/^AssetLoadError asset-load: .*'text\/plain'.*as text\/javascript/)
  })

  it("a worker that Vite's dev server left behind is named, with the line for vite.config.js", async () => {
    const module = '/node_modules/.vite/deps/index.js'
    const message = await refusal(page, only('/worker.js', INDEX), { module })
    expect(message).toMatch(
      /^AssetLoadError asset-load: .*vite\.config\.js: optimizeDeps: \{ exclude: \['datasync'\] \}/,
    )
  })

  it.each([
    ['is missing', { status: 404 }, /the server answered 404/],
    ['is the index page', INDEX, /the server answered an HTML page/],
    ['is an index page that claims to be wasm', { body: '<!doctype html>' }, /could not be loaded from/],
  ])('wasm that %s is named, with the command that helps', async (_, answer, why) => {
    const message = await refusal(page, only('/sqlite3.wasm', answer))
    expect(message).toMatch(/^AssetLoadError asset-load: .*\/sqlite3\.wasm/)
    expect(message).toMatch(why)
    expect(message).toMatch(COPY)
  })

  it('wasm with the wrong type is taken all the same', async () => {
    const storage = await attempt(page, only('/sqlite3.wasm', { type: 'application/octet-stream' }))
    expect(storage).toMatch(/opfs|indexeddb/)
  })

  // A page that was loaded before a new release was published asks for files that the server no longer has.
  it.each([
    ['is missing', { status: 404 }],
    ['is the index page', INDEX],
  ])('a script of the package that %s is told, with reloading as the remedy', async (_, answer) => {
    const message = await refusal(page, only('/shared-opened.js', answer))
    expect(message).toMatch(
      /^AssetLoadError asset-load: A script of the package could not be loaded: .*reload the page/,
    )
  })

  it('a policy that forbids the worker is named, with what to add', async () => {
    const message = await refusal(page, policy("script-src 'self' 'unsafe-eval'; worker-src 'none'"))
    expect(message).toMatch(/^AssetLoadError asset-load: /)
    expect(message).toMatch(/worker-src/)
  })

  it('a policy that forbids wasm is named, with what to add', async () => {
    const message = await refusal(page, policy("script-src 'self' 'unsafe-inline'"))
    expect(message).toMatch(/^AssetLoadError asset-load: .*script-src 'self' 'wasm-unsafe-eval'/)
  })

  it('the package from another origin says that its worker cannot come from there', async () => {
    const other = await startSite(() => ({ headers: { 'access-control-allow-origin': '*' } }))
    try {
      const message = await refusal(page, () => undefined, { module: `${other.url}/dist/index.js` })
      expect(message).toMatch(/^AssetLoadError asset-load: .*own origin.*'workerUrl'.*'datasync\/inline'/)
    } finally {
      await other.close()
    }
  })

  it('a script that was bundled into another format than a module is told', async () => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('../../dist/index.js', import.meta.url))],
      bundle: true,
      format: 'iife',
      globalName: 'datasync',
      target: 'es2022',
      write: false,
      logLevel: 'silent',
    })
    const body = `${outputFiles[0]?.text}; export const { open } = datasync`
    const message = await refusal(page, only('/bundled.js', { body }), { module: '/bundled.js' })
    expect(message).toMatch(/^AssetLoadError asset-load: .*--format=esm.*'workerUrl' and 'wasmUrl'/)
  })

  it('a page without workers is told that it needs them', async () => {
    const message = await refusal(page, () => undefined, { first: 'delete globalThis.Worker' })
    expect(message).toMatch(/^StorageError unavailable: A database needs a web page with workers/)
  })

  it('a window without any storage is told which there are, and nothing is kept in memory unasked', async () => {
    const body = "import './none.js'; import './worker.js'"
    const none =
      "Object.defineProperty(globalThis, 'indexedDB', { value: undefined }); Object.defineProperty(navigator, 'storage', { value: undefined })"
    const message = await refusal(
      page,
      (path) => (path.endsWith('/no-storage.js') ? { body } : path.endsWith('/none.js') ? { body: none } : undefined),
      { options: { workerUrl: '/dist/no-storage.js' } },
    )
    expect(message).toMatch(/^StorageError unavailable: .*OPFS.*IndexedDB.*\{ storage: 'memory' \}/s)
  })

  describe('the single file', () => {
    const module = '/dist/inline.js'

    it('works under a policy that allows blob: workers and wasm', async () => {
      const value = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'unsafe-eval'; worker-src blob:"
      expect(await attempt(page, policy(value), { module })).toMatch(/opfs|indexeddb/)
    })

    it('says what to add to a policy that forbids blob: workers', async () => {
      const message = await refusal(page, policy("script-src 'self' 'unsafe-eval'; worker-src 'self'"), { module })
      expect(message).toMatch(/^AssetLoadError asset-load: /)
      expect(message).toMatch(/worker-src blob:/)
    })

    it('says what to add to a policy that forbids wasm', async () => {
      const message = await refusal(page, policy("script-src 'self' 'unsafe-inline'; worker-src blob:"), { module })
      expect(message).toMatch(/^AssetLoadError asset-load: .*script-src 'self' 'wasm-unsafe-eval'/)
    })
  })
})

describe.skipIf(!AVAILABLE.includes('chromium'))('on a page that is not served securely, in chromium', () => {
  it('a database lives in IndexedDB and says why, and OPFS is refused by name with what to do', async () => {
    const site = await startSite(() => undefined)
    const browser = await launch('chromium', { switches: ['--host-resolver-rules=MAP insecure.test 127.0.0.1'] })
    try {
      await browser.page.goto(`http://insecure.test:${site.port}/`)
      const { storage, why, refused } = await browser.page.evaluate<Record<'storage' | 'why' | 'refused', string>>(
        `async () => {
          const { open } = await import('/dist/index.js')
          const db = await open('app.db')
          await db.value('SELECT 1')
          const { storage, why } = db.info
          await db.close()
          const refused = await open('wished.db', { storage: 'opfs' }).then(() => 'opened', ({ code, message }) => code + ' ' + message)
          return { storage, why: why.join(' '), refused }
        }`,
      )
      expect(storage).toBe('indexeddb')
      expect(why).toMatch(/not served securely.*https and on localhost/)
      expect(refused).toMatch(/^unavailable .*not served securely.*https and on localhost/)
    } finally {
      await browser.close()
      await site.close()
    }
  })
})
