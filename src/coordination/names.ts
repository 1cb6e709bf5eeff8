// Names of the Web Locks and channels by which the tabs of one site meet. They stand apart because tabs of different
// releases share them: a name is never given another meaning.
//
//   datasync:<name>:page              the page that leads or is about to
//   datasync:<name>:store             the owner of the storage (device/names.ts)
//   datasync:<name>:leader:<term>:<engine>  the worker that leads, from before it answers anybody until its end; its
//                                     number is in it because terms begin anew with each store of a name
//   datasync:<name>:client:<client>   a client, as long as it can be answered
//   datasync:<name>:deletion:<number> whoever deletes the database, from before it asks until its end

import type { ClientId } from '../protocol/messages.ts'

export const pageLockName = (name: string): string => `datasync:${name}:page`
export const leaderLockName = (name: string, term: number, engine: string): string =>
  `datasync:${name}:leader:${term}:${engine}`
export const clientLockName = (name: string, client: ClientId): string => `datasync:${name}:client:${client}`
export const deletionLockName = (name: string, deletion: string): string => `datasync:${name}:deletion:${deletion}`

/** The channel on which leaders announce themselves and clients look for one. */
export const rendezvousName = (name: string): string => `datasync:${name}`
/** The channel between one client and one leader, where there is nothing better; `line` is made anew by each attempt. */
export const privateChannelName = (name: string, client: ClientId, line: string): string =>
  `datasync:${name}:port:${client}:${line}`

/** Whether it is the lock of a leader of this database. */
export const isLeaderLock = (name: string, lockName: string): boolean => lockName.startsWith(`datasync:${name}:leader:`)

/** The client of a client's lock, or undefined for any other lock. */
export function clientOfLock(name: string, lockName: string): ClientId | undefined {
  const prefix = clientLockName(name, '')
  return lockName.startsWith(prefix) ? lockName.slice(prefix.length) : undefined
}

/**
 * Whether the client is the first that waits for leading, as the browser says; others of the same page count as it. A lock
 * tells its page by a number that only the browser knows, so the client finds its own by the lock that it holds.
 */
export function isNext(name: string, client: ClientId, { held = [], pending = [] }: LockManagerSnapshot): boolean {
  const own = held.find((lock) => lock.name === clientLockName(name, client))?.clientId
  const first = pending.find((lock) => lock.name === pageLockName(name))?.clientId
  return own !== undefined && own === first
}
