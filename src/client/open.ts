// Opening a database. It stands apart so that the page's platform is chosen in one place and tests can hand in another.

import type { ClientPlatform } from '../coordination/platform.ts'
import { Database } from './database.ts'
import { checkDatabaseName, type OpenOptions, resolveOpenOptions } from './options.ts'
import { Session } from './session.ts'
import { pagePlatform } from './start-worker.ts'

/**
 * Opens the database `name`, creating it if it does not exist, in a worker of this page. See `OpenOptions` for the
 * defaults. Throws UsageError (`unknown-option`, `invalid-argument`), StorageError (`unavailable`, `busy` when its
 * storage is held by something that is no tab of this release, `corrupt`, ...), AssetLoadError when worker or wasm cannot
 * be loaded, TimeoutError, AbortError. Any number of tabs of a site may have it open.
 */
export async function open(name: string, options: OpenOptions = {}): Promise<Database> {
  return openWith(pagePlatform(), name, options)
}

/** `open` on a given platform. */
export async function openWith(platform: ClientPlatform, name: string, options: OpenOptions = {}): Promise<Database> {
  checkDatabaseName(name)
  const session = new Session(name, resolveOpenOptions(options), platform)
  await session.start()
  return new Database(session)
}
