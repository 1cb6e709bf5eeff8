// Where a database is on the file system. It stands apart because these names outlive the code.

import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { encodeName } from '../device/names.ts'
import { UsageError } from '../errors/errors.ts'

/** The absolute path of the directory that holds databases. Throws UsageError `invalid-argument`. */
export function rootOf(directory: string | URL = '.'): string {
  if (directory instanceof URL && directory.protocol === 'file:') return fileURLToPath(directory)
  if (typeof directory === 'string' && directory !== '') return resolve(directory)
  throw new UsageError('invalid-argument', "The option 'directory' must be a path or a URL of type file:.")
}

/** The absolute path of one database's directory. Throws UsageError. */
export function directoryOf(name: string, directory?: string | URL): string {
  return join(rootOf(directory), encodeName(name))
}
