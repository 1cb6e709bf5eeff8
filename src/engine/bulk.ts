// A bulk between two of its messages: it holds the writer (or a savepoint of its interactive transaction) until the last
// part has arrived or one of them failed.
import type { Connection } from './connection.ts'
import type { InteractiveTransaction } from './interactive.ts'
import type { RequestRunner } from './runner.ts'
import type { Session } from './session.ts'

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

/** Rolls back an open bulk that its client has given up; parts of it that still arrive find it closed. */
export function abandonBulk(
  bulk: OpenBulk,
  place: { readonly session: Session; readonly runner: RequestRunner },
): void {
  const { session, runner } = place
  session.bulks.delete(bulk.id)
  if (bulk.failed !== undefined) return
  if (runner.owner === bulk) runner.owner = undefined
  if (runner.database.instance.vfs.failure.fatal !== undefined) return
  undoBulk(bulk)
}

/** Takes back what the bulk has done, unless the transaction that it was a part of has ended: then that has decided it. */
export function undoBulk({ inside, connection }: OpenBulk): void {
  if (!inside) connection.rollback()
  else if (!inside.closed && !connection.autocommit) {
    connection.run(`ROLLBACK TO ${BULK_SAVEPOINT}`)
    connection.run(`RELEASE ${BULK_SAVEPOINT}`)
  }
}
