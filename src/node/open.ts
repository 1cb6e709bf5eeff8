// Opening a database in Node. It stands apart because it adds one option, the directory, and checks what Node does not have.

import type { Database } from '../client/database.ts'
import { openWith } from '../client/open.ts'
import { checkDatabaseName, type OpenOptions } from '../client/options.ts'
import { directoryOf } from './directory.ts'
import { nodePlatform } from './platform.ts'

/** Options of `open` in Node: those of a page, and where the database is. */
export interface NodeOpenOptions extends OpenOptions {
  /** The directory that holds a directory per database; made if it is missing. Default: the current directory. */
  readonly directory?: string | URL | undefined
}

/**
 * Opens the database `name` in a thread of its own, creating it if it does not exist: the directory `name` inside
 * `directory`, with the same content as in a browser. One process has it open at a time. An open database keeps the process
 * alive. Throws StorageError `busy`, naming the process that has it open, and what `open` of `datasync` throws.
 */
export async function open(name: string, options: NodeOpenOptions = {}): Promise<Database> {
  const { directory, ...rest } = options
  checkDatabaseName(name)
  return openWith(nodePlatform(directoryOf(name, directory)), name, rest)
}
