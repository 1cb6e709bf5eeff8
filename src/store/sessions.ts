// What clients have asked and how it settled, so that a repeated request is answered instead of run twice. Fed by the
// origins of commit records in order, stored in the side table at each checkpoint.
//
// Invariants: the state is a function of the origins applied, in order; an outcome is kept until its client acknowledges
// it or ends its session; when all of them together exceed the bound, the oldest are cut to their first
// OUTCOME_BYTES_KEPT bytes, which are never dropped.

import { ORIGIN, roundUp } from './format.ts'
import { decodeOrigins, encodeOrigin, type OriginRecord } from './record.ts'

/** The part of an outcome that survives any shortage; what follows may be dropped. */
export const OUTCOME_BYTES_KEPT = 40
/** Bytes of all outcomes together beyond which the oldest are cut. */
export const OUTCOMES_BYTES_MAX = 512 * 1024

interface Session {
  ackedThrough: number
  readonly outcomes: Map<number, Uint8Array>
}

export class Sessions {
  readonly #sessions = new Map<string, Session>()
  #bytes = 0

  apply(origin: OriginRecord): void {
    const session = this.#sessions.get(origin.client)
    if (origin.kind === 'session-end') {
      for (const outcome of session?.outcomes.values() ?? []) this.#bytes -= outcome.length
      this.#sessions.delete(origin.client)
      return
    }
    const target = session ?? { ackedThrough: 0, outcomes: new Map() }
    if (!session) this.#sessions.set(origin.client, target)
    this.#acknowledge(target, origin.ackedThrough)
    if (origin.seq > target.ackedThrough) {
      this.#bytes += origin.outcome.length - (target.outcomes.get(origin.seq)?.length ?? 0)
      target.outcomes.set(origin.seq, origin.outcome)
    }
    this.#cutOldest()
  }

  outcomeOf(client: string, seq: number): Uint8Array | undefined {
    return this.#sessions.get(client)?.outcomes.get(seq)
  }

  get count(): number {
    return this.#sessions.size
  }

  clients(): string[] {
    return [...this.#sessions.keys()]
  }

  clone(): Sessions {
    const copy = new Sessions()
    for (const [client, { ackedThrough, outcomes }] of this.#sessions) {
      copy.#sessions.set(client, { ackedThrough, outcomes: new Map(outcomes) })
    }
    copy.#bytes = this.#bytes
    return copy
  }

  /** As origins, one per outcome; a session without outcomes is one with number 0. */
  encode(): Uint8Array {
    const origins: OriginRecord[] = []
    for (const [client, { ackedThrough, outcomes }] of this.#sessions) {
      const base = { kind: 'request', client, ackedThrough } as const
      if (outcomes.size === 0) origins.push({ ...base, seq: 0, outcome: new Uint8Array(0) })
      for (const [seq, outcome] of outcomes) origins.push({ ...base, seq, outcome })
    }
    const bytes = new Uint8Array(origins.reduce((sum, o) => sum + ORIGIN.bytes + roundUp(o.outcome.length, 8), 0))
    const view = new DataView(bytes.buffer)
    let at = 0
    for (const origin of origins) at += encodeOrigin(bytes, view, at, origin)
    return bytes
  }

  static decode(bytes: Uint8Array): Sessions {
    const sessions = new Sessions()
    const copy = bytes.slice()
    for (const origin of decodeOrigins(copy, new DataView(copy.buffer), 0, copy.length)) sessions.apply(origin)
    return sessions
  }

  #acknowledge(session: Session, ackedThrough: number): void {
    if (ackedThrough <= session.ackedThrough) return
    session.ackedThrough = ackedThrough
    for (const [seq, outcome] of session.outcomes) {
      if (seq > ackedThrough) continue
      this.#bytes -= outcome.length
      session.outcomes.delete(seq)
    }
  }

  #cutOldest(): void {
    if (this.#bytes <= OUTCOMES_BYTES_MAX) return
    for (const { outcomes } of this.#sessions.values()) {
      for (const [seq, outcome] of outcomes) {
        if (outcome.length <= OUTCOME_BYTES_KEPT) continue
        outcomes.set(seq, outcome.slice(0, OUTCOME_BYTES_KEPT))
        this.#bytes -= outcome.length - OUTCOME_BYTES_KEPT
        if (this.#bytes <= OUTCOMES_BYTES_MAX) return
      }
    }
  }
}
