// What to change when a file of the package is not where it was looked for, in one line. It stands apart because the page
// says it of the worker and the worker of the wasm.

/** The line of configuration that helps; `address` is where the file was looked for, if that is known. */
export function assetRemedy(option: 'workerUrl' | 'wasmUrl', address: string | undefined): string {
  const file = option === 'workerUrl' ? 'datasync/worker' : 'datasync/sqlite3.wasm'
  const byOption = `set the option '${option}' of open() to the address under which the file '${file}' is served`
  if (address !== undefined && /\/\.vite\/(deps|[^/]+\/deps)/.test(address))
    return `Add to vite.config.js: optimizeDeps: { exclude: ['datasync'] }. Or ${byOption}.`
  return `Run 'npx datasync copy-assets public', where public is a folder that is served as it is, and open with { workerUrl: '/worker.js', wasmUrl: '/sqlite3.wasm' }. That is: ${byOption}.`
}

/** For a wasm file that arrived and may not be compiled. */
export const WASM_POLICY_REMEDY =
  "Allow it in the Content-Security-Policy of page and worker: script-src 'self' 'wasm-unsafe-eval'."

/** For a worker that comes from another origin than the page. */
export const ORIGIN_REMEDY =
  "A worker comes from the page's own origin: serve the file 'datasync/worker' there and name it with the option 'workerUrl' of open(), or import 'datasync/inline', which has it inside."

/** For a script that is no module any more. */
export const NO_ADDRESS =
  "The script does not know its own address (import.meta.url), so worker and wasm cannot be found. Have the bundler write an ES module (esbuild: --format=esm), or set the options 'workerUrl' and 'wasmUrl' of open()."
