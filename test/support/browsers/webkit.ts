// WebKitGTK: MiniBrowser, driven by plain WebDriver calls to a WebKitWebDriver of our own under an X server of our own.
// Its automation sessions are ephemeral: storage outlives a reload but not the session. It has one command at a time
// for all windows, so commands wait for each other here.
import { type ChildProcess, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { freePort, ProcessGroup, removeDirectory, temporaryDirectory, until, within } from './processes.ts'
import { type BrowserPage, type BrowserSession, forPage, fromPage, type Json, type LaunchOptions } from './session.ts'

const START_MS = 30_000
const STEP_MS = 30_000

export interface WebKitPaths {
  readonly webkitDriver: string
  readonly miniBrowser: string
  readonly xvfb: string
}

export async function launchWebKit(paths: WebKitPaths, options: LaunchOptions): Promise<BrowserSession> {
  if (options.profileDir) throw new Error('An automated WebKitGTK session is ephemeral and takes no profileDir.')
  const directory = await temporaryDirectory()
  const groups: ProcessGroup[] = []
  const end = async () => {
    for (const group of groups.reverse().splice(0)) await group.kill()
    await removeDirectory(directory)
  }
  try {
    const screen = await startScreen(paths.xvfb)
    groups.push(screen.group)
    const port = await freePort()
    const driver = ProcessGroup.start(
      paths.webkitDriver,
      ['--host=127.0.0.1', `--port=${port}`],
      environment(screen.display, directory),
      directory,
    )
    groups.push(driver)
    const address = `http://127.0.0.1:${port}`
    await until(START_MS, 'the start of WebKitWebDriver', async () => {
      if (!driver.running) throw new Error(`WebKitWebDriver ended while starting: ${driver.errors}`)
      return fetch(`${address}/status`, { signal: AbortSignal.timeout(2_000) }).then(
        (response) => (response.ok ? true : undefined),
        () => undefined,
      )
    })
    const session = await WebDriverSession.open(address, paths.miniBrowser)
    let closed = false
    const first = String(await session.command('GET', 'window'))
    return {
      kind: 'webkit',
      page: webkitPage(session, first),
      async newPage() {
        // The window that was last spoken to may be closed.
        const created = await session.inWindow(first, 'POST', 'window/new', { type: 'tab' })
        if (!isRecord(created)) throw new Error('WebKitWebDriver created no window')
        return webkitPage(session, String(created.handle))
      },
      kill: end,
      async close() {
        if (closed) return
        closed = true
        try {
          await session.end()
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

function webkitPage(session: WebDriverSession, handle: string): BrowserPage {
  // The driver answers a navigation of a tab in the background before the modules of the page have run.
  const loaded = async () => {
    const script = `const done = arguments[arguments.length - 1]
      if (document.readyState === 'complete') done()
      else addEventListener('load', () => done())`
    await session.inWindow(handle, 'POST', 'execute/async', { script, args: [] })
  }
  return {
    async goto(url) {
      await session.inWindow(handle, 'POST', 'url', { url })
      await loaded()
    },
    async evaluate(source, argument = null, { timeoutMs = 60_000 } = {}) {
      const script = `const done = arguments[arguments.length - 1]; (${forPage(source, argument)}).then(done)`
      const text = await session.inWindow(handle, 'POST', 'execute/async', { script, args: [] }, timeoutMs)
      return fromPage(String(text))
    },
    async reload() {
      await session.inWindow(handle, 'POST', 'refresh', {})
      await loaded()
    },
    async screenshot(path) {
      await writeFile(path, Buffer.from(String(await session.inWindow(handle, 'GET', 'screenshot')), 'base64'))
    },
    async close() {
      await session.inWindow(handle, 'DELETE', 'window')
    },
  }
}

/** One WebDriver session; its commands run one after another. */
class WebDriverSession {
  readonly #address: string
  #last: Promise<unknown> = Promise.resolve()
  #window: string | undefined

  private constructor(address: string) {
    this.#address = address
  }

  static async open(address: string, miniBrowser: string): Promise<WebDriverSession> {
    const browser = { binary: miniBrowser, args: ['--automation'] }
    const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': browser } }
    const created = await request(`${address}/session`, 'POST', { capabilities }, START_MS)
    if (!isRecord(created)) throw new Error('WebKitWebDriver opened no session')
    const session = new WebDriverSession(`${address}/session/${String(created.sessionId)}`)
    // The deadline of a step is ours; the driver's own must not come first.
    await session.command('POST', 'timeouts', { script: 3_600_000, pageLoad: STEP_MS, implicit: 0 })
    return session
  }

  command(method: string, path: string, body?: Json, timeoutMs = STEP_MS): Promise<unknown> {
    return this.#queued(() => request(`${this.#address}/${path}`, method, body, timeoutMs))
  }

  /** A command to one of the windows, after switching to it. */
  inWindow(handle: string, method: string, path: string, body?: Json, timeoutMs = STEP_MS): Promise<unknown> {
    return this.#queued(async () => {
      if (this.#window !== handle) await request(`${this.#address}/window`, 'POST', { handle }, STEP_MS)
      this.#window = handle
      const answer = await request(`${this.#address}/${path}`, method, body, timeoutMs)
      if (method === 'DELETE') this.#window = undefined
      return answer
    })
  }

  async end(): Promise<void> {
    await request(this.#address, 'DELETE', undefined, 5_000)
  }

  #queued<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(run, run)
    this.#last = turn.catch(() => {})
    return turn
  }
}

async function request(url: string, method: string, body: Json | undefined, timeoutMs: number): Promise<unknown> {
  const what = `WebKitWebDriver ${method} ${new URL(url).pathname.split('/').slice(3).join('/') || 'session'}`
  const response = await within(
    timeoutMs,
    what,
    fetch(url, {
      method,
      signal: AbortSignal.timeout(timeoutMs + 1_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    }),
  )
  const answer: unknown = await response.json()
  const value = isRecord(answer) ? answer.value : undefined
  if (!response.ok)
    throw new Error(`${what}: ${isRecord(value) ? `${value.error}: ${value.message}` : response.status}`)
  return value
}

/** An X server on the first free display. */
async function startScreen(xvfb: string): Promise<{ group: ProcessGroup; display: string }> {
  const args = ['-displayfd', '3', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp']
  const child: ChildProcess = spawn(xvfb, args, { detached: true, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] })
  const group = new ProcessGroup(child)
  const number = await within(
    START_MS,
    'the start of Xvfb',
    new Promise<string>((resolve, reject) => {
      let text = ''
      child.stdio[3]?.on('data', (chunk) => {
        text += String(chunk)
        if (text.includes('\n')) resolve(text.trim())
      })
      child.once('exit', () => reject(new Error(`Xvfb ended while starting: ${group.errors}`)))
      child.once('error', reject)
    }),
  )
  return { group, display: `:${number}` }
}

function environment(display: string, directory: string): Record<string, string> {
  return {
    DISPLAY: display,
    GDK_BACKEND: 'x11',
    NO_AT_BRIDGE: '1',
    LIBGL_ALWAYS_SOFTWARE: '1',
    WEBKIT_DISABLE_DMABUF_RENDERER: '1',
    XDG_DATA_HOME: `${directory}/data`,
    XDG_CACHE_HOME: `${directory}/cache`,
    XDG_CONFIG_HOME: `${directory}/config`,
    ...(process.getuid?.() === 0 ? { WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1' } : {}),
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
