// A bulk between two of its messages: it holds the writer (or a savepoint of its interactive transaction) until the last
// part has arrived or one of them failed.
import type { Connection } from './connection.ts'

export interface OpenBulk {
  readonly id: number
  /** The connection that it runs on. */
  readonly connection: Connection
  /** True if it runs inside an interactive transaction. */
  readonly nested: boolean
  changes: number
  /** Why it was rolled back; the parts that still arrive are answered with it. */
  failed?: unknown
}

export const BULK_SAVEPOINT = 'datasync_bulk'
