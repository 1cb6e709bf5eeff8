// Loads the official SQLite module without its own OPFS and kvvfs set-up, from a compiled module or from an address. It
// stands apart because everything about fetching and instantiating the wasm file fails in its own ways, each of which is
// answered by an AssetLoadError that names the setting to change.
import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm'
import { assetRemedy } from '../errors/asset-remedy.ts'
import { WASM_POLICY_REMEDY } from '../errors/asset-words.ts'
import { AssetLoadError, UsageError } from '../errors/errors.ts'
import type { WasmSource } from '../protocol/messages.ts'

/** What loading takes from its surroundings; a worker passes its global scope. */
export interface ModuleScope {
  /** Present on a page's main thread only. */
  readonly document?: unknown
  readonly fetch?: typeof fetch
}

interface ModuleOptions {
  print(text: string): void
  printErr(text: string): void
  instantiateWasm(imports: WebAssembly.Imports, done: (i: WebAssembly.Instance, m: WebAssembly.Module) => void): object
}

/** Read by the package while it starts, and deleted by it. */
interface PackageConfig {
  sqlite3ApiConfig?: { disable: { vfs: Record<string, boolean> }; warn(): void; debug(): void; log(): void }
}

/** Starts SQLite, each time anew with a memory of its own. Throws AssetLoadError when that fails. */
export type StartSqlite = () => Promise<Sqlite3Static>

/**
 * Loads and starts SQLite. Throws UsageError `wrong-thread` on a page's main thread, AssetLoadError when the wasm file
 * cannot be fetched, compiled or started.
 */
export async function loadSqlite(source: WasmSource, scope: ModuleScope): Promise<Sqlite3Static> {
  const start = await compileSqlite(source, scope)
  return start()
}

/** Like `loadSqlite` up to the start. */
export async function compileSqlite(source: WasmSource, scope: ModuleScope): Promise<StartSqlite> {
  refuseMainThread(scope)
  const compiling = source instanceof WebAssembly.Module ? source : compile(source.url, scope.fetch ?? fetch)
  const [module] = await Promise.all([compiling, import('@sqlite.org/sqlite-wasm')])
  return () => startSqlite(module, source)
}

async function startSqlite(module: WebAssembly.Module, source: WasmSource): Promise<Sqlite3Static> {
  const { default: init } = await import('@sqlite.org/sqlite-wasm')
  const start: (options: ModuleOptions) => Promise<Sqlite3Static> = init
  const config: typeof globalThis & PackageConfig = globalThis
  const silent = () => {}
  const off = { opfs: true, 'opfs-vfs': true, 'opfs-wl': true, 'opfs-sahpool': true, kvvfs: true }
  config.sqlite3ApiConfig = { disable: { vfs: off }, warn: silent, debug: silent, log: silent }
  // The package never settles when instantiation fails, so the failure is raced against it.
  let fail: (error: unknown) => void = silent
  const failed = new Promise<never>((_, reject) => {
    fail = reject
  })
  const started = start({
    print: silent,
    printErr: silent,
    instantiateWasm(imports, done) {
      WebAssembly.instantiate(module, imports).then((instance) => done(instance, module), fail)
      return {}
    },
  })
  try {
    return await Promise.race([started, failed])
  } catch (cause) {
    const address = source instanceof WebAssembly.Module ? undefined : source.url
    throw new AssetLoadError(
      `SQLite's wasm module could not be started: ${text(cause)}. ${assetRemedy('wasmUrl', address)}`,
      { cause },
    )
  }
}

/** SQLite blocks its thread; on a page's main thread that would freeze the page, and OPFS is not available there. */
export function refuseMainThread(scope: ModuleScope): void {
  if (scope.document !== undefined)
    throw new UsageError(
      'wrong-thread',
      "The engine does not run on a page's main thread. Call `open()` from 'datasync', which starts the worker, or start " +
        "it yourself: new Worker(new URL('datasync/worker', import.meta.url), { type: 'module' }).",
    )
}

async function compile(url: string, fetcher: typeof fetch): Promise<WebAssembly.Module> {
  const failure = (what: string, cause?: unknown) =>
    new AssetLoadError(`The wasm file could not be loaded from ${url}: ${what}. ${remedy(url, what)}`, { url, cause })
  let response: Response
  try {
    response = await fetcher(url, { credentials: 'same-origin' })
  } catch (cause) {
    throw failure(text(cause), cause)
  }
  if (!response.ok) throw failure(`the server answered ${response.status}`)
  const type = response.headers.get('content-type') ?? ''
  if (type.startsWith('text/html')) throw failure('the server answered an HTML page, as for a file it does not have')
  try {
    // Streaming insists on the exact MIME type; the bytes are the same without it.
    if (type.startsWith('application/wasm')) return await WebAssembly.compileStreaming(response)
    return await WebAssembly.compile(await response.arrayBuffer())
  } catch (cause) {
    throw failure(text(cause), cause)
  }
}

function remedy(url: string, what: string): string {
  return isPolicy(what) ? WASM_POLICY_REMEDY : assetRemedy('wasmUrl', url)
}

/** What compiling wasm failed with, as an AssetLoadError that says so if a policy was the reason. */
export function explainPolicy(error: unknown): unknown {
  if (!(error instanceof WebAssembly.CompileError) || !isPolicy(error.message)) return error
  return new AssetLoadError(`The browser refused to compile wasm: ${error.message.trim()}. ${WASM_POLICY_REMEDY}`, {
    cause: error,
  })
}

function isPolicy(message: string): boolean {
  return /content security policy|blocked by CSP/i.test(message)
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
