// Connections that only read, each on a snapshot of its own: opened when one is needed, closed after a while without use.
import type { Clock } from '../environment.ts'
import type { Connection } from './connection.ts'

const IDLE_MS = 10_000

export class ReaderPool {
  readonly #open: () => Connection
  readonly #clock: Clock
  readonly #countMax: number
  readonly #idle: Connection[] = []
  readonly #used = new Set<Connection>()
  #cancelTimer: (() => void) | undefined
  #closed = false

  constructor(open: () => Connection, clock: Clock, countMax: number) {
    this.#open = open
    this.#clock = clock
    this.#countMax = countMax
  }

  /** True if `acquire` may be called. */
  get available(): boolean {
    return this.#used.size < this.#countMax
  }

  /** Connections that are in use now. */
  get used(): number {
    return this.#used.size
  }

  /** True while a connection is in use. */
  get busy(): boolean {
    return this.#used.size > 0
  }

  acquire(): Connection {
    const connection = this.#idle.pop() ?? this.#open()
    this.#used.add(connection)
    return connection
  }

  /** Takes a connection back; `tainted` ones hold temporary objects and are closed. */
  release(connection: Connection, tainted = false): void {
    connection.rollback()
    this.#used.delete(connection)
    if (tainted || this.#closed) {
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
