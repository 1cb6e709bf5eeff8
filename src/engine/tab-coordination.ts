// What an engine's worker tells and learns where many tabs share a database. It stands apart as an interface because the
// engine knows nothing of tabs: who is there, who leads and how others find it is coordination/'s business.
import type { ClientId } from '../protocol/messages.ts'

export interface TabCoordination {
  /** Opening has begun, for the page of this client: others learn that somebody is at it. */
  begin(name: string, leader: ClientId): void
  /** Resolves once everybody can see that this term of this store leads; before anything is answered. */
  lead(term: number, storeId: string): Promise<void>
  /** Lets others in. */
  announce(): void
  /** Tells whether the client is there; if it is, `gone` is called as soon as it is no more. */
  attend(client: ClientId, gone: () => void): Promise<boolean>
  /** The client has parted: it is no longer waited for. */
  forget(client: ClientId): void
  /** Through this port others hand over theirs. */
  takeBroker(port: Transferable): void
  /** Nobody is let in any more, and everybody may see that this term has ended. */
  end(): void
}
