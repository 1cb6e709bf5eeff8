// The measured page: opens the database at once and asks for one row by its key.
import { open } from '../../src/index.ts'

const parts: Record<string, number> = { 'script runs': performance.now() }
watchStart()
const measuring = measure()

/** Notes the moments of the start that can be seen from outside the package. */
function watchStart(): void {
  const compileStreaming = WebAssembly.compileStreaming.bind(WebAssembly)
  WebAssembly.compileStreaming = async (source) => {
    const module = await compileStreaming(source)
    parts['wasm compiled'] = performance.now()
    return module
  }
  globalThis.Worker = class extends Worker {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options)
      parts['worker requested'] = performance.now()
      const once = { once: true }
      this.addEventListener('message', () => (parts['worker ready'] = performance.now()), once)
    }
    override postMessage(message: unknown, transfer: Transferable[] | StructuredSerializeOptions = []): void {
      parts['worker greeted'] ??= performance.now()
      if (Array.isArray(transfer)) super.postMessage(message, transfer)
      else super.postMessage(message, transfer)
    }
  }
}

async function measure() {
  const db = await open('start.db')
  parts['open resolved'] = performance.now()
  const row = await db.get('SELECT body FROM t WHERE id = ?', [50_000])
  parts['first row'] = performance.now()
  if (typeof row?.body !== 'string') throw new Error('the row is not there')
  return db
}

const steps = {
  async measured() {
    await measuring
    return parts
  },
  close: async () => (await measuring).close(),
}

export type StartSteps = typeof steps
Object.assign(globalThis, { steps })
