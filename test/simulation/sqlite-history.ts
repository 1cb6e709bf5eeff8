// The states that the database of one life went through, each made by repeating on the oracle what the engine published:
// digest and image per commit. It stands apart as the one place that knows which states there are and moves the oracle.
//
// Invariant: between two calls the oracle is in the newest state.

import type { BlockStore } from '../../src/store/block-store.ts'
import type { Origin } from '../../src/store/block-store-types.ts'
import type { Chance } from '../support/seeded.ts'
import type { SimulatedClient } from './sqlite-client.ts'
import { Broken, type Commit } from './sqlite-crash.ts'
import type { Oracle } from './sqlite-oracle.ts'
import { replayAlone, replayTransaction } from './sqlite-replay.ts'
import type { Statements } from './sqlite-statements.ts'
import type { Sent } from './sqlite-work.ts'

export class History {
  readonly commits: Commit[]
  readonly #oracle: Oracle
  readonly #clients: readonly SimulatedClient[]
  readonly #statements: Statements
  readonly #chance: Chance
  readonly #growsToBytes: number
  #schema = ''
  #bare: Sent | undefined
  #bareParts = 0

  constructor(parts: {
    readonly oracle: Oracle
    readonly clients: readonly SimulatedClient[]
    readonly statements: Statements
    readonly chance: Chance
    readonly growsToBytes: number
  }) {
    this.#oracle = parts.oracle
    this.#clients = parts.clients
    this.#statements = parts.statements
    this.#chance = parts.chance
    this.#growsToBytes = parts.growsToBytes
    this.#oracle.restore(new Uint8Array(0))
    this.commits = [{ digest: this.#oracle.digest(), image: new Uint8Array(0) }]
  }

  get newest(): number {
    return this.commits.length - 1
  }

  at(sequence: number): Commit {
    const commit = this.commits[sequence]
    if (!commit) throw new Broken(`commit ${sequence} was never made`)
    return commit
  }

  /** Adds what the store publishes, as long as `runs()`. */
  watch(store: BlockStore, runs: () => boolean, published: (error: unknown) => void): void {
    const begin = store.begin.bind(store)
    store.begin = () => {
      const transaction = begin()
      const publish = transaction.publish.bind(transaction)
      transaction.publish = (origins) => {
        const sequence = publish(origins)
        if (!runs()) return sequence
        try {
          this.#published(sequence, origins)
          published(undefined)
        } catch (error) {
          published(error)
        }
        return sequence
      }
      return transaction
    }
  }

  /** Forgets what was started and is not there. */
  back(sequence: number): void {
    const isNewest = this.newest === sequence
    this.commits.length = sequence + 1
    for (const { unanswered } of this.#clients)
      for (const sent of unanswered.values())
        if (sent.commit !== undefined && sent.commit > sequence) sent.commit = sent.expected = undefined
    this.#bare = undefined
    if (!isNewest) this.#oracle.restore(this.at(sequence).image)
    this.#look()
  }

  /**
   * Tries the states of `candidates`, the newest first, until one does not differ. `changes`: trying may change the
   * oracle. Returns how the newest differs if all do.
   */
  differs(
    candidates: readonly number[],
    changes: boolean,
    differs: (oracle: Oracle) => string | undefined,
  ): string | undefined {
    let first: string | undefined
    let at = this.newest
    let same = false
    for (const state of [...candidates].sort((a, b) => b - a)) {
      if (state !== at) this.#oracle.restore(this.at(state).image)
      at = state
      const why = differs(this.#oracle)
      first ??= why
      if (changes) at = -1
      same = why === undefined
      if (same) break
    }
    if (at !== this.newest) this.#oracle.restore(this.at(this.newest).image)
    return same ? undefined : (first ?? 'has no state that it may have seen')
  }

  /** The request under way that commits without an outcome, or part by part. */
  bareUnderWay(): Sent | undefined {
    for (const { unanswered } of this.#clients)
      for (const sent of unanswered.values()) if (sent.work.type === 'bare') return sent
    return undefined
  }

  #published(sequence: number, origins: readonly Origin[]): void {
    if (sequence !== this.newest + 1) throw new Broken(`commit ${sequence} follows commit ${this.newest}`)
    if (origins.length === 0) this.#replayBare()
    for (const origin of origins) this.#replay(sequence, origin)
    this.commits.push({ digest: this.#oracle.digest(), image: this.#oracle.image() })
    this.#look()
  }

  #replay(sequence: number, { client, seq }: Origin): void {
    const sent = this.#clients.find(({ id }) => id === client)?.unanswered.get(seq)
    if (!sent) throw new Broken(`commit ${sequence} names request ${client} ${seq}, which does not wait`)
    // Each commit of a script with its own transactions tells how far that is.
    if (sent.work.type === 'bare') {
      this.#replayBare()
      return
    }
    if (sent.commit !== undefined) throw new Broken(`${sent} is applied twice (${sent.commit})`)
    sent.commit = sequence
    const { work } = sent
    if (work.type !== 'end') replayAlone(this.#oracle, sent)
    else if (work.action === 'rollback') throw new Broken('a rollback was published')
    else replayTransaction(this.#oracle, work.ends, sent.client)
  }

  #replayBare(): void {
    const sent = this.bareUnderWay()
    if (sent !== this.#bare) this.#bareParts = 0
    this.#bare = sent
    const part = sent?.work.type === 'bare' ? sent.work.parts[this.#bareParts++] : undefined
    if (!sent || !part) throw new Broken('a commit without an origin')
    this.#oracle.foreignKeys = sent.client.settings.foreignKeys
    for (const sql of part) this.#oracle.run(sql)
  }

  /** What the next statements can be about. */
  #look(): void {
    const { digest, image } = this.at(this.newest)
    this.#statements.mayGrow = image.length < this.#growsToBytes
    const schema = [...digest.tables.keys()].join()
    if (schema === this.#schema && this.#chance.chance(0.7)) return
    this.#schema = schema
    this.#statements.columns = this.#oracle.columns()
  }
}
