// What clients of the simulation ask for and how it was answered: requests, interactive transactions and bulks in several
// parts, with what is known about each. Nothing here acts.
import type { LeaderLostError } from '../../src/errors/errors.ts'
import type { SimulatedClient } from './sqlite-client.ts'
import type { Effect } from './sqlite-oracle.ts'
import type { Sql } from './sqlite-statements.ts'

/** An interactive transaction from its `begin` to its `end`. */
export interface OpenTransaction {
  readonly id: number
  readonly mode: 'immediate' | 'deferred' | 'readonly'
  /** Everything sent in it, in order. */
  readonly steps: Sent[]
  begun: Sent | undefined
  savepoint: boolean
  /** Something that may write was asked of it. */
  wrote: boolean
  /** The commits of which it may see one, and only one; known once it has begun. */
  states: readonly number[] | undefined
}

/** One statement with many sets in several messages. */
export interface OpenBulk {
  /** Under whose number it runs. */
  first: number
  readonly parts: Sent[]
  readonly sql: string
}

interface Inside {
  readonly inside?: OpenTransaction
}

export type Work =
  | ({
      readonly type: 'statement'
      readonly items: readonly [Sql]
      readonly stream?: boolean
      /** A read before anything that may write, so it sees the transaction's snapshot. */
      readonly onSnapshot?: boolean
    } & Inside)
  | ({ readonly type: 'batch' | 'script' | 'bulk'; readonly items: readonly Sql[] } & Inside)
  | { readonly type: 'part'; readonly items: readonly Sql[]; readonly bulk: OpenBulk; readonly last: boolean }
  /** Commits by itself, once per part, without an outcome. */
  | { readonly type: 'bare'; readonly parts: readonly (readonly string[])[]; readonly sql: string }
  | { readonly type: 'begin'; readonly opens: OpenTransaction; readonly lifetimeMs: number }
  | { readonly type: 'end'; readonly action: 'commit' | 'rollback'; readonly ends: OpenTransaction }
  | { readonly type: 'savepoint'; readonly action: 'open' | 'release' | 'rollback'; readonly inside: OpenTransaction }
  | { readonly type: 'maintenance'; readonly action: 'sync' | 'checkpoint' | 'compact' }

/** How a request was answered. */
export type Settled =
  | { readonly effects: readonly Effect[] }
  | { readonly code: string; readonly message: string; readonly applied: LeaderLostError['applied'] | undefined }

export class Sent {
  readonly client: SimulatedClient
  readonly seq: number
  readonly work: Work
  /** Milliseconds, 0 for no limit. */
  readonly timeoutMs: number
  /** The newest commit that anybody had been told of when it was sent. */
  knownAtSend: number
  /** Its commit, once it was published. */
  commit: number | undefined
  /** What the oracle says that it did; undefined for what fails there. */
  expected: readonly (Effect | undefined)[] | undefined
  settled: Settled | undefined
  /** Its client has given it up. */
  cancelled = false
  /** It was sent to another process before. */
  repeated = false
  readonly rows: string[] = []
  /** Chunks that it has got no credit for. */
  chunks = 0
  width = 0

  constructor(client: SimulatedClient, seq: number, work: Work, sending: { known: number; timeoutMs: number }) {
    this.client = client
    this.seq = seq
    this.work = work
    this.timeoutMs = sending.timeoutMs
    this.knownAtSend = sending.known
  }

  /** For messages. */
  toString(): string {
    const { client, seq, work } = this
    const text = JSON.stringify(work, (key, value) => {
      if (key === 'inside' || key === 'opens' || key === 'ends' || key === 'bulk') return `${value.mode ?? value.first}`
      return typeof value === 'bigint' ? `${value}` : value
    })
    return `request ${client.id.slice(0, 2)} ${seq} (${text.slice(0, 400)})`
  }
}

/** The transaction that a request runs in. */
export function transactionOf({ work }: Sent): OpenTransaction | undefined {
  return 'inside' in work ? work.inside : undefined
}

/** The table that a request reads as a whole, and whether much lies beside it. */
export function tableRead({ work }: Sent): { readonly table: string; readonly wide: boolean } | undefined {
  const read = work.type === 'statement' && /^SELECT \*(.*) FROM (\w+)$/.exec(work.items[0].sql)
  return read ? { table: read[2]!, wide: read[1] !== '' } : undefined
}
