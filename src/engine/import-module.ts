// Loads a module of the application into the worker. It stands apart because this is the one expression of the worker that
// runs code from an address: it is imported as the page's own scripts are, so a Content-Security-Policy decides about it,
// and text is never evaluated. Bundlers are told to leave the expression alone; the build looks after it.

/** The module at an absolute address. Rejects with what the platform says. */
export function importModule(url: string): Promise<object> {
  return import(/* webpackIgnore: true */ /* @vite-ignore */ url)
}
