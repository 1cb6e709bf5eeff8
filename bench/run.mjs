// Runs the benchmarks of this folder: `npm run bench` for every row of the table, `npm run bench -- <row>` for some, and by
// name those that are a program of their own. They drive the same browsers as the tests, by the same drivers, and measure
// the package as `npm run build` left it.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createServer, createServerModuleRunner } from 'vite'

const OWN = ['start', 'big', 'tabs', 'report', 'check', 'growth']

const args = process.argv.slice(2)
if (args[0] === 'codec') {
  await import('./codec.mjs')
  process.exit()
}
const own = OWN.find((name) => name === args[0])
if (!existsSync(join(import.meta.dirname, '..', 'dist', 'index.js'))) {
  console.error('There is no dist/: run "npm run build" first.')
  process.exit(2)
}
const server = await createServer({
  configFile: false,
  root: join(import.meta.dirname, '..'),
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  appType: 'custom',
  logLevel: 'warn',
})
// Open until the end of the run: the engine imports SQLite only when it starts.
const runner = createServerModuleRunner(server.environments.ssr)
try {
  const { run } = await runner.import(join(import.meta.dirname, `${own ?? 'rows'}.ts`))
  await run(own ? args.slice(1) : args)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  await runner.close()
  await server.close()
}
