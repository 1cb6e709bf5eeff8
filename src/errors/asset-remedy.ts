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
