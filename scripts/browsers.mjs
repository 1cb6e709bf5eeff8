// The browsers that the tests drive: where they are on this machine, and how to get them where they are missing. It
// stands apart because `npm test`, the drivers and the bench all ask the same question. Run as a program it prints
// what it found; with CI=true a missing browser is a failure. Installing happens only on Debian-like systems as root.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** What each browser needs: a variable that overrides the search, names to look for in PATH, its Debian package. */
const PARTS = {
  chromium: {
    variable: 'CHROMIUM_PATH',
    names: ['chromium', 'chromium-browser', 'google-chrome'],
    package: 'chromium',
  },
  firefox: { variable: 'FIREFOX_PATH', names: ['firefox-esr', 'firefox'], package: 'firefox-esr' },
  webkitDriver: { variable: 'WEBKIT_DRIVER_PATH', names: ['WebKitWebDriver'], package: 'webkit2gtk-driver' },
  miniBrowser: { variable: 'MINIBROWSER_PATH', names: ['MiniBrowser'], package: 'webkit2gtk-driver' },
  xvfb: { variable: 'XVFB_PATH', names: ['Xvfb'], package: 'xvfb' },
}

/** The parts that each browser is made of. */
const BROWSERS = {
  chromium: ['chromium'],
  firefox: ['firefox'],
  webkit: ['webkitDriver', 'miniBrowser', 'xvfb'],
}

export const BROWSER_KINDS = Object.keys(BROWSERS)

/** Paths of everything that was found; `missing` names the browsers that cannot be had. Starts nothing. */
export function findBrowsers() {
  const paths = {}
  for (const [part, { variable, names }] of Object.entries(PARTS)) {
    paths[part] = process.env[variable] ?? findExecutable(part, names)
  }
  const missing = BROWSER_KINDS.filter((kind) => BROWSERS[kind].some((part) => !paths[part]))
  return { paths, missing }
}

/** Finds the browsers, installing the Debian packages of missing ones where that is allowed. */
export function provideBrowsers(log = console.log) {
  let found = findBrowsers()
  if (found.missing.length === 0) return found
  const packages = packagesOf(found)
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`
  const mayInstall = process.getuid?.() === 0 && existsSync('/etc/debian_version') && findInPath('apt-get')
  if (!mayInstall) {
    log(`To test in ${found.missing.join(', ')}, install them first: sudo ${command}`)
    return found
  }
  log(`Installing ${packages.join(', ')} for ${found.missing.join(', ')}.`)
  for (const line of ['apt-get update', command]) {
    const [program, ...args] = line.split(' ')
    const result = spawnSync(program, args, {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 300_000,
    })
    if (result.status !== 0) log(`"${line}" failed${result.error ? `: ${result.error.message}` : ''}.`)
  }
  found = findBrowsers()
  return found
}

/** One line per browser, for people. */
export function describeBrowsers({ paths, missing }) {
  return BROWSER_KINDS.map((kind) => {
    if (!missing.includes(kind)) return `${kind}: ${BROWSERS[kind].map((part) => paths[part]).join(', ')}`
    const lacking = BROWSERS[kind].filter((part) => !paths[part])
    const remedy = lacking.map((part) => `package ${PARTS[part].package} or ${PARTS[part].variable}`).join('; ')
    return `${kind}: MISSING, NOT TESTED (${remedy})`
  })
}

function packagesOf({ paths, missing }) {
  const parts = missing.flatMap((kind) => BROWSERS[kind]).filter((part) => !paths[part])
  return [...new Set(parts.map((part) => PARTS[part].package))]
}

function findExecutable(part, names) {
  for (const name of names) {
    const path = findInPath(name)
    if (path) return path
  }
  return part === 'miniBrowser' ? findMiniBrowser() : undefined
}

function findInPath(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((directory) => join(directory, name))
    .find(isExecutable)
}

/** MiniBrowser is not in PATH but beside the library, under the machine's triplet and the API's version. */
function findMiniBrowser() {
  for (const root of ['/usr/lib', '/usr/libexec', '/usr/lib64']) {
    const beside = [root, ...subdirectories(root)].flatMap((directory) =>
      subdirectories(directory).filter((path) => /\/webkit(2?gtk)-[\d.]+$/.test(path)),
    )
    const path = beside
      .sort()
      .reverse()
      .map((directory) => join(directory, 'MiniBrowser'))
      .find(isExecutable)
    if (path) return path
  }
  return undefined
}

function subdirectories(directory) {
  if (!existsSync(directory)) return []
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(directory, entry.name))
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const found = provideBrowsers()
  for (const line of describeBrowsers(found)) console.log(line)
  if (found.missing.length > 0 && process.env.CI === 'true') process.exitCode = 1
}
