// Builds dist/: the page's library with its types (index, store), the worker as one file that imports nothing, and
// SQLite's wasm beside it. It stands apart so that every test, the playground and the bench use the package exactly as
// it is published. Two facts are asserted: the library still names its assets by literal `new URL(..., import.meta.url)`,
// which bundlers look for, and the worker names none and imports nothing.
import { copyFile, readFile, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'tsdown'
import { reducedSqlite } from './reduced-sqlite.mjs'
import { selfContained } from './self-contained.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const dist = join(root, 'dist')
const partial = join(root, '.tmp', 'dist')

// Built elsewhere first and then moved, so that nobody who serves dist/ ever sees half of it.
await rm(partial, { recursive: true, force: true })
const shared = {
  cwd: root,
  config: false,
  outDir: partial,
  format: 'esm',
  target: 'es2022',
  platform: 'browser',
  clean: false,
  hash: false,
  report: false,
  logLevel: 'warn',
  outExtensions: () => ({ js: '.js', dts: '.d.ts' }),
}
await build({
  ...shared,
  entry: { index: 'src/index.ts', store: 'src/store/index.ts' },
  dts: true,
  deps: { onlyBundle: [] },
})
await build({
  ...shared,
  entry: { worker: 'src/worker.ts' },
  dts: true,
  minify: true,
  deps: { alwaysBundle: [/.*/], onlyBundle: ['@sqlite.org/sqlite-wasm', 'xxhash-wasm', 'hash-wasm'] },
  outputOptions: { codeSplitting: false },
  plugins: [reducedSqlite(), selfContained()],
})
await copyFile(
  createRequire(import.meta.url).resolve('@sqlite.org/sqlite-wasm/sqlite3.wasm'),
  join(partial, 'sqlite3.wasm'),
)
const files = await inspect(partial)
await rm(dist, { recursive: true, force: true })
await rename(partial, dist)
for (const { name, bytes, gzipBytes } of files) {
  console.log(`dist/${name.padEnd(14)} ${kib(bytes)} KiB ${kib(gzipBytes)} KiB gzip`)
}

async function inspect(directory) {
  const library = await readFile(join(directory, 'index.js'), 'utf8')
  for (const literal of [
    /new Worker\(new URL\(["']\.\/worker\.js["'], import\.meta\.url\)/,
    /new URL\(["']\.\/sqlite3\.wasm["'], import\.meta\.url\)/,
  ]) {
    if (!literal.test(library)) throw new Error(`dist/index.js lost the literal that bundlers look for: ${literal}`)
  }
  return Promise.all(
    ['index.js', 'store.js', 'worker.js', 'sqlite3.wasm'].map(async (name) => {
      const content = await readFile(join(directory, name))
      return { name, bytes: content.length, gzipBytes: gzipSync(content, { level: 9 }).length }
    }),
  )
}

function kib(bytes) {
  return (bytes / 1024).toFixed(1).padStart(7)
}
