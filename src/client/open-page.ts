// Opening a database in a page. It stands apart as what a page loads before its worker starts, and nothing else: the calls of
// a database, a good half of the package, are loaded meanwhile, and are there before the database is.

import { withinLimits } from './abort.ts'
import type { Database } from './database.ts'
import { EngineAccess } from './engine-access.ts'
import { loadPart } from './load-part.ts'
import { checkDatabaseName, type OpenOptions, resolveOpenOptions } from './options.ts'
import { pagePlatform } from './start-worker.ts'

/**
 * Opens the database `name`, creating it if it does not exist, in a worker of this page. See `OpenOptions` for the
 * defaults. Throws UsageError (`unknown-option`, `invalid-argument`), StorageError (`unavailable`, `busy` when its
 * storage is held by something that is no tab of this release, `corrupt`, ...), AssetLoadError when worker, wasm or a part
 * of the script cannot be loaded, TimeoutError, AbortError. Any number of tabs of a site may have it open.
 */
export async function open(name: string, options: OpenOptions = {}): Promise<Database> {
  checkDatabaseName(name)
  const resolved = resolveOpenOptions(options)
  const platform = pagePlatform()
  const access = new EngineAccess(name, resolved, platform)
  const started = access.start()
  const loaded = withinLimits(platform.clock, resolved, () => loadPart(() => import('./opened.ts')))
  try {
    const [{ openedDatabase }] = await Promise.all([loaded, started])
    return await openedDatabase(name, resolved, platform, access)
  } catch (error) {
    access.member.terminate()
    throw error
  }
}
