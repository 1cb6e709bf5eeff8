// Chromium, driven over its DevTools protocol by playwright-core. It is started here and not by the driver, so that its
// process group is known: a kill must take the GPU and renderer processes too, at once, as a crash of the browser does.
import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type BrowserContext, type CDPSession, chromium, type Page } from 'playwright-core'
import { ChromiumWorker, type HeapUsage, pageHeap } from './chromium-worker.ts'
import { ProcessGroup, removeDirectory, temporaryDirectory, until, within } from './processes.ts'
import { type BrowserPage, type BrowserSession, forPage, fromPage, type LaunchOptions } from './session.ts'

const START_MS = 30_000
const STEP_MS = 30_000

const ARGUMENTS = [
  '--headless=new',
  '--remote-debugging-port=0',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-breakpad',
  '--disable-dev-shm-usage',
  '--password-store=basic',
  '--use-mock-keychain',
]

/** Otherwise timers of tabs behind others run once a second, later once a minute. */
const UNTHROTTLED = ['--disable-background-timer-throttling', '--disable-renderer-backgrounding']

export interface ChromiumPage extends BrowserPage {
  /** Ends the renderer process of this page as a crash does; the page cannot be used any more. */
  crash(): Promise<void>
  /** Stops or wakes the page as the browser does with tabs behind others that have not been looked at for long. */
  freeze(frozen: boolean): Promise<void>
  /** What V8 holds for the page once its garbage is collected. */
  heap(): Promise<HeapUsage>
  /** Follows the dedicated workers of the page. */
  watchWorker(): Promise<ChromiumWorker>
}

/** What only Chromium's DevTools protocol can do to a site. */
export interface ChromiumSession extends BrowserSession {
  readonly page: ChromiumPage
  newPage(): Promise<ChromiumPage>
  /** The quota of an origin in bytes, for as long as the first page lives; undefined gives it back its own. */
  overrideQuota(origin: string, bytes: number | undefined): Promise<void>
  /** Clears all data of an origin, as the user can in the settings, also under open handles. */
  clearData(origin: string): Promise<void>
}

export async function launchChromium(executablePath: string, options: LaunchOptions): Promise<ChromiumSession> {
  const directory = options.profileDir ?? (await temporaryDirectory())
  const own = options.profileDir === undefined ? directory : undefined
  await removeTraces(directory)
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const group = ProcessGroup.start(
    executablePath,
    [
      ...ARGUMENTS,
      ...(options.switches ?? []),
      ...(options.hidesTabs ? UNTHROTTLED : []),
      ...asRoot,
      `--user-data-dir=${directory}`,
      'about:blank',
    ],
    {},
    own,
  )
  const end = async () => {
    await group.kill()
    if (own) await removeDirectory(own)
  }
  try {
    const port = await until(START_MS, 'the start of Chromium', () => debuggingPort(directory, group))
    const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, {
      timeout: START_MS,
      noDefaults: options.hidesTabs === true,
    })
    const context = browser.contexts()[0]
    if (!context) throw new Error('Chromium offers no browser context')
    const first = context.pages()[0] ?? (await context.newPage())
    // Chromium gives an origin its own quota back when the session that changed it ends.
    let storage: CDPSession | undefined
    const storageSession = async () => (storage ??= await context.newCDPSession(first))
    let closed = false
    return {
      kind: 'chromium',
      page: chromiumPage(context, first),
      newPage: async () => chromiumPage(context, await within(STEP_MS, 'a new page in Chromium', context.newPage())),
      async overrideQuota(origin, bytes) {
        const override = { origin, ...(bytes !== undefined && { quotaSize: bytes }) }
        const session = await storageSession()
        await within(STEP_MS, 'a quota', session.send('Storage.overrideQuotaForOrigin', override))
      },
      async clearData(origin) {
        const session = await storageSession()
        await within(
          STEP_MS,
          'the end of the data',
          session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' }),
        )
      },
      kill: end,
      async close() {
        if (closed) return
        closed = true
        try {
          const session = await browser.newBrowserCDPSession()
          await Promise.race([session.send('Browser.close'), group.ended(5_000)])
          await group.ended(5_000)
        } catch {
          // It did not end in order; the kill below ends it.
        }
        await end()
      },
    }
  } catch (error) {
    await end()
    throw error
  }
}

function chromiumPage(context: BrowserContext, page: Page): ChromiumPage {
  page.setDefaultTimeout(STEP_MS)
  let lifecycle: CDPSession | undefined
  return {
    async goto(url) {
      await page.goto(url, { waitUntil: 'load' })
    },
    // Not page.evaluate: that uses eval in the page, which a Content-Security-Policy forbids.
    async evaluate(source, argument = null, { timeoutMs = 60_000 } = {}) {
      const session = await context.newCDPSession(page)
      try {
        const evaluated = await within(
          timeoutMs,
          'a step in Chromium',
          session.send('Runtime.evaluate', {
            expression: forPage(source, argument),
            awaitPromise: true,
            returnByValue: true,
          }),
        )
        if (evaluated.exceptionDetails) throw new Error(`not evaluated: ${JSON.stringify(evaluated.exceptionDetails)}`)
        return fromPage(evaluated.result.value)
      } finally {
        // A page that is gone has taken its session with it.
        await session.detach().catch(() => {})
      }
    },
    async reload() {
      await page.reload({ waitUntil: 'load' })
    },
    async screenshot(path) {
      await page.screenshot({ path })
    },
    close: () => within(STEP_MS, 'closing a page of Chromium', page.close()),
    async heap() {
      const session = await context.newCDPSession(page)
      try {
        return await pageHeap(session)
      } finally {
        await session.detach()
      }
    },
    watchWorker: async () => ChromiumWorker.watch(await context.newCDPSession(page)),
    async crash() {
      const session = await context.newCDPSession(page)
      const crashed = new Promise<void>((resolve) => page.once('crash', () => resolve()))
      // The command is never answered: who would answer has gone.
      session.send('Page.crash').catch(() => {})
      await within(STEP_MS, 'the crash of a renderer of Chromium', crashed)
    },
    async freeze(frozen) {
      // One session for both: the state may end with the session that set it.
      lifecycle ??= await context.newCDPSession(page)
      // A tab in front is never frozen.
      if (frozen)
        await context
          .pages()
          .find((other) => other !== page && other.url() !== 'about:blank')
          ?.bringToFront()
      const state = frozen ? 'frozen' : 'active'
      await within(STEP_MS, `the state ${state}`, lifecycle.send('Page.setWebLifecycleState', { state }))
    },
  }
}

/** Chromium picks a free port and writes it into its profile. */
async function debuggingPort(directory: string, group: ProcessGroup): Promise<number | undefined> {
  if (!group.running) throw new Error(`Chromium ended while starting: ${group.errors}`)
  const file = join(directory, 'DevToolsActivePort')
  if (!existsSync(file)) return undefined
  const [port, path] = (await readFile(file, 'utf8')).split('\n')
  return port && path ? Number(port) : undefined
}

/** What a killed Chromium leaves in its profile and the next one would stumble over. */
async function removeTraces(directory: string): Promise<void> {
  if (!existsSync(directory)) return
  for (const name of await readdir(directory)) {
    if (name.startsWith('Singleton') || name === 'DevToolsActivePort') await rm(join(directory, name), { force: true })
  }
}
