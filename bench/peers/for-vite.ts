// Serves the peers of the bench beside a Vite site, bundled when somebody first asks for one, so that the site's own build
// knows nothing of them; and isolates the page that measures them, which some of them need.
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join } from 'node:path'
import type { Plugin } from 'vite'
import { bundlePeers } from './bundle.ts'

type Answer = (request: IncomingMessage, response: ServerResponse, next: () => void) => void

const DIST = join(import.meta.dirname, '..', '..', 'dist')
const TYPES: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.wasm': 'application/wasm' }

/** `page`: the path of the page that is isolated. */
export function benchPeers(page: string): Plugin {
  let bundled: ReturnType<typeof bundlePeers> | undefined
  const answer: Answer = (request, response, next) => {
    const path = new URL(request.url ?? '/', 'http://host').pathname
    response.setHeader('cross-origin-embedder-policy', 'require-corp')
    if (path === page) response.setHeader('cross-origin-opener-policy', 'same-origin')
    // Other pages work as a site without these headers does.
    else if (extname(path) === '.html' || extname(path) === '') response.removeHeader('cross-origin-embedder-policy')
    if (!path.startsWith('/peers/') && !path.startsWith('/dist/')) return next()
    bundled ??= bundlePeers()
    const found = path.startsWith('/dist/')
      ? readFile(join(DIST, path.slice('/dist/'.length).replaceAll('..', '')))
      : bundled.then((files) => files.get(path))
    found.then(
      (content) => {
        if (content === undefined) return next()
        response.setHeader('content-type', TYPES[extname(path)] ?? 'application/octet-stream')
        response.end(content)
      },
      (error: unknown) => {
        response.statusCode = 500
        response.end(String(error))
      },
    )
  }
  return {
    name: 'bench-peers',
    enforce: 'pre',
    // The bench names the package by its source.
    resolveId(source, importer) {
      if (!source.endsWith('/src/index.ts') || !importer?.includes('/bench/')) return undefined
      return this.resolve('datasync', join(import.meta.dirname, '..', '..', 'playground', 'src', 'main.tsx'))
    },
    configureServer: (server) => void server.middlewares.use(answer),
    configurePreviewServer: (server) => void server.middlewares.use(answer),
  }
}
