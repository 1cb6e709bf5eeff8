// Scripts (`exec`): atomic as one transaction, or, if a statement of it controls transactions itself, statement by statement
// as written.
import { SqliteError, UsageError } from '../errors/errors.ts'
import type { ScriptRequest, StatementRequest } from '../protocol/messages.ts'
import { type Connection, refuseNul } from './connection.ts'
import type { Host } from './host.ts'
import type { InteractiveTransaction } from './interactive.ts'
import type { Job, QueuedRequest } from './job.ts'
import { DONE_OUTCOME, type PartOutcome, type RecordedOutcome } from './outcome.ts'
import { pragmaRule } from './pragmas.ts'
import type { RunResult } from './scheduler.ts'
import { type ForeignKeys, foreignKeysAround, pragmaSetting } from './script-settings.ts'
import { type ScriptStatement, splitScript } from './script-splitter.ts'
import type { Statement } from './statement.ts'
import { changesConnection, needsWriter, refuseOutsideTransaction, runsBare } from './statement-rules.ts'
import { runStatement } from './statement-run.ts'

const CONTROL = new Set(['BEGIN', 'SAVEPOINT', 'COMMIT', 'END', 'ROLLBACK', 'RELEASE', 'VACUUM', 'ATTACH', 'DETACH'])
const READING = new Set(['SELECT', 'VALUES', 'EXPLAIN'])
const NO_PAYLOAD = new Uint8Array(0)

/** The first words of statements that begin, end or divide a transaction. */
const TRANSACTION = new Set(['BEGIN', 'SAVEPOINT', 'COMMIT', 'END', 'ROLLBACK', 'RELEASE'])

export interface SplitScript {
  readonly statements: readonly ScriptStatement[]
  /** A statement begins or ends a transaction, or refuses one. */
  readonly controlled: boolean
  /** What an atomic script does with foreign_keys, which does nothing inside its transaction. */
  readonly foreignKeys: ForeignKeys
}

export function splitForRunning(sql: string): SplitScript {
  refuseNul(sql)
  const statements = splitScript(sql)
  const foreignKeys = foreignKeysAround(statements)
  const controlled = foreignKeys === undefined || statements.some(({ keyword }) => CONTROL.has(keyword))
  return { statements, controlled, foreignKeys: foreignKeys ?? {} }
}

/** True for a script that has transactions of its own. */
export function controlledScript(request: QueuedRequest): boolean {
  return request.type === 'script' && splitForRunning(request.sql).controlled
}

/** A script of one statement that controls a transaction, as that statement; it is treated as `run` would. */
export function asStatement(request: ScriptRequest, { statements }: SplitScript): StatementRequest | undefined {
  const [only, second] = statements
  if (!only || second || !TRANSACTION.has(only.keyword)) return undefined
  return { ...request, type: 'statement', parameters: undefined, want: 'changes' }
}

/** Puts a wish for auto_vacuum in force before the transaction that creates the database, inside which it is too late. */
export function applyAutoVacuum(runner: Host, job: Job, { statements, controlled }: SplitScript): void {
  const { blocks, writer } = runner.database
  if (controlled || blocks.sizeBlocks > 0) return
  for (const part of statements) {
    if (pragmaSetting(part)?.name !== 'auto_vacuum') continue
    const statement = inScript(job, part, () => runner.compile(job.session, writer, part.text))
    if (statement) writer.release(statement)
  }
}

/** True for an atomic script whose statements all only read. Nothing of it is run for that. */
export function onlyReads(runner: Host, job: Job, { statements, controlled }: SplitScript): boolean {
  if (controlled || !statements.every(mayOnlyRead)) return false
  const { writer } = runner.database
  return statements.every((part) =>
    inScript(job, part, () => {
      if (setsSession(part)) return true
      const statement = runner.compile(job.session, writer, part.text)
      const reads = statement === undefined || !needsWriter(statement)
      if (statement) writer.release(statement)
      return reads
    }),
  )
}

/** A PRAGMA may act when it is compiled, so one with a value is not looked at, unless it concerns the client alone. */
function mayOnlyRead(part: ScriptStatement): boolean {
  const { keyword, text } = part
  return (
    READING.has(keyword) || keyword === 'WITH' || (keyword === 'PRAGMA' && (!/[=(]/.test(text) || setsSession(part)))
  )
}

function setsSession(part: ScriptStatement): boolean {
  const setting = pragmaSetting(part)
  return setting !== undefined && pragmaRule(setting.name) === 'session'
}

/** Runs the statements in the transaction that is open. */
export function runScriptStatements(
  runner: Host,
  job: Job,
  connection: Connection,
  statements: readonly ScriptStatement[],
  check: (statement: Statement) => void = refuseOutsideTransaction,
): void {
  for (const part of statements)
    inScript(job, part, () => {
      const statement = runner.compile(job.session, connection, part.text)
      if (!statement) return
      try {
        check(statement)
        runStatement(statement, NO_PAYLOAD, undefined, 'changes', runner.database.packer)
      } finally {
        connection.release(statement)
      }
    })
}

/**
 * Runs a script that has its own transactions. One that it leaves open is its client's from then on, as if begun by `run`;
 * after an error, what the script itself had begun is rolled back. `open` is the client's transaction that it runs in.
 */
export async function runControlledScript(
  runner: Host,
  job: Job,
  statements: readonly ScriptStatement[],
  open?: InteractiveTransaction,
): Promise<RunResult> {
  const { database, text } = runner
  let inside = open
  let tainted = false
  const end = () => {
    if (tainted) database.renewWriter()
    tainted = false
  }
  try {
    // What reads changes nothing, so it may be missing from a script that is called done.
    const lastEffect = statements.findLastIndex(({ keyword }) => !READING.has(keyword))
    for (const [i, part] of statements.entries()) {
      const full = await noRoom(runner)
      const outcome = i >= lastEffect ? DONE_OUTCOME : ({ kind: 'partly', count: i + 1 } as const)
      tainted = inScript(job, part, () => runControlled(runner, job, part, { outcome, full })) || tainted
      if (!database.writer.autocommit) continue
      if (inside) text.forget(inside)
      inside = undefined
      end()
    }
  } catch (error) {
    if (database.instance.vfs.failure.fatal !== undefined) throw error
    if (inside) runner.interactive.notice(inside)
    else {
      database.writer.rollback()
      end()
    }
    throw error
  } finally {
    if (inside && tainted) inside.tainted = true
  }
  if (!inside && !database.writer.autocommit) text.adopt(job, tainted)
  return runner.done(job, true)
}

/** Why nothing can be written now; what only reads goes on. */
async function noRoom(runner: Host): Promise<SqliteError | undefined> {
  try {
    await runner.writes.withRoom(() => {})
    return undefined
  } catch (error) {
    if (error instanceof SqliteError && error.code === 'SQLITE_FULL') return error
    throw error
  }
}

/** Returns true if the statement left something in the connection. If it commits, `outcome` is recorded. */
function runControlled(
  runner: Host,
  job: Job,
  part: ScriptStatement,
  { outcome, full }: { readonly outcome: RecordedOutcome | PartOutcome; readonly full: SqliteError | undefined },
): boolean {
  const { writer } = runner.database
  // A PRAGMA before it may have changed a setting, or the connection is a new one.
  if (writer.autocommit) runner.enter(job.session, writer)
  const statement = runner.compile(job.session, writer, part.text)
  if (!statement) return false
  const run = () => runStatement(statement, NO_PAYLOAD, undefined, 'changes', runner.database.packer)
  try {
    const { facts } = statement
    const control = facts.transaction || facts.savepoint || runsBare(statement)
    if (writer.autocommit && !control) refuseOutsideTransaction(statement)
    if (full && (needsWriter(statement) || runsBare(statement))) throw full
    if (facts.attachesFile)
      throw new UsageError('connection-state', "Only ':memory:' can be attached. Use `import()` for database files.")
    if (writer.autocommit && !control && needsWriter(statement)) {
      writer.beginImmediate()
      writer.limited(job.limits, run)
      runner.writes.commit(job, outcome)
    } else runner.writes.publishAs(job, outcome, () => writer.limited(job.limits, run))
    return changesConnection(statement) && !facts.savepoint
  } finally {
    writer.release(statement)
  }
}

/** Errors name the place in the whole script. */
function inScript<T>(job: Job, { offset }: ScriptStatement, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof SqliteError) || job.request.type !== 'script') throw error
    const { code, message, errno, cause } = error
    const at = error.offset < 0 ? -1 : error.offset + offset
    throw new SqliteError(code, message, { errno, sql: job.request.sql, offset: at, cause })
  }
}
