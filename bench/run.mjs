// Runs one benchmark of this folder by its name: `npm run bench -- start`. The benchmarks drive the same browsers as the
// tests, by the same drivers, and measure the package as `npm run build` left it.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { runnerImport } from 'vite'

const BENCHMARKS = ['start']

const name = process.argv[2]
if (!BENCHMARKS.includes(name)) {
  console.error(`Which benchmark? One of: ${BENCHMARKS.join(', ')}`)
  process.exit(2)
}
if (!existsSync(join(import.meta.dirname, '..', 'dist', 'index.js'))) {
  console.error('There is no dist/: run "npm run build" first.')
  process.exit(2)
}
const { module } = await runnerImport(join(import.meta.dirname, `${name}.ts`), { logLevel: 'warn' })
await module.run(process.argv.slice(3))
