// What to do where a file of the package arrived and is refused. It stands apart from the remedy for a file that is not there,
// which a page loads only then.

/** For a wasm file that arrived and may not be compiled. */
export const WASM_POLICY_REMEDY =
  "Allow it in the Content-Security-Policy of page and worker: script-src 'self' 'wasm-unsafe-eval'."

/** For a worker that comes from another origin than the page. */
export const ORIGIN_REMEDY =
  "A worker comes from the page's own origin: serve the file 'datasync/worker' there and name it with the option 'workerUrl' of open(), or import 'datasync/inline', which has it inside."

/** For a script that is no module any more. */
export const NO_ADDRESS =
  "The script does not know its own address (import.meta.url), so worker and wasm cannot be found. Have the bundler write an ES module (esbuild: --format=esm), or set the options 'workerUrl' and 'wasmUrl' of open()."
