// Firefox, driven over WebDriver BiDi by puppeteer-core, which also starts it in a process group of its own.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import puppeteer, { type Page } from 'puppeteer-core'
import { ProcessGroup, removeDirectory, temporaryDirectory, until, within } from './processes.ts'
import { type BrowserPage, type BrowserSession, forPage, fromPage, type LaunchOptions } from './session.ts'

const START_MS = 60_000
const STEP_MS = 30_000
/** Timers of tabs behind others run as often as those in front: what the tests do in them is work, not rest. */
const UNTHROTTLED = {
  'dom.min_background_timeout_value': 4,
  'dom.min_background_timeout_value_without_budget_throttling': 4,
  'dom.timeout.enable_budget_timer_throttling': false,
}

/** A site may use a fifth of what all sites may, whose limit is given in KiB. */
const quotaOf = (bytes: number) => ({ 'dom.quotaManager.temporaryStorage.fixedLimit': Math.ceil((bytes * 5) / 1024) })

export async function launchFirefox(executablePath: string, options: LaunchOptions): Promise<BrowserSession> {
  const directory = options.profileDir ?? (await temporaryDirectory())
  const own = options.profileDir === undefined ? directory : undefined
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath,
    headless: true,
    userDataDir: directory,
    timeout: START_MS,
    // Each step has a deadline of its own below; this one only must not come first.
    protocolTimeout: 600_000,
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    extraPrefsFirefox: {
      'browser.shell.checkDefaultBrowser': false,
      'datareporting.policy.dataSubmissionEnabled': false,
      ...(options.hidesTabs && UNTHROTTLED),
      ...(options.quotaBytes !== undefined && quotaOf(options.quotaBytes)),
    },
  })
  const child = browser.process()
  if (!child) throw new Error('puppeteer-core started Firefox without telling its process')
  const group = new ProcessGroup(child, own)
  const end = async () => {
    await group.kill()
    if (own) await removeDirectory(own)
    else await until(STEP_MS, 'the settings of a profile of Firefox', () => !hasBackups(directory) || undefined)
  }
  try {
    const page = firefoxPage((await browser.pages())[0] ?? (await browser.newPage()))
    let closed = false
    return {
      kind: 'firefox',
      page,
      newPage: async () => firefoxPage(await within(STEP_MS, 'a new page in Firefox', browser.newPage())),
      kill: end,
      async close() {
        if (closed) return
        closed = true
        try {
          await within(10_000, 'the end of Firefox', browser.close())
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

function firefoxPage(page: Page): BrowserPage {
  page.setDefaultTimeout(STEP_MS)
  return {
    async goto(url) {
      await page.goto(url, { waitUntil: 'load', timeout: STEP_MS })
    },
    async evaluate(source, argument = null, { timeoutMs = 60_000 } = {}) {
      const text = await within(timeoutMs, 'a step in Firefox', page.evaluate(forPage(source, argument)))
      return fromPage(String(text))
    },
    async reload() {
      await page.reload({ waitUntil: 'load', timeout: STEP_MS })
    },
    async screenshot(path) {
      await within(STEP_MS, 'a screenshot of Firefox', page.screenshot({ path: pngPath(path) }))
    },
    close: () => within(STEP_MS, 'closing a page of Firefox', page.close()),
  }
}

/** Puppeteer puts a profile's own settings back once Firefox has ended, and nobody may start it on the profile meanwhile. */
function hasBackups(profile: string): boolean {
  return ['prefs.js', 'user.js'].some((file) => existsSync(join(profile, `${file}.puppeteer`)))
}

function pngPath(path: string): `${string}.png` {
  return `${path.replace(/\.png$/, '')}.png`
}
