// Opening a database on any platform, with the whole package at hand. It stands apart from `open-page.ts`, which loads most
// of it while the worker starts.

import type { ClientPlatform } from '../coordination/platform.ts'
import type { Database } from './database.ts'
import { EngineAccess } from './engine-access.ts'
import { openedDatabase } from './opened.ts'
import { checkDatabaseName, type OpenOptions, resolveOpenOptions } from './options.ts'

/** `open` on a given platform. */
export async function openWith(platform: ClientPlatform, name: string, options: OpenOptions = {}): Promise<Database> {
  checkDatabaseName(name)
  const resolved = resolveOpenOptions(options)
  return openedDatabase(name, resolved, platform, new EngineAccess(name, resolved, platform))
}
