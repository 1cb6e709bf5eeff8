// Bundles the conformance runner for Node and runs it with the given paths; see test/conformance/cli.ts. It stands apart
// because Node does not run TypeScript by itself.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
await mkdir(join(root, '.tmp'), { recursive: true })
const directory = await mkdtemp(join(root, '.tmp', 'conformance-'))
try {
  const outfile = join(directory, 'cli.mjs')
  await build({
    entryPoints: [join(root, 'test', 'conformance', 'cli.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'warning',
  })
  const { main } = await import(pathToFileURL(outfile).href)
  process.exitCode = await main(process.argv.slice(2))
} finally {
  await rm(directory, { recursive: true, force: true })
}
