// One interactive transaction of a client: where it runs and how it ended. The scheduler's runner moves it through
//
//   reader (readonly, deferred) --first write, deferred only--> writer (immediate begins here) --> ended
//
// Ended by its client it is forgotten; ended by an error, a time-out or SQLite it is kept until the client says `end`, so
// that each later request can be told why.
import type { Connection } from './connection.ts'
import type { Job } from './job.ts'
import type { Session } from './session.ts'

export class InteractiveTransaction {
  readonly session: Session
  readonly id: number
  readonly mode: 'immediate' | 'deferred' | 'readonly'
  connection: Connection
  onWriter: boolean
  /** It made temporary objects or attached databases. */
  tainted = false
  /** Why it was ended before its client ended it. */
  ended: Error | undefined
  /** Its connection has been given back. */
  closed = false
  cancelTimer: (() => void) | undefined
  /** When its time is over, on the monotonic clock; statements in it end then too. */
  endMs = Number.POSITIVE_INFINITY
  /** The milliseconds that it may be open; 0 for no limit. */
  lifetimeMs = 0
  /** The statement that is running on its reader between two turns. */
  stream: Job | undefined

  constructor(
    session: Session,
    id: number,
    mode: InteractiveTransaction['mode'],
    place: { readonly connection: Connection; readonly onWriter: boolean },
  ) {
    this.session = session
    this.id = id
    this.mode = mode
    this.connection = place.connection
    this.onWriter = place.onWriter
  }
}
