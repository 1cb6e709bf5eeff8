// `npm run simulate -- --seeds N`: the simulations of the test suite with more seeds than CI has time for.
// `--kind store|sqlite` picks one of them (default: both), `--kind tabs` the one of many tabs; `--first N` the first seed,
// `--disk kept|undone` one kind of disk. Without `--seeds`: as many as CI runs. Ends with one line for all of them, `crash points N, lost 0, silent 0`; a
// failure names its seed, and `--first <seed> --seeds 1` runs that one again.
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    first: { type: 'string' },
    kind: { type: 'string' },
    disk: { type: 'string' },
  },
})
const { seeds, first = '1', kind, disk } = values
if (kind !== undefined && !['store', 'sqlite', 'tabs'].includes(kind))
  fail(`--kind is store, sqlite or tabs, not ${kind}`)
if (disk !== undefined && disk !== 'kept' && disk !== 'undone') fail(`--disk is kept or undone, not ${disk}`)
for (const [name, value] of Object.entries({ seeds, first }))
  if (value !== undefined && !/^[1-9]\d*$/.test(value)) fail(`--${name} is a whole number from 1, not ${value}`)

const disks = disk ? [disk] : ['kept', 'undone']
const files =
  kind === 'tabs'
    ? ['test/simulation/tabs.test.ts']
    : (kind ? [kind] : ['store', 'sqlite']).flatMap((one) =>
        disks.map((other) => `test/simulation/${one}-${other}.test.ts`),
      )
const args = ['run', '--project', 'simulation', '--testTimeout=0', '--disableConsoleIntercept', ...files]
const env = { ...process.env, SEED_FIRST: first, ...(seeds && { SEEDS: seeds }) }
const child = spawn(join(root, 'node_modules', '.bin', 'vitest'), args, {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
  env,
})
let output = ''
child.stdout.on('data', (bytes) => {
  process.stdout.write(bytes)
  output += bytes
})
child.on('close', (status) => {
  process.exitCode = status ?? 1
  const counts = [...output.matchAll(/^crash points (\d+), lost 0, silent 0$/gm)].map(([, count]) => Number(count))
  if (status === 0 && counts.length === files.length)
    console.log(`crash points ${counts.reduce((a, b) => a + b, 0)}, lost 0, silent 0`)
})

function fail(message) {
  console.error(message)
  process.exit(2)
}
