// Loading a part of the package that is a file of its own. It stands apart because such a file can be missing like the worker:
// a page that was loaded before a new release was published asks for one that the server no longer has.

import { AssetLoadError } from '../errors/errors.ts'

/** What `load` imports. Throws AssetLoadError. */
export async function loadPart<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    throw new AssetLoadError(
      `A script of the package could not be loaded: ${cause instanceof Error ? cause.message : cause}. If a new release of the application was published since this page was loaded, reload the page; else publish every file that the bundler wrote.`,
      { cause },
    )
  }
}
