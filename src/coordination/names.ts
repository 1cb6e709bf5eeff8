// Names of the Web Locks and channels by which the tabs of one site meet. They stand apart because tabs of different
// releases share them: a name is never given another meaning.
//
//   datasync:<name>:page              the page that leads or is about to
//   datasync:<name>:store             the owner of the storage (device/names.ts)
//   datasync:<name>:leader:<term>     the worker that leads, from before it answers anybody until its end
//   datasync:<name>:client:<client>   a client, as long as it can be answered

import type { ClientId } from '../protocol/messages.ts'

export const pageLockName = (name: string): string => `datasync:${name}:page`
export const termLockName = (name: string, term: number): string => `datasync:${name}:leader:${term}`
export const clientLockName = (name: string, client: ClientId): string => `datasync:${name}:client:${client}`

/** The channel on which leaders announce themselves and clients look for one. */
export const rendezvousName = (name: string): string => `datasync:${name}`
/** The channel between one client and one leader, where there is nothing better. */
export const privateChannelName = (name: string, client: ClientId, term: number): string =>
  `datasync:${name}:port:${client}:${term}`

/** The term of a leader's lock, or undefined for any other lock. */
export function termOfLock(name: string, lockName: string): number | undefined {
  const prefix = termLockName(name, 0).slice(0, -1)
  const digits = lockName.startsWith(prefix) ? lockName.slice(prefix.length) : ''
  return /^\d+$/.test(digits) ? Number(digits) : undefined
}

/** The client of a client's lock, or undefined for any other lock. */
export function clientOfLock(name: string, lockName: string): ClientId | undefined {
  const prefix = clientLockName(name, '')
  return lockName.startsWith(prefix) ? lockName.slice(prefix.length) : undefined
}
