// Builds the playground with its own Vite configuration into a folder of its own and serves that build on a port that
// the system picks. It stands apart from the test server because the playground is served as users get it, by Vite.
import { fileURLToPath } from 'node:url'
import { build, preview } from 'vite'

const root = fileURLToPath(new URL('../../playground', import.meta.url))

export interface PlaygroundServer {
  readonly url: string
  close(): Promise<void>
}

export async function startPlayground(outDir: string): Promise<PlaygroundServer> {
  const shared = { root, build: { outDir, emptyOutDir: true }, logLevel: 'warn' } as const
  await build(shared)
  const server = await preview({ ...shared, preview: { host: '127.0.0.1', port: 0 } })
  const address = server.httpServer.address()
  if (!address || typeof address === 'string') throw new Error('the playground has no port')
  return {
    url: `http://127.0.0.1:${address.port}/`,
    async close() {
      await server.close()
    },
  }
}
