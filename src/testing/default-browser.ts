// The calls of `datasync` on one simulated browser per process, or per test file where the runner keeps files apart.

import type { Database } from '../client/database.ts'
import type { OpenOptions } from '../client/options.ts'
import { SimulatedBrowser, type SimulatedDatabaseEntry } from './browser.ts'

let browser: SimulatedBrowser | undefined

function defaultBrowser(): SimulatedBrowser {
  browser ??= new SimulatedBrowser()
  return browser
}

/** Opens the database `name` in memory, in a tab of its own. See `SimulatedBrowser`. */
export function open(name: string, options?: OpenOptions): Promise<Database> {
  return defaultBrowser().open(name, options)
}

/** Deletes the database `name`; resolves to whether there was one. Tabs that have it open let go of it. */
export function deleteDatabase(name: string): Promise<boolean> {
  return defaultBrowser().deleteDatabase(name)
}

/** Names the databases in memory. */
export function listDatabases(): Promise<SimulatedDatabaseEntry[]> {
  return defaultBrowser().listDatabases()
}
