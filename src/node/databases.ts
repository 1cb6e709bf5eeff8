// Looking after databases in a directory without opening one.

import { type Dirent, existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { aUrl, checkDatabaseName, checkOptions } from '../client/options.ts'
import { toHex } from '../device/hex.ts'
import { decodeName } from '../device/names.ts'
import { NodeLock } from '../device/node-lock.ts'
import { storageErrorFrom } from '../device/storages.ts'
import { realEnvironment } from '../environment.ts'
import { directoryOf, rootOf } from './directory.ts'

/** Options of `deleteDatabase` and `listDatabases` in Node. */
export interface NodeStoredOptions {
  /** Like the `directory` of `open`. Default: the current directory. */
  readonly directory?: string | URL | undefined
}

/** One stored database. */
export interface NodeDatabaseEntry {
  readonly name: string
  readonly storage: 'node'
  readonly created: Date
}

/**
 * Deletes the database `name` and everything in it; resolves to whether there was one.
 * Throws StorageError `busy` (retryable), naming the process that has it open, `io`; UsageError.
 */
export async function deleteDatabase(name: string, options: NodeStoredOptions = {}): Promise<boolean> {
  checkDatabaseName(name)
  checkOptions('deleteDatabase()', options, { directory: aUrl })
  const directory = directoryOf(name, options.directory)
  const main = join(directory, 'main')
  if (!existsSync(main)) return false
  try {
    const lock = new NodeLock(directory, toHex(realEnvironment().random.bytes(16)))
    try {
      // Without it the rest counts for nothing, should this be interrupted.
      rmSync(main)
    } catch (error) {
      lock.release()
      throw error
    }
    rmSync(directory, { recursive: true })
    return true
  } catch (error) {
    throw storageErrorFrom(error, name)
  }
}

/** Names the databases in a directory. Throws StorageError `io`, UsageError. */
export async function listDatabases(options: NodeStoredOptions = {}): Promise<NodeDatabaseEntry[]> {
  checkOptions('listDatabases()', options, { directory: aUrl })
  const root = rootOf(options.directory)
  if (!existsSync(root)) return []
  try {
    return readdirSync(root, { withFileTypes: true })
      .flatMap((entry) => databaseIn(root, entry) ?? [])
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    throw storageErrorFrom(error, root)
  }
}

function databaseIn(root: string, entry: Dirent): NodeDatabaseEntry | undefined {
  const name = entry.isDirectory() ? decodeName(entry.name) : undefined
  const main = join(root, entry.name, 'main')
  if (name === undefined || !existsSync(main)) return undefined
  return { name, storage: 'node', created: statSync(main).birthtime }
}
