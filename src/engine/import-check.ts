// SQLite's own look at a file before it counts: opened through the private view, with `quick_check`. It stands apart because
// everything that SQLite says here is about a stranger's file and not about a request.
import { DataSyncError, ImportError, SqliteError } from '../errors/errors.ts'
import type { Blocks } from '../store/block-store-types.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import type { Job } from './job.ts'

/** What SQLite answers for a file that it cannot read; all else is about what the file uses. */
const UNREADABLE = /^SQLITE_(CORRUPT|NOTADB|IOERR)/

/**
 * Has SQLite check the content of `view`. Answers what could not be checked, if something could not. Throws ImportError
 * `import-damaged`, StorageError, TimeoutError.
 */
export function checkContent(database: Database, view: Blocks, job: Job): string | undefined {
  let connection: Connection | undefined
  try {
    connection = database.connectTo(view)
    const found = connection.trusted(() => quickCheck(connection!, job))
    if (found !== 'ok') throw damaged(found)
    return undefined
  } catch (error) {
    if (!(error instanceof SqliteError)) throw error
    if (error.cause instanceof DataSyncError) throw error.cause
    // For one, a collation that only its application has: the tables that use it cannot be read here, the others can.
    if (!UNREADABLE.test(error.code) && !/malformed/.test(error.message)) return error.message
    throw damaged(error.message, error)
  } finally {
    connection?.close()
  }
}

function quickCheck(connection: Connection, job: Job): string {
  connection.run('PRAGMA cell_size_check=1')
  // Checks may call functions that only their application has; they say nothing about the file.
  connection.run('PRAGMA ignore_check_constraints=1')
  const statement = connection.prepare('PRAGMA quick_check(1)')
  const { exports, heap } = connection.instance
  try {
    return connection.limited(job.limits, () =>
      statement.step() ? (heap.text(exports.sqlite3_column_text(statement.pointer, 0)) ?? '') : 'ok',
    )
  } finally {
    connection.release(statement)
  }
}

function damaged(what: string, cause?: Error): ImportError {
  return new ImportError(
    'import-damaged',
    `The file is a damaged SQLite database: ${what.trim()}. Recover it where it comes from (sqlite3 old.db .recover | sqlite3 new.db) and import the result.`,
    cause && { cause },
  )
}
