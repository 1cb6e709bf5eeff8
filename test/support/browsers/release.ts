// Another release of the package, as files of the test server: the same source with another number of its protocol, built by
// esbuild. It stands apart because only pages that meet pages of another release need a second build.
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { PROTOCOL_VERSION } from '../../../src/protocol/vocabulary.ts'

const source = (path: string) => fileURLToPath(new URL(`../../../src/${path}`, import.meta.url))

/**
 * The files of a release with that protocol under /release/, and the page /pages/release.html, which is the page `tabs` with
 * that release in place of the built package.
 */
export async function releaseFiles(protocol: number): Promise<Map<string, string | Uint8Array>> {
  const { outputFiles } = await build({
    entryPoints: { index: source('index.ts'), worker: source('worker.ts') },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    outdir: '/release',
    plugins: [withProtocol(protocol)],
    logLevel: 'silent',
  })
  const files = new Map<string, string | Uint8Array>(outputFiles.map(({ path, text }) => [path, text]))
  const wasm = createRequire(import.meta.url).resolve('@sqlite.org/sqlite-wasm/sqlite3.wasm')
  files.set('/release/sqlite3.wasm', await readFile(wasm))
  const map = JSON.stringify({ imports: { '/dist/index.js': '/release/index.js' } })
  const scripts = `<script type="importmap">${map}</script><script type="module" src="/pages/tabs.js"></script>`
  files.set('/pages/release.html', `<!doctype html><meta charset="utf-8"><title>release</title>${scripts}`)
  return files
}

function withProtocol(protocol: number): Plugin {
  const line = `export const PROTOCOL_VERSION = ${PROTOCOL_VERSION}\n`
  return {
    name: 'with-protocol',
    setup(esbuild) {
      esbuild.onLoad({ filter: /src\/protocol\/vocabulary\.ts$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8')
        if (!text.includes(line)) throw new Error(`${path} has no line that gives the version of the protocol`)
        return { contents: text.replace(line, `export const PROTOCOL_VERSION = ${protocol}\n`), loader: 'ts' }
      })
    },
  }
}
