// Checks the package as it would be published, after a build: it is packed, and the archive has to pass publint and, in
// modules only, `attw` (types are found by every way of resolving); what users load stays within its budget of bytes. It
// stands apart from the tests because none of them looks at the archive. `npm run check:package` builds and checks.
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const folder = join(root, '.tmp', 'package')
const KIB = 1024

/**
 * What an application loads, minified and split by esbuild, with gzip. `started`: at its start, the entry file with all that
 * it imports statically; the worker starts with that. `opened`: what `open` loads meanwhile is added; from then on only a
 * failure or a rare call loads anything more.
 */
const BUDGETS = [
  {
    what: 'open, query, run, transaction, stream and errors',
    entry: `import { open, DataSyncError, SqliteError } from 'datasync'
      const db = await open('app.db')
      await db.run('INSERT INTO t VALUES (?)', [1])
      await db.transaction((tx) => tx.query('SELECT 1'))
      for await (const row of db.stream('SELECT a FROM t')) console.log(row instanceof DataSyncError, SqliteError)`,
    started: 15 * KIB,
    opened: 31.5 * KIB,
  },
  { what: 'everything in `.`', entry: "export * from 'datasync'", started: 30 * KIB, opened: 33.5 * KIB },
]
/** What `open` loads while the worker starts, by the name of its file. */
const OPENED = /shared-opened/
const WORKER_BYTES = 120 * KIB

const failures = []
await rm(folder, { recursive: true, force: true })
await mkdir(folder, { recursive: true })
run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder])
const [archive] = await readdir(folder)
check('publint', () => run(bin('publint'), ['run', '--strict', join(folder, archive)]))
check('attw', () =>
  run(bin('attw'), [
    join(folder, archive),
    '--profile',
    'esm-only',
    '--exclude-entrypoints',
    'sqlite3.wasm',
    'package.json',
  ]),
)
check('entries', () => run(process.execPath, [join(root, 'scripts', 'import-entries.mjs')]))
for (const { what, entry, started, opened } of BUDGETS) {
  const bytes = await loadedBytes(entry)
  within(`${what}, when the worker starts`, bytes.started, started)
  within(`${what}, when the database is open`, bytes.opened, opened)
}
const worker = await readFile(join(root, 'dist', 'worker.js'))
within('the worker without wasm', gzipSync(worker, { level: 9 }).length, WORKER_BYTES)
for (const failure of failures) console.error(failure)
process.exitCode = failures.length > 0 ? 1 : 0

function check(name, act) {
  try {
    act()
    console.log(`${name}: ok`)
  } catch {
    failures.push(`${name}: FAILED, see above`)
  }
}

function within(what, gzipBytes, budgetBytes) {
  const sizes = `${(gzipBytes / KIB).toFixed(1)} KiB of ${budgetBytes / KIB} KiB gzip`
  console.log(`${what}: ${sizes}`)
  if (gzipBytes > budgetBytes) failures.push(`${what}: FAILED, ${sizes}`)
}

async function loadedBytes(entry) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    metafile: true,
    stdin: { contents: entry, resolveDir: root },
    alias: { datasync: join(root, 'dist', 'index.js') },
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    outdir: folder,
    write: false,
  })
  const { outputs } = metafile
  const loaded = new Set()
  const load = (path) => {
    if (loaded.has(path)) return
    loaded.add(path)
    for (const { kind, path: next } of outputs[path].imports) if (kind === 'import-statement') load(next)
  }
  const gzipBytes = () =>
    outputFiles
      .filter(({ path }) => loaded.has(relative(root, path)))
      .reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0)
  load(Object.keys(outputs).find((path) => path.endsWith('stdin.js')))
  const started = gzipBytes()
  const later = Object.keys(outputs).filter((path) => OPENED.test(path))
  if (later.length !== 1) throw new Error(`what open() loads is not one file but ${later.length}`)
  load(later[0])
  return { started, opened: gzipBytes() }
}

function run(program, args) {
  execFileSync(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
}

function bin(name) {
  return join(root, 'node_modules', '.bin', name)
}
