// Bundles the peers' workers, and serves their wasm beside them. It stands apart from the test server because some peers
// name modules of Node that a bundler must be told to leave out.
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { build, type Plugin } from 'esbuild'

const SCRIPTS = [
  'official-memory',
  'official-sahpool',
  'official-sahpool-wal',
  'absurd-sql',
  'wa-ahp',
  'wa-ahp-wal',
  'wa-coop',
  'wa-write-ahead',
  'wa-idb-batch',
]

const FILES = [
  '@sqlite.org/sqlite-wasm/sqlite3.wasm',
  '@jlongster/sql.js/dist/sql-wasm.wasm',
  '@journeyapps/wa-sqlite/dist/wa-sqlite.wasm',
  '@journeyapps/wa-sqlite/dist/wa-sqlite-async.wasm',
]

/** Address to content, for `startServer`. */
export async function bundlePeers(): Promise<Map<string, string | Uint8Array>> {
  const { outputFiles } = await build({
    entryPoints: SCRIPTS.map((name) => join(import.meta.dirname, `${name}.ts`)),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    conditions: ['browser'],
    write: false,
    outdir: '/peers',
    logLevel: 'silent',
    plugins: [withoutNode],
  })
  const served = new Map<string, string | Uint8Array>()
  for (const { path, text } of outputFiles) served.set(`/peers/${basename(path)}`, text)
  const { resolve } = createRequire(import.meta.url)
  for (const file of FILES) served.set(`/peers/${basename(file)}`, await readFile(resolve(file)))
  const proxy = 'sqlite3-opfs-async-proxy.js'
  const beside = dirname(resolve('@sqlite.org/sqlite-wasm/sqlite3.wasm'))
  served.set(`/peers/${proxy}`, await readFile(join(beside, proxy), 'utf8'))
  return served
}

/** What sql.js asks for only when it runs in Node. */
const withoutNode: Plugin = {
  name: 'without-node',
  setup(esbuild) {
    esbuild.onResolve({ filter: /^(fs|path|crypto|module|node:.*)$/ }, ({ path }) => ({ path, namespace: 'nothing' }))
    esbuild.onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'module.exports = {}' }))
  },
}
