// `npm run storm -- --minutes 5`: random use of the public API from seeds, for as long as asked. `--first N` is the first
// seed. A failure names its seed; `--first <seed> --minutes 0` runs that one alone.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '5' }, first: { type: 'string', default: '1' } },
})
const { minutes, first } = values
if (!/^\d+(\.\d+)?$/.test(minutes) || !/^[1-9]\d*$/.test(first)) {
  console.error('--minutes is a number from 0, --first a whole number from 1')
  process.exit(2)
}
const args = ['run', '--project', 'unit', '--disableConsoleIntercept', 'test/unit/client-storm.test.ts']
const env = { ...process.env, STORM_MINUTES: minutes, STORM_FIRST: first }
const { status } = spawnSync(join(root, 'node_modules', '.bin', 'vitest'), args, { cwd: root, stdio: 'inherit', env })
process.exitCode = status ?? 1
