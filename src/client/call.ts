// One request from the moment it is made until its promise has settled. It stands apart from the line that carries it
// because it outlives an engine: what may be sent again is sent again to the next one.

import { type DataSyncError, LeaderLostError, VersionTooNewError } from '../errors/errors.ts'
import type { Request, RequestSeq } from '../protocol/messages.ts'
import type { ValueWriter } from '../protocol/value-writer.ts'
import type { AnswerReader } from './answer-readers.ts'

type WithoutNumber<R> = R extends { readonly seq: RequestSeq } ? Omit<R, 'seq' | 'timeoutMs' | 'asks'> : never
/** A request that has no number yet. Ranges in it count from the start of the payload it will travel in. */
export type RequestBody = WithoutNumber<Request>

/** Told of the life of a call. */
export interface CallObserver {
  /** It has been made; `abandon` rejects it with an error and tells the engine to give it up. */
  made(abandon: (error: Error) => void): void
  settled(): void
}

/** What a caller wants of the line. */
export interface CallPlan<T> {
  /** Makes the request and packs its values; throws BindError. Called once, at once. */
  build(writer: ValueWriter): RequestBody
  readonly reader: AnswerReader<T>
  readonly signal: AbortSignal | undefined
  readonly timeoutMs: number
  /** For answers in pieces: limits each demand for one; `timeoutMs` is 0 then, and credit is given by `Line.credit`. */
  readonly demandMs?: number
  /** Whether sending it again after the engine's death cannot apply it twice, given recorded outcomes. */
  readonly resend: boolean
  /** Sent again it is not to be run, only answered if it was applied: it depends on what its engine had open. */
  readonly asks?: boolean
  /** What is known of its effect if the engine dies while it is on its way and it is not sent again. */
  readonly ifLost: 'no' | 'unknown'
  /** It ends what was begun by a call made before, so it is made also while new calls are refused. */
  readonly ends?: boolean
  readonly observer?: CallObserver | undefined
  /** Told how far the work is; what it throws ends the call. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined
  /** Told the request's number when it is first sent. */
  readonly numbered?: (seq: RequestSeq) => void
}

export interface Call {
  readonly plan: CallPlan<unknown>
  /** 0 until it is first sent; then the same for good. */
  seq: RequestSeq
  body: RequestBody
  /** Where its values lie in the payload to come, or in `kept` after sending. */
  from: number
  to: number
  /** A copy of the payload it was sent in; only of calls that may be sent again. */
  kept: ArrayBuffer | undefined
  timesSent: number
  settled: boolean
  /** Monotonic milliseconds; Infinity for no limit. */
  deadlineMs: number
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  stopListening: (() => void) | undefined
}

/** The request as it is sent now, with what is left of its time. */
export function numbered(call: Call, nowMs: number): Request {
  const { body, seq, plan, deadlineMs } = call
  const timeoutMs = plan.demandMs ?? (plan.timeoutMs === 0 ? 0 : Math.max(1, Math.ceil(deadlineMs - nowMs)))
  // The first part of a bulk names itself, and learns its number only here.
  const asks = plan.asks && call.timesSent > 1 && { asks: true as const }
  if (body.type === 'bulk' && body.bulk === 0) return { ...body, bulk: seq, seq, timeoutMs, ...asks }
  return { ...body, seq, timeoutMs, ...asks }
}

/** What may be said of its effect when it is given up. */
export function effect(call: Call): string {
  if (call.timesSent === 0) return 'It was not sent.'
  return call.plan.ifLost === 'no' ? '' : 'If it was a write, it may or may not have been applied.'
}

/** The error of a call whose engine ended before it had answered, or that none can be had for. */
export function lostError(call: Call, cause: Error): DataSyncError {
  const applied = call.timesSent === 0 ? 'no' : call.plan.ifLost
  // Making it again would be of no use before the page is reloaded.
  if (applied === 'no' && cause instanceof VersionTooNewError) return cause
  const words = applied === 'no' ? 'It was not applied and can be made again.' : 'Whether it was applied is not known.'
  return new LeaderLostError(applied, `The database's worker ended before it answered this call. ${words}`, { cause })
}
