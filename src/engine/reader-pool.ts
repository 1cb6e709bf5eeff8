// Connections that only read, each on a snapshot of its own: opened when one is needed, closed after a while without use.
// Reads that end by themselves and transactions that keep a snapshot are counted apart, so that neither waits for the other;
// both have a bound, because each connection is memory.
import type { Clock } from '../environment.ts'
import type { Connection } from './connection.ts'

const IDLE_MS = 10_000
/** Statements on readers at a time, and so many connections are kept for the next use. */
export const READS_MAX = 8
/** Transactions on snapshots at a time, over all clients. With a schema of 100 tables each takes some 200 KiB. */
export const SNAPSHOTS_MAX = 32

export type ReaderUse = 'read' | 'transaction'

export class ReaderPool {
  readonly #open: (small: boolean) => Connection
  readonly #clock: Clock
  readonly #idle: Connection[] = []
  readonly #used = new Map<Connection, { readonly use: ReaderUse; readonly small: boolean }>()
  #transactions = 0
  #cancelTimer: (() => void) | undefined
  #closed = false

  /** `open` makes a connection; those beyond the first `READS_MAX` are to be `small`. */
  constructor(open: (small: boolean) => Connection, clock: Clock) {
    this.#open = open
    this.#clock = clock
  }

  /** True if `acquire` may be called. */
  available(use: ReaderUse): boolean {
    if (use === 'transaction') return this.#transactions < SNAPSHOTS_MAX
    return this.#used.size - this.#transactions < READS_MAX
  }

  /** Connections that are in use now. */
  get used(): number {
    return this.#used.size
  }

  /** True while a connection is in use. */
  get busy(): boolean {
    return this.#used.size > 0
  }

  acquire(use: ReaderUse): Connection {
    const small = this.#used.size >= READS_MAX
    const connection = this.#idle.pop() ?? this.#open(small)
    this.#used.set(connection, { use, small })
    if (use === 'transaction') this.#transactions++
    return connection
  }

  /** Takes a connection back; `tainted` ones hold temporary objects and are closed. */
  release(connection: Connection, tainted = false): void {
    connection.rollback()
    const { use, small } = this.#used.get(connection)!
    if (use === 'transaction') this.#transactions--
    this.#used.delete(connection)
    if (tainted || small || this.#closed) {
      connection.close()
      return
    }
    connection.assertIdle()
    this.#idle.push(connection)
    this.#cancelTimer?.()
    this.#cancelTimer = this.#clock.after(IDLE_MS, () => this.#closeIdle())
  }

  close(): void {
    this.#closed = true
    this.#cancelTimer?.()
    this.#closeIdle()
  }

  #closeIdle(): void {
    this.#cancelTimer = undefined
    for (const connection of this.#idle.splice(0)) connection.close()
  }
}
