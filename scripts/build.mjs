// Builds dist/: the library with its types, one file per entry of the package; the worker as one minified file that imports
// nothing, with its source map; SQLite's wasm; and the single-file form that has both inside. It stands apart so that every
// test, the playground and the bench use the package exactly as it is published. Facts are asserted: the library still
// names its files by literal `new URL(..., import.meta.url)`, which bundlers look for, the worker names none and imports
// nothing, and the single file neither.
import { existsSync } from 'node:fs'
import { copyFile, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'tsdown'
import { embeddedFiles } from './embedded-files.mjs'
import { reducedSqlite } from './reduced-sqlite.mjs'
import { selfContained } from './self-contained.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const dist = join(root, 'dist')
const partial = join(root, '.tmp', 'dist')

/** The entries of the package that are ordinary modules; what they share is in files of its own. */
const ENTRIES = {
  index: 'src/index.ts',
  store: 'src/store/index.ts',
  vite: 'src/vite/index.ts',
  compat: 'src/compat/index.ts',
  node: 'src/node/index.ts',
  'node-worker': 'src/node/worker.ts',
  testing: 'src/testing/index.ts',
}

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
const selfContainedFile = {
  ...shared,
  minify: true,
  outputOptions: { codeSplitting: false },
}
await build({
  ...shared,
  entry: Object.fromEntries(Object.entries(ENTRIES).filter(([, file]) => existsSync(join(root, file)))),
  dts: true,
  deps: { onlyBundle: [], neverBundle: [/^node:/] },
  // What entries share is named after one of its modules, and must not be named like an entry, the worker least of all.
  outputOptions: { chunkFileNames: 'shared-[name].js' },
})
await build({
  ...selfContainedFile,
  entry: { worker: 'src/worker.ts' },
  dts: true,
  sourcemap: true,
  deps: { alwaysBundle: [/.*/], onlyBundle: ['@sqlite.org/sqlite-wasm', 'xxhash-wasm'] },
  plugins: [reducedSqlite(join(root, 'src')), selfContained()],
})
const wasm = join(partial, 'sqlite3.wasm')
await copyFile(createRequire(import.meta.url).resolve('@sqlite.org/sqlite-wasm/sqlite3.wasm'), wasm)
await build({
  ...selfContainedFile,
  entry: { inline: 'src/index.ts' },
  dts: false,
  plugins: [embeddedFiles(root, { worker: join(partial, 'worker.js'), wasm }), selfContained()],
})
await writeFile(join(partial, 'inline.d.ts'), "export * from './index.js'\n")
const files = await inspect(partial)
await rm(dist, { recursive: true, force: true })
await rename(partial, dist)
for (const { name, bytes, gzipBytes } of files) {
  console.log(`dist/${name.padEnd(18)} ${kib(bytes)} KiB ${kib(gzipBytes)} KiB gzip`)
}

async function inspect(directory) {
  const names = (await readdir(directory)).filter((name) => /\.(js|wasm)$/.test(name)).sort()
  const files = await Promise.all(names.map(async (name) => ({ name, content: await readFile(join(directory, name)) })))
  const library = files.filter(({ name }) => name.endsWith('.js') && !/^(worker|inline)\.js$/.test(name))
  for (const literal of [
    /new Worker\(new URL\(["']\.\/worker\.js["'], import\.meta\.url\)/,
    /new SharedWorker\(new URL\(["']\.\/worker\.js["'], import\.meta\.url\)/,
    /new URL\(["']\.\/sqlite3\.wasm["'], import\.meta\.url\)/,
  ]) {
    if (!library.some(({ content }) => literal.test(content)))
      throw new Error(`dist/ lost the literal that bundlers look for: ${literal}`)
  }
  return files.map(({ name, content }) => ({
    name,
    bytes: content.length,
    gzipBytes: gzipSync(content, { level: 9 }).length,
  }))
}

function kib(bytes) {
  return (bytes / 1024).toFixed(1).padStart(7)
}
