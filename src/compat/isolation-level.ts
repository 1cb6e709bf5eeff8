// The isolation levels of the older API. There they were a type; its example uses them as an object, so they are both. It
// stands apart to hold the mapping: SQLite isolates every transaction fully, so a level only decides when it waits.

import { UsageError } from '../index.ts'

export const IsolationLevel = {
  ReadUncommitted: 'ReadUncommitted',
  ReadCommitted: 'ReadCommitted',
  RepeatableRead: 'RepeatableRead',
  Serializable: 'Serializable',
} as const

export type IsolationLevel = (typeof IsolationLevel)[keyof typeof IsolationLevel]

/**
 * How a transaction of a level begins. The two weaker levels read a snapshot and wait for the writer at their first write,
 * which ends with SnapshotConflictError if the snapshot is old by then; the two stronger ones wait at once and have no conflicts.
 */
export function transactionMode(level: IsolationLevel): 'deferred' | 'immediate' {
  switch (level) {
    case 'ReadUncommitted':
    case 'ReadCommitted':
      return 'deferred'
    case 'RepeatableRead':
    case 'Serializable':
      return 'immediate'
    default:
      throw unknownLevel(level)
  }
}

function unknownLevel(level: never): UsageError {
  const levels = Object.keys(IsolationLevel).join(', ')
  return new UsageError('invalid-argument', `'${String(level)}' is no isolation level. The levels are: ${levels}.`)
}
