// Requests repeated on the oracle: one commit of the engine, which is the request that it names or the whole interactive
// transaction or bulk that it ends; and what did not commit, tried on a state that it may have seen and taken back.
import { Broken } from './sqlite-crash.ts'
import { type Effect, type Oracle, OracleError } from './sqlite-oracle.ts'
import { type OpenTransaction, type Sent, tableRead } from './sqlite-work.ts'

/** Ended by its limit, by its caller or for want of space: not by what it asks for, so the oracle cannot say the same. */
const NOT_OF_SQL = new Set(['timeout', 'aborted', 'SQLITE_FULL', 'quota', 'io', 'leader-lost', 'snapshot-too-old'])

export function endedFromOutside({ settled }: Sent): boolean {
  return settled !== undefined && 'code' in settled && NOT_OF_SQL.has(settled.code)
}

/** Repeats a request that was one transaction. */
export function replayAlone(oracle: Oracle, sent: Sent): void {
  oracle.foreignKeys = sent.client.settings.foreignKeys
  oracle.run('BEGIN')
  sent.expected = effectsOf(oracle, sent)
  oracle.run('COMMIT')
  compare(sent)
}

/** Repeats an interactive transaction that was committed. */
export function replayTransaction(oracle: Oracle, transaction: OpenTransaction, client: Sent['client']): void {
  oracle.foreignKeys = client.settings.foreignKeys
  oracle.run('BEGIN')
  for (const step of transaction.steps) {
    if (endedFromOutside(step)) continue
    step.expected = stepEffects(oracle, step)
    if (oracle.autocommit) throw new Broken('a transaction was committed that an error had rolled back')
    compare(step)
  }
  oracle.run('COMMIT')
}

/** Why a request that left no commit cannot have seen the oracle's present state; undefined if it can. */
export function differsAlone(oracle: Oracle, sent: Sent): string | undefined {
  oracle.foreignKeys = sent.client.settings.foreignKeys
  oracle.run('BEGIN')
  let code: string | undefined
  let effects: readonly Effect[] = []
  try {
    effects = effectsOf(oracle, sent)
    if (refusedByKey(sent)) oracle.run('COMMIT')
  } catch (error) {
    if (!(error instanceof OracleError)) throw error
    code = error.message
  }
  if (!oracle.autocommit) oracle.run('ROLLBACK')
  return difference(sent, code === undefined ? effects : code)
}

/** True for a key that is checked at the end: only then something is committed on the oracle to see how that goes. */
export function refusedByKey({ settled }: Sent): boolean {
  return settled !== undefined && 'code' in settled && settled.code === 'SQLITE_CONSTRAINT_FOREIGNKEY'
}

/** The same for an interactive transaction that ended with `end` and left no commit. */
export function differsTransaction(oracle: Oracle, transaction: OpenTransaction, end: Sent): string | undefined {
  oracle.foreignKeys = end.client.settings.foreignKeys
  oracle.run('BEGIN')
  let differs: string | undefined
  for (const step of transaction.steps) {
    if (endedFromOutside(step)) continue
    // SQLite has rolled it back; all further answers say so.
    if (oracle.autocommit) return undefined
    const effects = stepEffects(oracle, step)
    const known = effects.filter((effect) => effect !== undefined)
    differs = difference(step, known.length < effects.length ? oracle.lastCode : known)
    if (differs !== undefined) break
  }
  if (differs === undefined && refusedByKey(end) && !oracle.autocommit) {
    const code = codeOf(() => oracle.run('COMMIT'))
    if (code !== 'SQLITE_CONSTRAINT_FOREIGNKEY') differs = `was refused by a key, the oracle says ${code ?? 'ok'}`
  }
  if (!oracle.autocommit) oracle.run('ROLLBACK')
  return differs
}

function codeOf(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (error instanceof OracleError) return error.message
    throw error
  }
}

function stepEffects(oracle: Oracle, step: Sent): readonly (Effect | undefined)[] {
  const { work } = step
  if (work.type === 'savepoint') {
    const code = codeOf(() => {
      if (work.action === 'open') oracle.run('SAVEPOINT one')
      if (work.action === 'rollback') oracle.run('ROLLBACK TO one')
      if (work.action !== 'open') oracle.run('RELEASE one')
    })
    oracle.lastCode = code ?? 'ok'
    return code === undefined ? [] : [undefined]
  }
  const nested = work.type !== 'statement'
  if (nested) oracle.run('SAVEPOINT nested')
  let effects: readonly (Effect | undefined)[] = [undefined]
  const code = codeOf(() => {
    effects = effectsOf(oracle, step)
  })
  oracle.lastCode = code ?? 'ok'
  if (nested && code !== undefined && !oracle.autocommit) oracle.run('ROLLBACK TO nested')
  if (nested && !oracle.autocommit) oracle.run('RELEASE nested')
  return effects
}

function effectsOf(oracle: Oracle, sent: Sent): Effect[] {
  const { work } = sent
  if (!('items' in work)) throw new Broken(`a commit names a request of type ${work.type}`)
  const items = work.type === 'part' ? [...new Set([...work.bulk.parts, sent])].flatMap(partItems) : work.items
  const wantsRows = work.type === 'statement' || work.type === 'batch'
  const effects = items.map(({ sql, parameters }) => oracle.run(sql, parameters, wantsRows))
  if (work.type === 'script') return []
  if (work.type !== 'bulk' && work.type !== 'part') return effects
  return [{ changes: effects.reduce((sum, { changes }) => sum + changes, 0), rows: [] }]
}

const partItems = ({ work }: Sent) => (work.type === 'part' ? work.items : [])

/** Compares an answer with what the oracle did, once both are known. */
export function compare(sent: Sent): void {
  const { settled, expected } = sent
  if (!settled || !expected || (tableRead(sent) && endedFromOutside(sent))) return
  if ('code' in settled) {
    // Whether such a commit is there is looked at after the next opening. A store that failed before a repeated request
    // had its turn answers it with that failure, which says nothing about the commit.
    const unknown = sent.repeated && (settled.code === 'io' || settled.code === 'quota')
    if (expected[0] !== undefined && !unknown && settled.applied === undefined && settled.code !== 'SQLITE_FULL')
      throw new Broken(`${sent} was answered ${settled.code} ${settled.message}, but was applied`)
    return
  }
  const effects = expected.filter((effect) => effect !== undefined)
  const differs = effects.length < expected.length ? 'was answered, but fails on the oracle' : difference(sent, effects)
  if (differs !== undefined) throw new Broken(`${sent} ${differs} (silent)`)
}

/** How an answer differs from the oracle's effects or its error code; undefined if it does not. */
function difference(sent: Sent, oracle: readonly Effect[] | string): string | undefined {
  const { settled } = sent
  if (!settled) return undefined
  if ('code' in settled) {
    if (settled.code === oracle || !settled.code.startsWith('SQLITE_')) return undefined
    return `was answered ${settled.code} ${settled.message}, the oracle says ${typeof oracle === 'string' ? oracle : 'ok'}`
  }
  if (typeof oracle === 'string') return `was answered, but is ${oracle} on the oracle`
  if (oracle.length !== settled.effects.length)
    return `has ${settled.effects.length} results, the oracle ${oracle.length}`
  const items = 'items' in sent.work ? sent.work.items : []
  for (const [i, { changes, rows }] of oracle.entries()) {
    // It answers a row per page, and where pages lie is not the oracle's to say.
    if (items[i]?.sql.startsWith('PRAGMA incremental_vacuum')) continue
    const got = settled.effects[i]!
    if (got.changes !== changes || got.rows.join('\n') !== rows.join('\n'))
      return `was answered with ${got.changes} changes and ${got.rows.length} rows, the oracle has ${changes} and ${rows.length}`
  }
  return undefined
}
