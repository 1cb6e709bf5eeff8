// When the ballast is given up: values of noise that are kept so that a storage whose quota is used up can still be opened,
// brought in order and emptied. It stands apart from the device because everything about a full quota rests on these rules.
//
// It is given up as a whole. Until it is back the storage does not grow, so what it freed is left for what was promised:
// space that was reserved and not stored, and the room that a transaction needs even to overwrite.

import type { Clock } from '../environment.ts'
import { isOutOfSpace } from './device-errors.ts'
import type { Connection } from './indexeddb-connection.ts'
import type { Head } from './indexeddb-format.ts'
import type { Piece } from './indexeddb-piece.ts'

/** `spent`: given up; nothing may grow until it could be written again. */
export type Ballast = 'none' | 'kept' | 'spent' | 'being-added'

/** A batch beyond these is refused rather than stored in the ballast's space, which has to last for what frees space. */
const BALLAST_LOG_BYTES_MAX = 256 * 1024
const BALLAST_GROWTH_BYTES_MAX = 2 * 1024 * 1024

/** Gives the ballast up where that is needed. Without any space the head stays as it is: not this owner's. */
export async function takeOverIfRoom(
  connection: Connection,
  owner: string,
  create: boolean,
): Promise<{ readonly head: Head; readonly owned: boolean }> {
  const takeOver = async () => ({ head: await connection.takeOver(owner, create), owned: true })
  try {
    return await takeOver().catch(async (error: unknown) => {
      if (!isOutOfSpace(error) || !(await connection.giveUpBallast())) throw error
      return takeOver()
    })
  } catch (error) {
    const head = isOutOfSpace(error) ? await connection.readHead() : undefined
    if (!head) throw error
    return { head, owned: false }
  }
}

/** Whether a batch is small, or brings home what was accepted before: then it does not make the storage much larger. */
export function mayUseBallast(pieces: readonly Piece[]): boolean {
  const growth = (pieces.at(-1)?.sizes.main ?? 0) - (pieces[0]?.sizesBefore.main ?? 0)
  const logBytes = pieces.reduce((sum, piece) => sum + piece.logBytes, 0)
  return growth <= BALLAST_GROWTH_BYTES_MAX && logBytes <= BALLAST_LOG_BYTES_MAX
}

const PAUSES_MS = [50, 150, 400, 900]

/**
 * Waits before what was promised space is stored once more: a platform counts what was deleted, the ballast too, as free
 * only some time later. False, at once, after the last pause.
 */
export async function pauseForSpace(clock: Clock, pauses: number): Promise<boolean> {
  const waitMs = PAUSES_MS[pauses]
  if (waitMs === undefined) return false
  await new Promise<void>((resolve) => clock.after(waitMs, resolve))
  return true
}
