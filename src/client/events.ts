// What a database tells without being asked. It stands apart so that neither the line nor the public class deals with
// listeners.

import type { Role } from '../coordination/member.ts'

/** The events of a database and what each listener gets. */
export interface DatabaseEvents {
  /** Something works otherwise than its caller may think. */
  warning: { readonly message: string }
  /** A sync failed; `recovered` tells whether writing again helped. */
  'sync-failure': { readonly message: string; readonly recovered: boolean }
  /** Stored bytes failed their checksum. */
  corruption: { readonly block: number | undefined; readonly message: string }
  /** A write of this client was refused for lack of space; its call rejects with `SQLITE_FULL`. */
  quota: { readonly message: string }
  /** A database that was open for reading only (`info.readOnly`), for lack of space, can be written again. */
  writable: { readonly term: number }
  /** Everything has been replaced by an imported file, now or while this page had no engine that could tell it. */
  reopened: { readonly blockSize: number; readonly term: number }
  /** Another engine is in use, after the one before has ended: that of a new term, in this page or in another one. */
  'leader-change': { readonly term: number; readonly role: Role }
  /** This page has begun or ceased to lead. */
  role: { readonly role: Role }
  /** The database was deleted, or its stored data was removed: every call rejects with `cause` from now on. */
  gone: { readonly cause: Error }
  /** Another tab runs a newer release: this page works again after a reload. */
  'version-too-new': { readonly error: Error }
}

type Listener<E extends keyof DatabaseEvents> = (detail: DatabaseEvents[E]) => void

export class Emitter {
  readonly #listeners: { [E in keyof DatabaseEvents]: Set<Listener<E>> } = {
    warning: new Set(),
    'sync-failure': new Set(),
    corruption: new Set(),
    quota: new Set(),
    reopened: new Set(),
    writable: new Set(),
    'leader-change': new Set(),
    role: new Set(),
    gone: new Set(),
    'version-too-new': new Set(),
  }

  /** Calls `listener` at every `event` until the returned function is called. */
  on<E extends keyof DatabaseEvents>(event: E, listener: Listener<E>): () => void {
    const listeners: Set<Listener<E>> = this.#listeners[event]
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  has(event: string): event is keyof DatabaseEvents {
    return Object.hasOwn(this.#listeners, event)
  }

  get names(): string[] {
    return Object.keys(this.#listeners)
  }

  emit<E extends keyof DatabaseEvents>(event: E, detail: DatabaseEvents[E]): void {
    for (const listener of [...this.#listeners[event]]) {
      try {
        listener(detail)
      } catch (error) {
        // Not ours to handle, and it must not stop the others: it becomes an uncaught error of the page.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
