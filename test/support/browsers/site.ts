// A site that serves the built package from a server with something wrong: a file that is missing, comes as something else
// or under a policy. It stands apart from the ordinary test server, in which nothing is wrong.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const dist = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'dist')
const TYPES: Record<string, string> = { '.js': 'text/javascript', '.wasm': 'application/wasm' }

export interface SiteAnswer {
  readonly status?: number
  readonly type?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Site {
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

/**
 * Serves a blank page at every path without extension, and the files of dist/ at every path with one, by their last part.
 * What `alter` returns for a path is answered in place of that, as far as it says.
 */
export async function startSite(alter: (path: string) => SiteAnswer | undefined): Promise<Site> {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://host').pathname
    const altered = alter(path) ?? {}
    const file = extname(path) === '' ? undefined : path.slice(path.lastIndexOf('/') + 1)
    const content = file === undefined ? '<!doctype html><title>site</title>' : await contentOf(file)
    const status = altered.status ?? (content === undefined && altered.body === undefined ? 404 : 200)
    const type = altered.type ?? (file === undefined ? 'text/html' : (TYPES[extname(file)] ?? 'text/plain'))
    response.writeHead(status, { ...altered.headers, 'content-type': type, 'cache-control': 'no-store' })
    response.end(altered.body ?? content ?? 'not found')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (!address || typeof address === 'string') throw new Error('the site has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function contentOf(file: string): Promise<Buffer | undefined> {
  return readFile(join(dist, file)).catch(() => undefined)
}
