// Runs one benchmark of this folder by its name: `npm run bench -- start`. The benchmarks drive the same browsers as the
// tests, by the same drivers, and measure the package as `npm run build` left it.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createServer, createServerModuleRunner } from 'vite'

const BENCHMARKS = ['start', 'big']

const name = process.argv[2]
if (!BENCHMARKS.includes(name)) {
  console.error(`Which benchmark? One of: ${BENCHMARKS.join(', ')}`)
  process.exit(2)
}
if (!existsSync(join(import.meta.dirname, '..', 'dist', 'index.js'))) {
  console.error('There is no dist/: run "npm run build" first.')
  process.exit(2)
}
const server = await createServer({
  configFile: false,
  root: join(import.meta.dirname, '..'),
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  appType: 'custom',
  logLevel: 'warn',
})
// Open until the end of the run: the engine imports SQLite only when it starts.
const runner = createServerModuleRunner(server.environments.ssr)
try {
  const { run } = await runner.import(join(import.meta.dirname, `${name}.ts`))
  await run(process.argv.slice(3))
} finally {
  await runner.close()
  await server.close()
}
