// The checks of what calls of an open database are given. They stand apart from the options of `open` because a page opens
// before it has loaded what calls.

import {
  aFlag,
  aFunction,
  aSignal,
  aTimeMs,
  CALL_CHECKS,
  type CallOptions,
  type Check,
  checkOptions,
  INTEGERS,
  oneOf,
  type ProgressOptions,
  type QueryOptions,
  type RunOptions,
  type TransactionOptions,
  wholeFrom,
} from './options.ts'

const PROGRESS_CHECKS = { ...CALL_CHECKS, onProgress: aFunction } satisfies Record<keyof ProgressOptions, Check>
const RUN_CHECKS = { ...CALL_CHECKS, onTiming: aFunction } satisfies Record<keyof RunOptions, Check>
const QUERY_CHECKS = {
  ...RUN_CHECKS,
  rowMode: oneOf('object', 'array'),
  integers: INTEGERS,
} satisfies Record<keyof QueryOptions, Check>
const TRANSACTION_CHECKS = {
  mode: oneOf('immediate', 'deferred'),
  readonly: aFlag,
  timeoutMs: aTimeMs,
  retries: wholeFrom(0, 'repetitions'),
  signal: aSignal,
} satisfies Record<keyof TransactionOptions, Check>

export function checkCallOptions(call: string, given: unknown): asserts given is CallOptions | undefined {
  if (given !== undefined) checkOptions(call, given, CALL_CHECKS)
}

export function checkProgressOptions(call: string, given: unknown): asserts given is ProgressOptions | undefined {
  if (given !== undefined) checkOptions(call, given, PROGRESS_CHECKS)
}

export function checkRunOptions(call: string, given: unknown): asserts given is RunOptions | undefined {
  if (given !== undefined) checkOptions(call, given, RUN_CHECKS)
}

export function checkQueryOptions(call: string, given: unknown): asserts given is QueryOptions | undefined {
  if (given !== undefined) checkOptions(call, given, QUERY_CHECKS)
}

export function checkTransactionOptions(given: TransactionOptions | undefined): void {
  if (given !== undefined) checkOptions('transaction()', given, TRANSACTION_CHECKS)
}
