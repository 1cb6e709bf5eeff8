// The part of the package that works with an engine, given a client's way to one. It stands apart as what a page loads while
// its worker starts.

import type { ClientPlatform } from '../coordination/platform.ts'
import { Database } from './database.ts'
import type { EngineAccess } from './engine-access.ts'
import { loadPart } from './load-part.ts'
import type { ResolvedOptions } from './options.ts'
import { Session } from './session.ts'

/** The database, once an engine is there. Rejects with what opening failed with. */
export async function openedDatabase(
  name: string,
  options: ResolvedOptions,
  platform: ClientPlatform,
  access: EngineAccess,
): Promise<Database> {
  const session = new Session(name, options, platform, access)
  const { log } = platform
  const debug = access.debug && log && (await loadPart(() => import('./debug-log.ts'))).logSession(session, log)
  await session.start()
  if (debug) debug()
  return new Database(session)
}
