// `npm run torture -- --minutes 30`: tabs of one database in a real browser, closed, frozen, crashed and killed from a seed
// for as long as asked. `--browser chromium|firefox|webkit`, `--storage opfs|indexeddb`, `--transport broker|channel`,
// `--tabs N`, `--seed N`. Needs `npm run build`. Its last figures are the line that begins with `leader changes`.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    browser: { type: 'string', default: 'chromium' },
    storage: { type: 'string' },
    transport: { type: 'string', default: 'broker' },
    tabs: { type: 'string', default: '6' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const { minutes, browser, transport, tabs, seed } = values
const storage = values.storage ?? (browser === 'webkit' ? 'indexeddb' : 'opfs')
choice('browser', browser, ['chromium', 'firefox', 'webkit'])
choice('storage', storage, ['opfs', 'indexeddb'])
choice('transport', transport, ['broker', 'channel'])
for (const [name, value] of Object.entries({ minutes, tabs, seed }))
  if (!/^\d+(\.\d+)?$/.test(value)) fail(`--${name} is a number, not ${value}`)

const args = [
  'run',
  '--project',
  'browser',
  '--testTimeout=0',
  '--disableConsoleIntercept',
  'test/browser/torture.test.ts',
]
const env = {
  ...process.env,
  DATASYNC_SEED: seed,
  TORTURE_MINUTES: minutes,
  TORTURE_BROWSER: browser,
  TORTURE_STORAGE: storage,
  TORTURE_TRANSPORT: transport,
  TORTURE_TABS: tabs,
}
const { status } = spawnSync(join(root, 'node_modules', '.bin', 'vitest'), args, { cwd: root, stdio: 'inherit', env })
process.exitCode = status ?? 1

function choice(name, value, allowed) {
  if (!allowed.includes(value)) fail(`--${name} is one of ${allowed.join(', ')}, not ${value}`)
}

function fail(message) {
  console.error(message)
  process.exit(2)
}
