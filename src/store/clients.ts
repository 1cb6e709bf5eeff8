// What a store hears of its clients besides their commits: sessions that have ended, and numbers up to which requests are
// settled. Both travel with the next commits; where outcomes leave no room for any, a record of their own carries them.
import { ORIGIN } from './format.ts'
import type { OriginRecord } from './record.ts'
import type { StoreState } from './state.ts'
import { Transaction } from './write-transaction.ts'

export interface Acknowledgement {
  /** 32 hexadecimal digits. */
  readonly client: string
  /** All requests of this client up to here are settled for it. */
  readonly ackedThrough: number
}

const NOTHING = new Uint8Array(0)

export class Clients {
  /** Waiting for the next record; a transaction removes those that it takes along. */
  readonly ends: OriginRecord[] = []

  endSession(client: string): void {
    this.ends.push({ kind: 'session-end', client, seq: 0, ackedThrough: 0, outcome: NOTHING })
  }

  /**
   * Publishes records without blocks that carry what is not stored yet of `acknowledged`, and ended sessions. There must be
   * no write transaction. `prepare` makes room in the log for each; the state may be another one then. Throws StorageError.
   */
  async store(
    acknowledged: Iterable<Acknowledgement>,
    prepare: () => void | Promise<void>,
    stateNow: () => StoreState,
  ): Promise<void> {
    const { sessions } = stateNow().side
    const news = Array.from(acknowledged).filter(
      ({ client, ackedThrough }) => ackedThrough > (sessions.acknowledgedThrough(client) ?? ackedThrough),
    )
    while (news.length > 0 || this.ends.length > 0) {
      await prepare()
      const state = stateNow()
      const most = Math.floor(state.sizes.originsBytesMax / ORIGIN.bytes)
      const transaction = new Transaction(state, this.ends)
      try {
        transaction.truncate(state.sizeBlocks)
        transaction.reserve()
      } catch (error) {
        transaction.rollback()
        throw error
      }
      transaction.publish(news.splice(0, most).map((news) => ({ ...news, seq: 0, outcome: NOTHING })))
    }
  }
}
