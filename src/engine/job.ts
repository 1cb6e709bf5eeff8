// One request on its way through the engine: whose it is, when it has to be done, and how it has been started so far.
import { AbortError, ClosedError, TimeoutError } from '../errors/errors.ts'
import type { CancelFlags } from '../protocol/cancel-flags.ts'
import type { CancelRequest, CreditRequest, ImportPart, Request } from '../protocol/messages.ts'
import { type RunLimits, runTimeout } from './connection.ts'
import type { Session } from './session.ts'

/** A request that is queued and answered. */
export type QueuedRequest = Exclude<Request, CancelRequest | CreditRequest | ImportPart>

/** How a request came. */
export interface Arrival {
  /** The envelope's payload. */
  readonly payload: Uint8Array
  readonly nowMs: number
  readonly cancelFlags?: CancelFlags | undefined
}

export class Job {
  readonly session: Session
  readonly request: QueuedRequest
  /** The envelope's payload. */
  readonly payload: Uint8Array
  readonly arrivedMs: number
  /** Requests with the same key run one after another. */
  lane: string
  /** On the monotonic clock; infinite without a limit. */
  deadlineMs: number
  /** Where it has to run, once that is known: the writer is needed, or it took too long there. */
  place: 'any' | 'writer' | 'reader' = 'any'
  startedMs = 0
  /** What its client had counted when it was started last. */
  totalChangesBefore = 0
  /** Other requests of its client run beside it. */
  beside = false
  /** It cannot begin before there is room for its outcome. */
  waitsForOutcomes = false
  /** Why the engine ends it, though nobody has given it up. */
  stopped: Error | undefined
  readonly #flagged: (() => boolean) | undefined
  #cancelled = false

  constructor(session: Session, request: QueuedRequest, { payload, nowMs, cancelFlags }: Arrival) {
    this.session = session
    this.request = request
    this.payload = payload
    this.#flagged = cancelFlags?.watch(session.client, request.seq)
    this.arrivedMs = nowMs
    this.lane = laneOf(session.client, request)
    this.deadlineMs = deadline(request, nowMs)
  }

  /** It is given up. */
  cancel(): void {
    this.#cancelled = true
  }

  /** True if it was given up, as a message or a flag says; a flag is seen at any moment. */
  get cancelled(): boolean {
    this.#cancelled ||= this.#flagged?.() === true
    return this.#cancelled
  }

  /** Its time begins anew: the limit of a request that answers in pieces is for each of them. */
  demanded(nowMs: number): void {
    this.deadlineMs = deadline(this.request, nowMs)
  }

  get limits(): RunLimits {
    return { deadlineMs: this.deadlineMs, cancelled: () => this.cancelled || this.stopped !== undefined }
  }

  /** Throws if there is no reason left to run it. */
  checkWanted(nowMs: number): void {
    if (this.session.ended) throw new ClosedError('The client has ended its session.')
    if (this.cancelled) throw new AbortError('The call was given up by its caller.')
    if (nowMs >= this.deadlineMs) throw waitTimeout()
  }

  /** Throws if there is no reason left to go on with it. */
  checkGoesOn(nowMs: number): void {
    if (this.stopped) throw this.stopped
    if (this.session.ended) throw new ClosedError('The client has ended its session.')
    if (this.cancelled) throw new AbortError('The call was given up by its caller.')
    if (nowMs >= this.deadlineMs) throw runTimeout()
  }
}

function deadline({ timeoutMs }: QueuedRequest, nowMs: number): number {
  return timeoutMs > 0 ? nowMs + timeoutMs : Number.POSITIVE_INFINITY
}

function laneOf(client: string, request: QueuedRequest): string {
  const transaction = 'transaction' in request ? request.transaction : undefined
  if (transaction !== undefined) return `${client} transaction ${transaction}`
  return request.type === 'bulk' ? `${client} bulk ${request.bulk}` : client
}

/** The error of a request whose time was over before it began. */
export function waitTimeout(): TimeoutError {
  return new TimeoutError('The time allowed by `timeoutMs` was over before the request began; it was not applied.', {
    retryable: true,
  })
}
