// Bundles the peers' workers, and serves their wasm beside them. It stands apart because some peers name modules of Node that
// a bundler must be told to leave out, and two bring files whose names are also another's: each of those has a folder.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { type BuildOptions, build, type Plugin } from 'esbuild'

const SCRIPTS = [
  'own',
  'official-memory',
  'official-sahpool',
  'official-sahpool-wal',
  'official-opfs',
  'absurd-sql',
  'wa-ahp',
  'wa-ahp-wal',
  'wa-coop',
  'wa-write-ahead',
  'wa-adaptive',
  'wa-idb-batch',
  'wa-idb-mirror',
]

const { resolve } = createRequire(import.meta.url)
const SQLITE_FILES = ['sqlite3.wasm', 'sqlite3-opfs-async-proxy.js']

/** Address to content, for `startServer`. */
export async function bundlePeers(): Promise<Map<string, string | Uint8Array>> {
  const here = (name: string) => join(import.meta.dirname, `${name}.ts`)
  const served = new Map<string, string | Uint8Array>()
  const official = dirname(resolve('@sqlite.org/sqlite-wasm/sqlite3.wasm'))
  const sqlocal = join(folderOf('sqlocal'), 'dist')
  const pglite = dirname(resolve('@electric-sql/pglite'))
  const itsOfficial = dirname(createRequire(join(sqlocal, 'index.js')).resolve('@sqlite.org/sqlite-wasm/sqlite3.wasm'))
  const builds: [string, Record<string, string>, BuildOptions][] = [
    ['/peers', Object.fromEntries(SCRIPTS.map((name) => [name, here(name)])), {}],
    // The package's own worker, as it is shipped, with the scope that own-engine.ts makes.
    ['/peers', { 'own-worker': join(import.meta.dirname, '..', '..', 'dist', 'worker.js') }, OWN_SCOPE],
    ['/peers/sqlocal', { worker: join(sqlocal, 'worker.js') }, {}],
    ['/peers/pglite', { pglite: here('pglite') }, {}],
  ]
  for (const [folder, entryPoints, more] of builds)
    for (const { path, text } of await bundle(folder, entryPoints, more)) served.set(path, text)
  const copies: [string, string, readonly string[]][] = [
    ['/peers', official, SQLITE_FILES],
    ['/peers/sqlocal', itsOfficial, SQLITE_FILES],
    ['/peers', dirname(resolve('@jlongster/sql.js/dist/sql-wasm.wasm')), ['sql-wasm.wasm']],
    [
      '/peers',
      dirname(resolve('@journeyapps/wa-sqlite/dist/wa-sqlite.wasm')),
      ['wa-sqlite.wasm', 'wa-sqlite-async.wasm'],
    ],
    ['/peers/pglite', pglite, ['pglite.wasm', 'pglite.data', 'initdb.wasm']],
  ]
  for (const [folder, from, files] of copies)
    for (const file of files) served.set(`${folder}/${file}`, await contentOf(join(from, file)))
  return served
}

const OWN_SCOPE: BuildOptions = { define: { self: 'ownScope' } }

/** Of a package that lets nobody ask for its files. */
function folderOf(name: string): string {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? []
  const found = folders.map((folder) => join(folder, name)).find((folder) => existsSync(join(folder, 'package.json')))
  if (found === undefined) throw new Error(`${name} is not installed`)
  return found
}

const contentOf = (file: string) => (file.endsWith('.js') ? readFile(file, 'utf8') : readFile(file))

async function bundle(folder: string, entryPoints: Record<string, string>, more: BuildOptions) {
  const { outputFiles = [] } = await build({
    entryPoints,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    conditions: ['browser'],
    write: false,
    outdir: folder,
    logLevel: 'silent',
    plugins: [withoutNode, builtPackage],
    ...more,
  })
  return outputFiles.map(({ path, text }) => ({ path: `${folder}/${basename(path)}`, text }))
}

/** What some ask for only when they run in Node. */
const withoutNode: Plugin = {
  name: 'without-node',
  setup(esbuild) {
    esbuild.onResolve({ filter: /^(fs|path|crypto|module|url|ws|node:.*)$/ }, ({ path }) => ({
      path,
      namespace: 'nothing',
    }))
    esbuild.onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'module.exports = {}' }))
  },
}

/** Where its source is named the package is meant as `npm run build` left it. */
const builtPackage: Plugin = {
  name: 'built-package',
  setup(esbuild) {
    esbuild.onResolve({ filter: /\/src\/index\.ts$/ }, () => ({ path: '/dist/index.js', external: true }))
  },
}
