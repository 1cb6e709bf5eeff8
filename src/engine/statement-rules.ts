// Which statements may run where (DESIGN section 6, sessions and PRAGMAs): what belongs into `transaction()`, what needs the
// writer, and what the engine answers instead of SQLite.
import { UsageError } from '../errors/errors.ts'
import type { Want } from '../protocol/messages.ts'
import type { Blocks } from '../store/block-store-types.ts'
import type { PragmaUse } from './authorizer.ts'
import { type Connection, PragmaDenied } from './connection.ts'
import { normalSetting } from './pragmas.ts'
import type { StatementOutcome } from './reply.ts'
import type { Session } from './session.ts'
import type { Statement } from './statement.ts'

const WRITING_PRAGMAS = new Set(['optimize', 'incremental_vacuum'])

/**
 * `DROP ... IF EXISTS` and `CREATE ... IF NOT EXISTS` are compiled to nothing where there is nothing to do, by the schema
 * that the connection knows; a step that finds a newer schema compiles them anew, then perhaps to a write.
 */
const OF_SCHEMA = new Set(['CREATE', 'DROP', 'ALTER', 'REINDEX', 'ANALYZE'])

/** True if running the statement may change the database, so that it needs the writer and a transaction. */
export function needsWriter(statement: Statement): boolean {
  if (!statement.readonly) return true
  if (OF_SCHEMA.has(statement.keyword)) return true
  const { pragma } = statement.facts
  return pragma !== undefined && WRITING_PRAGMAS.has(pragma.name)
}

/** VACUUM refuses a transaction, so it runs without one. */
export function runsBare(statement: Statement): boolean {
  return statement.keyword === 'VACUUM'
}

/** True for what counts as a write in a deferred transaction without changing the database. */
export function changesConnection({ facts }: Statement): boolean {
  return facts.savepoint || facts.temp || facts.attach || facts.detach
}

/** True for BEGIN, COMMIT, ROLLBACK, SAVEPOINT and RELEASE. */
export function controlsTransaction({ facts }: Statement): boolean {
  return facts.transaction || facts.savepoint
}

/** Refuses what would leave something behind in a connection that everybody shares. Throws UsageError `connection-state`. */
export function refuseOutsideTransaction({ facts, keyword }: Statement): void {
  if (facts.transaction || facts.savepoint)
    throw state(
      `${keyword} cannot run here. Give it to \`run()\`, or use \`transaction()\`, or a whole BEGIN ... COMMIT in \`exec()\`.`,
    )
  if (facts.temp) throw state('Temporary objects exist only inside a transaction. Use `transaction()`.')
  if (facts.attach || facts.detach)
    throw state('ATTACH and DETACH work only inside a transaction. Use `transaction()`.')
}

/** Refuses what would end a transaction behind its callback's back. Throws UsageError `connection-state`. */
export function refuseInsideTransaction({ facts, keyword }: Statement): void {
  if (facts.transaction)
    throw state(
      `${keyword} cannot run here: \`transaction()\` begins and ends its transaction itself, and one begun by SQL text is ended by \`run()\`.`,
    )
  if (facts.attachesFile)
    throw state("Only ':memory:' can be attached. Use `import()` and `export()` for database files.")
}

/**
 * Compiles for a session. PRAGMAs that the engine answers are answered: the statement returned is then another one, or
 * undefined if nothing is left to run. Throws UsageError `pragma-not-allowed`.
 */
export function prepareFor(
  session: Session,
  connection: Connection,
  blocks: Blocks,
  sql: string,
): Statement | undefined {
  try {
    return connection.prepare(sql)
  } catch (error) {
    if (!(error instanceof PragmaDenied)) throw error
    return answerPragma(error.use, { session, connection, blocks, sql })
  }
}

interface PragmaContext {
  readonly session: Session
  readonly connection: Connection
  readonly blocks: Blocks
  readonly sql: string
}

function answerPragma(use: PragmaUse, { session, connection, blocks, sql }: PragmaContext): Statement | undefined {
  const { name, rule, value } = use
  if (name === 'auto_vacuum' && blocks.sizeBlocks === 0) return connection.trusted(() => connection.prepare(sql))
  if (rule === 'session') {
    // As in SQLite, which says nothing about it.
    if (name === 'foreign_keys' && !connection.autocommit) return undefined
    session.set(name, normalSetting(name, value!))
    connection.applySettings(session.pragmas)
    return undefined
  }
  if (rule === 'ours' || name === 'auto_vacuum') {
    session.warn(`PRAGMA ${name} is set by the engine; the answer is the value in force.`)
    return connection.prepare(`PRAGMA ${name}`)
  }
  throw new UsageError(
    'pragma-not-allowed',
    `PRAGMA ${name}${rule === 'read' ? ' can only be read' : ' is not allowed'}.`,
  )
}

function state(message: string): UsageError {
  return new UsageError('connection-state', message)
}

/** The outcome of a PRAGMA that the engine has answered by itself. */
export function noRows(session: Session, want: Want): StatementOutcome {
  const { lastInsertRowid } = session.counts
  if (want === 'changes') return { changes: 0, lastInsertRowid }
  return { changes: 0, lastInsertRowid, rows: { columns: [], chunks: [{ bytes: new Uint8Array(0), count: 0 }] } }
}
