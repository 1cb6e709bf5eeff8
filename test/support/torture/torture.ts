// The torture: tabs of one database that write and read while a driver, from a seed, does to them whatever users, browsers
// and crashes do. The seed decides what is done to whom and when; what meets what inside the browser is chance.
import { rm } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import type { BrowserKind } from '../../../scripts/browsers.mjs'
import type { TortureSteps } from '../../browser/pages/torture.ts'
import type { ChromiumPage } from '../browsers/chromium.ts'
import { launch } from '../browsers/launch.ts'
import { temporaryDirectory, until } from '../browsers/processes.ts'
import { seededRandom } from '../browsers/seeded-random.ts'
import { startServer, type TestServer } from '../browsers/server.ts'
import type { BrowserPage, BrowserSession } from '../browsers/session.ts'
import { call } from '../browsers/steps.ts'
import { Oracle, type StoredUnit, type Verdict } from './oracle.ts'

export interface TortureOptions {
  readonly kind: BrowserKind
  readonly storage: 'opfs' | 'indexeddb'
  readonly transport: 'broker' | 'channel'
  readonly seed: number
  readonly durationMs: number
  /** Default 6. */
  readonly tabs?: number
  /** Leaves out what takes long: killing the browser. */
  readonly keepBrowser?: boolean
  /** Told now and then how it goes. */
  readonly onProgress?: (text: string) => void
}

export interface TortureResult extends Verdict {
  readonly integrity: string
  /** How often each thing was done, and each kind of error answered. */
  readonly counts: string
  /** The last events of each tab. */
  readonly log: string
}

const NAME = 'torture.db'
const TIMEOUT_MS = 15_000
const PROGRESS_MS = 30_000

type Action =
  | 'close'
  | 'reload'
  | 'away'
  | 'terminate'
  | 'reopen'
  | 'freeze'
  | 'freeze-others'
  | 'crash'
  | 'kill-browser'

/** How often each is chosen, relative to the others. */
const ACTIONS: Readonly<Record<BrowserKind, Partial<Record<Action, number>>>> = {
  chromium: {
    close: 20,
    reload: 15,
    away: 15,
    terminate: 20,
    reopen: 10,
    freeze: 12,
    'freeze-others': 3,
    crash: 6,
    'kill-browser': 2,
  },
  firefox: { close: 20, reload: 20, away: 15, terminate: 20, reopen: 10, 'kill-browser': 2 },
  // Its driver's sessions end with the browser, profile and all.
  webkit: { close: 20, reload: 20, away: 15, terminate: 20, reopen: 10 },
}

/** Runs one torture to its end; rejects only if a browser cannot be driven at all. */
export async function torture(options: TortureOptions): Promise<TortureResult> {
  const server = await startServer({ pages: ['torture', 'blank'], cached: true })
  const profileDir = options.kind === 'webkit' ? undefined : await temporaryDirectory()
  const run = new Torture(options, server, profileDir)
  try {
    return await run.run()
  } finally {
    await run.end()
    await server.close()
    if (profileDir) await rm(profileDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}

interface Tab {
  readonly number: number
  page: BrowserPage | undefined
  frozen: boolean
}

class Torture {
  readonly #options: TortureOptions
  readonly #server: TestServer
  readonly #profileDir: string | undefined
  readonly #oracle = new Oracle()
  readonly #random: () => number
  readonly #tabs: Tab[]
  readonly #done = new Map<string, number>()
  readonly #waking = new Set<Promise<void>>()
  #browser: BrowserSession | undefined

  constructor(options: TortureOptions, server: TestServer, profileDir: string | undefined) {
    this.#options = options
    this.#server = server
    this.#profileDir = profileDir
    this.#random = seededRandom(options.seed)
    this.#tabs = Array.from({ length: options.tabs ?? 6 }, (_, number) => ({ number, page: undefined, frozen: false }))
  }

  async run(): Promise<TortureResult> {
    const { durationMs, onProgress } = this.#options
    await this.#start()
    const startedMs = performance.now()
    let progressMs = startedMs
    while (performance.now() - startedMs < durationMs && !this.#oracle.failed) {
      await pause(100 + this.#random() * 700)
      this.#collect()
      await this.#disturb()
      this.#collect()
      if (performance.now() - progressMs < PROGRESS_MS) continue
      progressMs = performance.now()
      const { leaderChanges, acknowledged } = this.#oracle
      onProgress?.(
        `${Math.round((progressMs - startedMs) / 1000)} s: leader changes ${leaderChanges}, acknowledged ${acknowledged}`,
      )
    }
    try {
      return await this.#finish()
    } catch (error) {
      // Mostly what went wrong before is the reason.
      const { problems } = this.#oracle
      throw new Error(`It could not be brought to its end: ${error}\n${problems.join('\n')}\n${this.#oracle.log()}`, {
        cause: error,
      })
    }
  }

  async end(): Promise<void> {
    await this.#browser?.kill()
  }

  #collect(): void {
    for (const body of this.#server.reports.splice(0)) this.#oracle.take(body)
    if (this.#tabs.some(({ frozen }) => frozen)) this.#oracle.frozen(TIMEOUT_MS + 5000)
  }

  // ---- starting and ending ----

  async #start(): Promise<void> {
    this.#browser = await launch(this.#options.kind, {
      hidesTabs: true,
      ...(this.#profileDir && { profileDir: this.#profileDir }),
    })
    for (const tab of this.#tabs) await this.#openTab(tab)
  }

  async #openTab(tab: Tab): Promise<void> {
    tab.frozen = false
    tab.page = await this.#browser?.newPage()
    await tab.page?.goto(this.#address(tab.number))
  }

  #address(tab: number, idle = ''): string {
    const { storage, transport } = this.#options
    const query = new URLSearchParams({
      name: NAME,
      tab: String(tab),
      storage,
      transport,
      timeoutMs: String(TIMEOUT_MS),
      idle,
    })
    return this.#server.page('torture', `?${query}`)
  }

  async #finish(): Promise<TortureResult> {
    await this.#wakeAll()
    const running = this.#tabs.filter(({ page }) => page !== undefined)
    await Promise.all(
      running.map(async ({ number, page }) => {
        try {
          const left = await call<TortureSteps, 'stop'>(page as BrowserPage, 'stop', null)
          for (const what of left)
            this.#oracle.take(
              JSON.stringify({ tab: number, page: 'at the end', reports: [{ type: 'hung', what, atMs: Date.now() }] }),
            )
        } catch (error) {
          this.#oracle.unexpected(`tab ${number} could not be stopped: ${error}`)
        }
      }),
    )
    this.#collect()
    for (const { page } of running) await page?.close()
    const page = this.#browser?.page as BrowserPage
    await page.goto(this.#address(-1, 'idle'))
    const { integrity, units } = await call<TortureSteps, 'stored'>(page, 'stored', null)
    this.#collect()
    const verdict = this.#oracle.judge(units as unknown as StoredUnit[])
    const counts = [...this.#done, ...this.#oracle.errors].map(([what, count]) => `${what} ${count}`).join(', ')
    return { ...verdict, integrity, counts, log: this.#oracle.log() }
  }

  // ---- disturbing ----

  async #disturb(): Promise<void> {
    const action = this.#choose()
    const tab = this.#victim()
    if (!tab?.page) return
    this.#done.set(action, (this.#done.get(action) ?? 0) + 1)
    this.#oracle.note(tab.number, `DRIVER ${action}${tab.number === this.#oracle.leader ? ' of the leader' : ''}`)
    try {
      await this.#do(action, tab, tab.page)
    } catch (error) {
      this.#oracle.unexpected(`${action} of tab ${tab.number}: ${error}`)
    }
  }

  #choose(): Action {
    const { kind, keepBrowser } = this.#options
    const all = Object.entries(ACTIONS[kind]) as [Action, number][]
    const weights = keepBrowser ? all.filter(([action]) => action !== 'kill-browser') : all
    let at = this.#random() * weights.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [action, weight] of weights) {
      at -= weight
      if (at < 0) return action
    }
    return 'close'
  }

  /** Mostly the leader: there is more to go wrong. Frozen tabs are left alone. */
  #victim(): Tab | undefined {
    const awake = this.#tabs.filter(({ frozen }) => !frozen)
    const leader = awake.find(({ number }) => number === this.#oracle.leader)
    const any = awake[Math.floor(this.#random() * awake.length)]
    return this.#random() < 0.7 ? (leader ?? any) : any
  }

  async #do(action: Action, tab: Tab, page: BrowserPage): Promise<void> {
    switch (action) {
      case 'close':
        await page.close()
        await this.#openTab(tab)
        return
      case 'reload':
        await page.reload()
        return
      case 'away':
        await page.goto(this.#server.page('blank'))
        await pause(this.#random() * 2000)
        await this.#wayBack(tab, page)
        return
      case 'terminate':
        await call<TortureSteps, 'terminateWorker'>(page, 'terminateWorker', null)
        return
      case 'reopen':
        await call<TortureSteps, 'closeDatabase'>(page, 'closeDatabase', null)
        return
      case 'freeze':
        await this.#freeze(tab, this.#random() * 6000)
        return
      case 'freeze-others':
        await this.#freezeOthers(tab, page)
        return
      case 'crash':
        await (page as ChromiumPage).crash()
        await page.close()
        await this.#openTab(tab)
        return
      case 'kill-browser':
        await this.#wakeAll()
        await this.#browser?.kill()
        this.#collect()
        await this.#start()
        return
      default:
        action satisfies never
    }
  }

  async #wayBack(tab: Tab, page: BrowserPage): Promise<void> {
    // WebKit's driver loses a window whose page goes back by itself.
    if (this.#options.kind === 'webkit') return page.goto(this.#address(tab.number))
    await page.evaluate('() => { setTimeout(() => history.back(), 0) }')
    await until(15_000, 'the way back', async () => {
      const path = await page.evaluate<string>('() => location.pathname').catch(() => '')
      return path.includes('torture') ? true : undefined
    })
  }

  /** Until it wakes, which is not waited for here. */
  async #freeze(tab: Tab, ms: number): Promise<void> {
    const page = tab.page as ChromiumPage
    tab.frozen = true
    this.#oracle.frozen(TIMEOUT_MS + 5000)
    await page.freeze(true)
    const waking = pause(ms).then(async () => {
      await page.freeze(false)
      this.#oracle.frozen(TIMEOUT_MS + 5000)
      this.#oracle.note(tab.number, 'DRIVER wakes it')
      tab.frozen = false
    })
    this.#waking.add(waking)
    const failed = (error: unknown) => this.#oracle.unexpected(`waking tab ${tab.number}: ${error}`)
    void waking.catch(failed).finally(() => this.#waking.delete(waking))
  }

  /** All but this one and one other sleep, and this one ends: whoever is first in the queue must not be a sleeper. */
  async #freezeOthers(tab: Tab, page: BrowserPage): Promise<void> {
    const others = this.#tabs.filter((other) => other !== tab && !other.frozen)
    const awake = Math.floor(this.#random() * others.length)
    for (const [at, other] of others.entries())
      if (at !== awake) await this.#freeze(other, 3000 + this.#random() * 2000)
    await page.close()
    await pause(1500)
    await this.#openTab(tab)
  }

  async #wakeAll(): Promise<void> {
    await Promise.allSettled(this.#waking)
  }
}
