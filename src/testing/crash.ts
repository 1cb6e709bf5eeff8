// What a test does to databases of a simulated browser that a user would rather not see.

import type { Database } from '../client/database.ts'
import { UsageError } from '../errors/errors.ts'
import { nextTurn } from './agent.ts'
import { type Tab, tabOf } from './browser.ts'

/** Options of `crash`. */
export interface CrashOptions {
  /**
   * `nothing` (default): the engine's process died, what it had written is there. `unsynced`: the power was cut too, and
   * everything written since the last sync is gone.
   */
  readonly lose?: 'nothing' | 'unsynced' | undefined
}

/**
 * Kills the engine of a database between two of its messages, in whichever tab it runs, without a word to anybody. Calls
 * under way and later ones are answered by the next engine, in one of the tabs that are open, or settle as they do in a
 * browser. Resolves once the engine is dead. Throws UsageError `invalid-argument` for a database that was not opened in a
 * simulated browser, or with `storage: 'memory'`.
 */
export async function crash(database: Database, { lose = 'nothing' }: CrashOptions = {}): Promise<void> {
  const { name, storage } = tabFor('crash()', database)
  await nextTurn()
  storage.engineOf(name)?.end()
  if (lose === 'unsynced') storage.loseUnsynced(name)
  await nextTurn()
}

/**
 * Kills the tab of a database with all that runs in it. Its calls under way reject with LeaderLostError, later ones with
 * ClosedError; the other tabs go on, one of them with a new engine if it ran here. Resolves once it is dead.
 * Throws UsageError `invalid-argument`.
 */
export async function killTab(database: Database): Promise<void> {
  const { page, lifecycle } = tabFor('killTab()', database)
  await nextTurn()
  page.end()
  // Nothing that it does now reaches anybody; it settles what nobody would answer.
  lifecycle?.('unload')
  database.close({ timeoutMs: 0 }).catch(() => {}) // nobody is left to be told
  await nextTurn()
}

function tabFor(call: string, database: Database): Tab {
  const tab = tabOf(database)
  if (tab && database.info.why.every((why) => !why.includes('as was asked for'))) return tab
  throw new UsageError(
    'invalid-argument',
    `${call} takes a database that was opened by 'datasync/testing', without the option storage: 'memory'.`,
  )
}
