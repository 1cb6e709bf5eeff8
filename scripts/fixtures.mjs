// `npm run fixtures`: small applications for every bundler, each installed from the packed package into a folder of its own
// outside of this repository, built, served and driven in Chromium. The page has to show a query's result, find the row
// again after a reload, and log no error. `-- --only vite,webpack` runs some, `-- --quick` the fast ones, which `npm test`
// runs too; `--keep` leaves the folders. `--newcomer` starts in empty folders with what docs/install.md says, and takes the
// newest bundlers. It stands apart from the browser tests because it needs the registry.
import { execFileSync } from 'node:child_process'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { findBrowsers } from './browsers.mjs'
import { FIXTURES } from './fixtures/list.mjs'
import { follow } from './fixtures/newcomer.mjs'
import { run, startServer } from './fixtures/processes.mjs'
import { serve } from './fixtures/serve.mjs'

const STEP_MS = 60_000
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean' },
    keep: { type: 'boolean' },
    newcomer: { type: 'boolean' },
  },
})
// What has no page is described elsewhere.
const hasPage = ({ modes }) => Object.values(modes).some(({ dev, serve: served }) => dev ?? served)
const names =
  values.only?.split(',') ??
  Object.keys(FIXTURES).filter(
    (name) => (!values.quick || FIXTURES[name].quick) && (!values.newcomer || hasPage(FIXTURES[name])),
  )
for (const name of names) if (!(name in FIXTURES)) throw new Error(`there is no fixture '${name}'`)

const folder = await mkdtemp(join(tmpdir(), 'datasync-fixtures-'))
const failures = []
try {
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder]
  const archive = join(folder, execFileSync('npm', pack, { cwd: root, encoding: 'utf8' }).trim())
  execFileSync('tar', ['-xzf', archive, '-C', folder])
  for (const name of names) await tryFixture(name, archive)
} finally {
  if (values.keep) console.log(`kept: ${folder}`)
  else await rm(folder, { recursive: true, force: true })
}
console.log(failures.length === 0 ? 'every fixture works' : `FAILED: ${failures.join(', ')}`)
process.exitCode = failures.length === 0 ? 0 : 1

async function tryFixture(name, archive) {
  const { prepare = [], modes } = FIXTURES[name]
  let app = join(folder, 'apps', name)
  const beganMs = performance.now()
  try {
    if (values.newcomer) app = await follow(join(root, 'docs', 'install.md'), name, app, archive)
    else {
      await cp(join(root, 'fixtures', name), app, { recursive: true })
      await run(['npm', 'install', '--save', '--no-audit', '--no-fund', '--prefer-offline', archive], app)
      for (const command of prepare) await run(command, app)
    }
  } catch (error) {
    fail(`${name} (install)`, error)
    return
  }
  console.log(`${name}: installed in ${seconds(beganMs)}`)
  for (const [mode, steps] of Object.entries(modes)) {
    const modeBeganMs = performance.now()
    try {
      const shown = await tryMode(app, steps)
      console.log(`${name}, ${mode}: "${shown}" in ${seconds(modeBeganMs)}`)
    } catch (error) {
      fail(`${name}, ${mode}`, error)
    }
  }
}

async function tryMode(app, { build = [], serve: served, base, dev, runs }) {
  for (const command of [...build, ...(runs ?? [])]) await run(command, app)
  if (runs) return 'ended well'
  const server = dev ? await startServer(dev, app) : await serve(join(app, served), base)
  try {
    return await drive(server.url)
  } catch (error) {
    if (server.output) error.message += `\n${server.output()}`
    throw error
  } finally {
    await server.close()
  }
}

/** Looks at the page as a user does, in a browser with an empty profile. Returns what it showed after the reload. */
async function drive(url) {
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
  const browser = await chromium.launch({ executablePath: findBrowsers().paths.chromium, args })
  try {
    const page = await browser.newPage()
    const errors = []
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
    page.on('requestfailed', (request) => errors.push(`${request.url()}: ${request.failure()?.errorText}`))
    await answerAsCdn(page)
    const showing = async (visits) => {
      const text = `Visits: ${visits}, stored in opfs`
      await page.getByText(text).waitFor({ timeout: STEP_MS })
      return text
    }
    try {
      await page.goto(url, { timeout: STEP_MS })
      await showing(1)
      await page.reload({ timeout: STEP_MS })
      const shown = await showing(2)
      if (errors.length > 0) throw new Error('the page works, but logs errors')
      return shown
    } catch (error) {
      const text = await page
        .locator('body')
        .innerText({ timeout: 1000 })
        .catch(() => '')
      throw new Error(`${error.message}\nthe page shows: ${text.slice(0, 2000)}\n${errors.join('\n')}`)
    }
  } finally {
    await browser.close()
  }
}

/** The CDN of the documentation, with the packed package in place of the published one. */
async function answerAsCdn(page) {
  await page.route('https://cdn.jsdelivr.net/npm/datasync@*/**', async (route) => {
    const path = new URL(route.request().url()).pathname.replace(/^\/npm\/datasync@[^/]+\//, '')
    const body = await readFile(join(folder, 'package', path))
    const headers = { 'content-type': 'text/javascript', 'access-control-allow-origin': '*' }
    await route.fulfill({ body, headers })
  })
}

function fail(what, error) {
  failures.push(what)
  console.error(`${what}: FAILED\n${error.message}`)
}

function seconds(beganMs) {
  return `${((performance.now() - beganMs) / 1000).toFixed(1)} s`
}
