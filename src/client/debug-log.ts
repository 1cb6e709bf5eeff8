// What a page logs when `debug` is on: the events of its database and what it was opened as. It stands apart because it is
// loaded only then, and imports nothing, so that no bundle carries it.

import type { Log } from '../log.ts'
import type { Session } from './session.ts'

/** Logs each event from now on; to be called back when the database is open. */
export function logSession(session: Session, log: Log): () => void {
  const { events, name } = session
  for (const event of events.names)
    if (events.has(event)) events.on(event, (detail) => log(`${name}: event ${event}`, detail))
  return () => log(`${name}: open`, { ...session.info, ...session.place })
}
