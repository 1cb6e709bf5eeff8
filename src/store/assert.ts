// One assertion for invariants of the store: a failure is a programmer's error, closes the store and names the fact.
import { DataSyncError } from '../errors/errors.ts'

export function assert(fact: boolean, invariant: string): asserts fact {
  if (!fact) throw new DataSyncError('internal', `Invariant broken: ${invariant}. Please report this as a bug.`)
}
