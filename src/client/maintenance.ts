// Housekeeping calls: how they are sent, and what `verify` reports. They stand apart because they belong to no statement and
// no transaction, may always be sent again, and are read from one kind of answer.

import type { MaintenanceRequest } from '../protocol/messages.ts'
import type { AnswerReader } from './answer-readers.ts'
import type { ProgressOptions } from './options.ts'
import type { Session } from './session.ts'

/** What `verify` found. */
export interface VerifyReport {
  /** True if nothing is wrong. */
  readonly ok: boolean
  /** Blocks that were read. */
  readonly blocks: number
  /** Numbers of the blocks whose stored bytes fail their checksum, from 0; block n is page n + 1 of the database. */
  readonly damaged: readonly number[]
  /** What `PRAGMA quick_check` found wrong, a line each; empty if nothing, or if blocks are damaged. */
  readonly sqlite: readonly string[]
}

/** Makes a housekeeping call. `defaultMs` is its time limit if the caller names none. */
export function maintain<T>(
  session: Session,
  action: MaintenanceRequest['action'],
  reader: AnswerReader<T>,
  options: ProgressOptions | undefined,
  defaultMs: number,
): Promise<T> {
  return session.line.call({
    build: () => ({ type: 'maintenance', action }),
    reader,
    signal: options?.signal,
    timeoutMs: options?.timeoutMs ?? defaultMs,
    onProgress: options?.onProgress,
    resend: true,
    ifLost: 'no',
  })
}
