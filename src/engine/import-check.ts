// SQLite's own look at a file before it counts: opened through the private view. It stands apart because
// everything that SQLite says here is about a stranger's file and not about a request.
import { DataSyncError, ImportError, SqliteError } from '../errors/errors.ts'
import type { Blocks } from '../store/block-store-types.ts'
import type { Connection } from './connection.ts'
import type { Host } from './host.ts'
import type { Job } from './job.ts'
import { quickCheck } from './quick-check.ts'

/** What SQLite answers for a file that it cannot read; all else is about what the file uses. */
const UNREADABLE = /^SQLITE_(CORRUPT|NOTADB|IOERR)/

/**
 * Has SQLite check the content of `view`. Answers what could not be checked, if something could not. Throws ImportError
 * `import-damaged`, StorageError, TimeoutError, AbortError.
 */
export async function checkContent(runner: Host, view: Blocks, job: Job): Promise<string | undefined> {
  let connection: Connection | undefined
  let unchecked: string | undefined
  /** For one, a collation that only its application has: the tables that use it cannot be read here, the others can. */
  const onFailure = (error: unknown) => {
    if (!(error instanceof SqliteError)) throw error
    if (error.cause instanceof DataSyncError) throw error.cause
    if (UNREADABLE.test(error.code) || /malformed/.test(error.message)) throw damaged(error.message, error)
    unchecked ??= error.message
  }
  try {
    connection = runner.database.connectTo(view)
    prepareCheck(connection)
    const { clock } = runner
    const found = await quickCheck({ connection, job, clock, pageSize: view.blockSize, onFailure })
    if (found[0] !== undefined) throw damaged(found[0])
  } catch (error) {
    onFailure(error)
  } finally {
    connection?.close()
  }
  return unchecked
}

function prepareCheck(connection: Connection): void {
  connection.trusted(() => {
    connection.run('PRAGMA cell_size_check=1')
    // Checks may call functions that only their application has; they say nothing about the file.
    connection.run('PRAGMA ignore_check_constraints=1')
  })
}

function damaged(what: string, cause?: Error): ImportError {
  return new ImportError(
    'import-damaged',
    `The file is a damaged SQLite database: ${what.trim()}. Recover it where it comes from (sqlite3 old.db .recover | sqlite3 new.db) and import the result.`,
    cause && { cause },
  )
}
