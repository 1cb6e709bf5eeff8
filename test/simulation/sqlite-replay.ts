// One commit of the engine repeated on the oracle: the request that it names, or the whole interactive transaction that
// it ends, with the statements that failed inside it. What the oracle says is kept with each request, to be compared with
// its answer.

import type { Sent } from './sqlite-client.ts'
import { Broken } from './sqlite-crash.ts'
import type { Effect, Oracle } from './sqlite-oracle.ts'
import type { Sql } from './sqlite-statements.ts'

/** Repeats a request that was one transaction. */
export function replayAlone(oracle: Oracle, sent: Sent): void {
  oracle.run('BEGIN')
  sent.expected = effectsOf(oracle, sent)
  oracle.run('COMMIT')
  compare(sent)
}

/** Repeats an interactive transaction. */
export function replayTransaction(oracle: Oracle, steps: readonly Sent[]): void {
  oracle.run('BEGIN')
  for (const step of steps) {
    replayStep(oracle, step)
    if (oracle.autocommit) throw new Broken('a transaction was committed that an error had rolled back')
    compare(step)
  }
  oracle.run('COMMIT')
}

function replayStep(oracle: Oracle, step: Sent): void {
  const { work } = step
  if (work.type === 'savepoint') {
    if (work.action === 'open') oracle.run('SAVEPOINT one')
    if (work.action === 'rollback') oracle.run('ROLLBACK TO one')
    if (work.action !== 'open') oracle.run('RELEASE one')
    return
  }
  const nested = work.type !== 'statement'
  if (nested) oracle.run('SAVEPOINT nested')
  try {
    step.expected = effectsOf(oracle, step)
  } catch (error) {
    if (error instanceof Broken) throw error
    step.expected = [undefined]
    if (nested && !oracle.autocommit) oracle.run('ROLLBACK TO nested')
  }
  if (nested && !oracle.autocommit) oracle.run('RELEASE nested')
}

function effectsOf(oracle: Oracle, { work }: Sent): Effect[] {
  if (!('items' in work)) throw new Broken(`a commit names a request of type ${work.type}`)
  const items: readonly Sql[] = work.items
  const wantsRows = work.type === 'statement' || work.type === 'batch'
  const effects = items.map(({ sql, parameters }) => oracle.run(sql, parameters, wantsRows))
  if (work.type === 'script') return []
  if (work.type !== 'bulk') return effects
  return [{ changes: effects.reduce((sum, { changes }) => sum + changes, 0), rows: [] }]
}

/** Compares an answer with what the oracle did, once both are known. */
export function compare({ client, seq, work, settled, expected }: Sent): void {
  if (!settled || !expected) return
  const what = `request ${client.id} ${seq} (${JSON.stringify(work, (_, v) => (typeof v === 'bigint' ? `${v}` : v)).slice(0, 300)})`
  if ('code' in settled) {
    // Whether such a commit is there is looked at after the next opening.
    if (expected[0] !== undefined && settled.applied === undefined && settled.code !== 'SQLITE_FULL')
      throw new Broken(`${what} was answered ${settled.code} ${settled.message}, but was applied`)
    return
  }
  if (expected.length !== settled.effects.length && expected[0] !== undefined)
    throw new Broken(`${what} has ${settled.effects.length} results, the oracle ${expected.length}`)
  expected.forEach((effect, i) => {
    const got = settled.effects[i]
    if (!effect) throw new Broken(`${what} was answered, but fails on the oracle`)
    if (!got || got.changes !== effect.changes || got.rows.join('\n') !== effect.rows.join('\n'))
      throw new Broken(
        `${what} was answered with ${got?.changes} changes and ${got?.rows.length} rows, the oracle has ${effect.changes} and ${effect.rows.length} (silent)`,
      )
  })
}
