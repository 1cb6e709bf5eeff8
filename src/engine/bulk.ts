// A bulk between two of its messages: it holds the writer (or a savepoint of its interactive transaction) until the last
// part has arrived or one of them failed.
import type { Connection } from './connection.ts'
import type { InteractiveTransaction } from './interactive.ts'

export interface OpenBulk {
  readonly id: number
  /** The connection that it runs on. */
  readonly connection: Connection
  /** The interactive transaction that it is a part of, as a savepoint. */
  readonly inside: InteractiveTransaction | undefined
  changes: number
  /** Why it was rolled back; the parts that still arrive are answered with it. */
  failed?: unknown
}

export const BULK_SAVEPOINT = 'datasync_bulk'

/** Takes back what the bulk has done, unless the transaction that it was a part of has ended: then that has decided it. */
export function undoBulk({ inside, connection }: OpenBulk): void {
  if (!inside) connection.rollback()
  else if (!inside.closed && !connection.autocommit) {
    connection.run(`ROLLBACK TO ${BULK_SAVEPOINT}`)
    connection.run(`RELEASE ${BULK_SAVEPOINT}`)
  }
}
