// What clients have asked and how it settled, so that a repeated request is answered instead of run twice. Fed by the
// origins of commit records in order, stored in the side table at each checkpoint.
//
// Invariants: the state is a function of the origins applied, in order; that a request was applied is known until its
// client acknowledges it or ends its session; when all outcomes together exceed the bound, the oldest are cut to their
// first OUTCOME_BYTES_KEPT bytes. If that is not enough `full` says so, and whoever commits has to wait. One who does not
// (the store is used without an engine) has the oldest outcomes cut to nothing, a bit each, well before the side table
// outgrows its place.

import { ORIGIN, roundUp } from './format.ts'
import { decodeOrigins, encodeOrigin, type OriginRecord } from './record.ts'

/** The part of an outcome that is dropped last. */
export const OUTCOME_BYTES_KEPT = 40
/** Bytes beyond the bound from which on outcomes are cut to a bit: more than a commit that did not wait can bring. */
const OVERRUN_BYTES = 64 * 1024

interface Session {
  ackedThrough: number
  readonly outcomes: Map<number, Uint8Array>
  /** Requests that were applied and whose outcome had to be dropped. */
  readonly applied: Set<number>
}

const NOTHING = new Uint8Array(0)
const storedBytes = (outcome: Uint8Array): number => ORIGIN.bytes + roundUp(outcome.length, 8)
const CUT_BYTES = ORIGIN.bytes + OUTCOME_BYTES_KEPT

export class Sessions {
  readonly #sessions = new Map<string, Session>()
  readonly #bytesMax: number
  #bytes = 0
  /** What #bytes would be if every outcome were cut to the part that is dropped last. */
  #bytesKept = 0
  /** Outcomes longer than the part that is dropped last. */
  #long = 0

  /** `bytesMax`: bytes of all outcomes together, as they are stored, beyond which the oldest are cut. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** True if outcomes fill their space though everything was cut that may be. */
  get full(): boolean {
    return this.#bytesKept + this.#headBytes >= this.#bytesMax
  }

  /** Each session may need an origin of its own. */
  get #headBytes(): number {
    return this.#sessions.size * ORIGIN.bytes
  }

  apply(origin: OriginRecord): void {
    const session = this.#sessions.get(origin.client)
    if (origin.kind === 'session-end') {
      for (const outcome of session?.outcomes.values() ?? []) this.#count(outcome, -1)
      this.#sessions.delete(origin.client)
      return
    }
    const target = session ?? { ackedThrough: 0, outcomes: new Map(), applied: new Set() }
    if (!session) this.#sessions.set(origin.client, target)
    if (origin.kind === 'applied') {
      for (const seq of numbersIn(origin)) target.applied.add(seq)
      return
    }
    this.#acknowledge(target, origin.ackedThrough)
    if (origin.seq > target.ackedThrough) {
      const before = target.outcomes.get(origin.seq)
      if (before) this.#count(before, -1)
      this.#count(origin.outcome, 1)
      target.outcomes.set(origin.seq, origin.outcome)
    }
    this.#cutOldest()
  }

  /** What is kept of an outcome, perhaps only its beginning or nothing; undefined if the request was not applied. */
  outcomeOf(client: string, seq: number): Uint8Array | undefined {
    const session = this.#sessions.get(client)
    return session?.outcomes.get(seq) ?? (session?.applied.has(seq) ? NOTHING : undefined)
  }

  /** All requests of a client up to here are settled for it; undefined for a client without a session. */
  acknowledgedThrough(client: string): number | undefined {
    return this.#sessions.get(client)?.ackedThrough
  }

  get count(): number {
    return this.#sessions.size
  }

  clients(): string[] {
    return [...this.#sessions.keys()]
  }

  clone(): Sessions {
    const copy = new Sessions(this.#bytesMax)
    for (const [client, { ackedThrough, outcomes, applied }] of this.#sessions) {
      copy.#sessions.set(client, { ackedThrough, outcomes: new Map(outcomes), applied: new Set(applied) })
    }
    copy.#bytes = this.#bytes
    copy.#bytesKept = this.#bytesKept
    copy.#long = this.#long
    return copy
  }

  /** As origins, one per outcome; a session without outcomes is one with number 0; dropped outcomes are bits of one. */
  encode(): Uint8Array {
    const origins: OriginRecord[] = []
    for (const [client, { ackedThrough, outcomes, applied }] of this.#sessions) {
      const base = { kind: 'request', client, ackedThrough } as const
      if (outcomes.size === 0) origins.push({ ...base, seq: 0, outcome: NOTHING })
      if (applied.size > 0) {
        origins.push({
          kind: 'applied',
          client,
          ackedThrough,
          seq: ackedThrough,
          outcome: bitsOf(applied, ackedThrough),
        })
      }
      for (const [seq, outcome] of outcomes) origins.push({ ...base, seq, outcome })
    }
    const bytes = new Uint8Array(origins.reduce((sum, o) => sum + storedBytes(o.outcome), 0))
    const view = new DataView(bytes.buffer)
    let at = 0
    for (const origin of origins) at += encodeOrigin(bytes, view, at, origin)
    return bytes
  }

  static decode(bytes: Uint8Array, bytesMax: number): Sessions {
    const sessions = new Sessions(bytesMax)
    const copy = bytes.slice()
    for (const origin of decodeOrigins(copy, new DataView(copy.buffer), 0, copy.length)) sessions.apply(origin)
    return sessions
  }

  #count(outcome: Uint8Array, sign: 1 | -1): void {
    this.#bytes += sign * storedBytes(outcome)
    this.#bytesKept += sign * Math.min(storedBytes(outcome), CUT_BYTES)
    if (outcome.length > OUTCOME_BYTES_KEPT) this.#long += sign
  }

  #acknowledge(session: Session, ackedThrough: number): void {
    if (ackedThrough <= session.ackedThrough) return
    session.ackedThrough = ackedThrough
    for (const seq of session.applied) if (seq <= ackedThrough) session.applied.delete(seq)
    for (const [seq, outcome] of session.outcomes) {
      if (seq > ackedThrough) continue
      this.#count(outcome, -1)
      session.outcomes.delete(seq)
    }
  }

  #cutOldest(): void {
    const bytesMax = this.#bytesMax - this.#headBytes
    if (this.#bytes <= bytesMax) return
    for (const session of this.#sessions.values()) {
      for (const [seq, outcome] of session.outcomes) {
        if (this.#long === 0) break
        if (outcome.length <= OUTCOME_BYTES_KEPT) continue
        const kept = outcome.slice(0, OUTCOME_BYTES_KEPT)
        session.outcomes.set(seq, kept)
        this.#count(outcome, -1)
        this.#count(kept, 1)
        if (this.#bytes <= bytesMax) return
      }
    }
    if (this.#bytes <= bytesMax + OVERRUN_BYTES) return
    for (const { outcomes, applied } of this.#sessions.values()) {
      for (const [seq, outcome] of outcomes) {
        outcomes.delete(seq)
        applied.add(seq)
        this.#count(outcome, -1)
        if (this.#bytes <= bytesMax + OVERRUN_BYTES) return
      }
    }
  }
}

/** One bit per number beyond `base`. */
function bitsOf(numbers: Iterable<number>, base: number): Uint8Array {
  const offsets = Array.from(numbers, (seq) => seq - base - 1)
  const bits = new Uint8Array(Math.floor(offsets.reduce((a, b) => Math.max(a, b), 0) / 8) + 1)
  for (const offset of offsets) bits[offset >> 3] = (bits[offset >> 3] ?? 0) | (1 << (offset & 7))
  return bits
}

function* numbersIn({ seq, outcome }: OriginRecord): IterableIterator<number> {
  for (let i = 0; i < outcome.length * 8; i++) if ((outcome[i >> 3] ?? 0) & (1 << (i & 7))) yield seq + 1 + i
}
