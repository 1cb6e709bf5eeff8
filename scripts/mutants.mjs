// `npm run mutants`: plants one known bug at a time and shows that the tests find each of them, with the seeds that CI
// uses. `-- --only name[,name]` for some, `--skip name[,name]` for all but some, `--jobs N` at a time (default: one per
// core, at least two), `--minutes N` for the limit per bug (default 10), `--list` to read them. In several sittings:
// `--results FILE --sitting N` begins no bug after N minutes and keeps what was found; the next sitting goes on from
// there, as long as neither the code nor the tests have changed. Ends with `planted N, found N`; the exit code is 0 only
// if both are equal. Nothing is written into src/. The work is done by test/mutants/runner.ts, which is bundled first
// because Node runs no TypeScript.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = join(fileURLToPath(import.meta.url), '..', '..')
const outfile = join(root, '.tmp', 'mutants', `runner-${process.pid}.mjs`)
await build({
  entryPoints: [join(root, 'test', 'mutants', 'runner.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  logLevel: 'warning',
})
const { run } = await import(pathToFileURL(outfile).href)
try {
  process.exitCode = await run(root, process.argv.slice(2))
} finally {
  await rm(outfile)
}
