// The line between a client and its engine: numbers requests, gathers those of one task into one envelope, hands answers
// to their calls, keeps deadlines, and knows after an engine's death which calls may be sent to the next one.
//
// Invariants:
//  - a call is in exactly one of `#queue` (not sent to this engine) and `#sent` (sent, not answered) until it settles
//  - numbers are given when a call is first sent, so they are dense, and never change
//  - values of queued calls lie in `#writer`, in the order of the queue
//  - every call settles: by its answer, its deadline, its signal, the engine's death or the end of the line

import type { Clock } from '../environment.ts'
import { type ClosedError, TimeoutError } from '../errors/errors.ts'
import { fromWireError } from '../errors/wire.ts'
import type {
  Answer,
  Answers,
  CancelRequest,
  ClientId,
  CreditRequest,
  Request,
  ToEngine,
} from '../protocol/messages.ts'
import { transferred } from '../protocol/value-codec.ts'
import { ValueWriter } from '../protocol/value-writer.ts'
import { abortError } from './abort.ts'
import { Acknowledging } from './acknowledging.ts'
import { isPiece } from './answer-readers.ts'
import { type Call, type CallPlan, effect, lostError, numbered } from './call.ts'
import { Deadlines } from './deadlines.ts'
import { packAgain } from './pack-again.ts'

/** An envelope is sent within its task when it has reached either of these. */
const ENVELOPE_BYTES = 1 << 20
const ENVELOPE_REQUESTS = 512
/** A call that was on its way at this many deaths in a row is not sent again: it may be their cause. */
const TIMES_SENT_MAX = 3

type Post = (message: ToEngine, transfer: Transferable[]) => void

export interface LineOptions {
  readonly client: ClientId
  readonly clock: Clock
  /** Called when there is something to send and no engine; `attach` is expected some time later. */
  readonly onWork: () => void
  /** A request that was sent is given up; also said by a message, which no statement sees while it runs. */
  readonly onCancel?: ((client: ClientId, seq: number) => void) | undefined
}

export class Line {
  #client: ClientId
  readonly #clock: Clock
  readonly #onWork: () => void
  readonly #onCancel: LineOptions['onCancel']
  readonly #deadlines: Deadlines
  #writer = new ValueWriter()
  #queue: Call[] = []
  readonly #sent = new Map<number, Call>()
  #controls: (CancelRequest | CreditRequest)[] = []
  #post: Post | undefined
  #flushScheduled = false
  #lastSeq = 0
  /** Requests that were sent again after an engine's death. */
  resentRequests = 0
  readonly #acknowledging: Acknowledging
  #end: Error | undefined
  /** What new calls reject with while those made before go on. */
  #refusal: ClosedError | undefined
  #onIdle: (() => void) | undefined

  constructor(options: LineOptions) {
    this.#client = options.client
    this.#clock = options.clock
    this.#onWork = options.onWork
    this.#onCancel = options.onCancel
    this.#acknowledging = new Acknowledging({
      clock: options.clock,
      settledThrough: () => this.#settledThrough(),
      hasEngine: () => this.#post !== undefined,
      send: () => this.#send([]),
    })
    this.#deadlines = new Deadlines(
      options.clock,
      () => this.#open(),
      (call) => this.#expire(call),
    )
  }

  /** Resolves once every call has settled. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve
      this.#checkIdle()
    })
  }

  /** Makes a request and settles as it does. Throws nothing: refused values reject. */
  call<T>(plan: CallPlan<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#end) throw this.#end
      if (this.#refusal && !plan.ends) throw this.#refusal
      if (plan.signal?.aborted) throw abortError(plan.signal, 'It was not sent.')
      const from = this.#writer.length
      const body = plan.build(this.#writer)
      const call: Call = {
        plan,
        seq: 0,
        body,
        from,
        to: this.#writer.length,
        kept: undefined,
        timesSent: 0,
        settled: false,
        deadlineMs: plan.timeoutMs === 0 ? Number.POSITIVE_INFINITY : this.#clock.monotonicMs() + plan.timeoutMs,
        resolve: resolve as (value: unknown) => void,
        reject,
        stopListening: undefined,
      }
      if (plan.signal) this.#listen(call, plan.signal)
      this.#deadlines.add(call)
      plan.observer?.made((error) => this.#abandon(call, error))
      this.#queue.push(call)
      this.#schedule()
    })
  }

  /** Asks the engine to give up a request, without waiting for anything; without an engine there is nothing to give up. */
  cancel(seq: number): void {
    if (!this.#post) return
    this.#tellCancelled(seq)
    this.#schedule()
  }

  /** Tells the engine that pieces of an answer were taken; without an engine nobody waits for that. */
  credit(seq: number, chunks: number): void {
    if (!this.#post || !this.#sent.has(seq)) return
    this.#controls.push({ type: 'credit', target: seq, chunks })
    this.#schedule()
  }

  /** Sends the next bytes of a file that is being imported, at once; without an engine the import is over. */
  importPart(seq: number, bytes: Uint8Array<ArrayBuffer>, last: boolean): void {
    if (!this.#post || !this.#sent.has(seq)) return
    this.#send([{ type: 'import-part', target: seq, at: 0, bytes: bytes.length, last }], bytes.buffer)
  }

  /** Calls wait for an import, so their time stands still, or (false) goes on. */
  held(held: boolean): void {
    if (held) this.#deadlines.hold('import')
    else this.#deadlines.release('import')
  }

  /** Milliseconds for which time has stood still for calls. */
  get stoodMs(): number {
    return this.#deadlines.stoodMs
  }

  /** Calls back after `ms` in which time did not stand still for calls; the returned function cancels it. */
  after(ms: number, callback: () => void): () => void {
    return this.#deadlines.after(ms, callback)
  }

  /** Takes an engine into use; what is queued is sent at once. */
  attach(post: Post): void {
    this.#post = post
    this.#deadlines.release('failover')
    this.#flush()
  }

  /** Sends what is queued without waiting for the end of the task. */
  flush(): void {
    if (this.#post) this.#flush()
  }

  /** Tells the engine, if there is one, whether the page is looked at. */
  tellVisible(visible: boolean): void {
    this.#post?.({ type: 'visibility', client: this.#client, visible }, [])
  }

  /** Takes the engine's answers. */
  answers({ answers, payload = new ArrayBuffer(0) }: Answers): void {
    for (const answer of answers) this.#answer(answer, payload)
    if (this.#controls.length > 0) this.#schedule()
    this.#acknowledging.soon()
  }

  /**
   * The engine is dead. Calls that may be sent again are queued, the others reject with LeaderLostError. Answers
   * whether anything is left to do.
   */
  detach(cause: Error): boolean {
    this.#post = undefined
    this.#deadlines.hold('failover')
    this.held(false)
    this.#controls = []
    const lost = [...this.#sent.values()]
    this.#sent.clear()
    const again: Call[] = []
    for (const call of lost) {
      if (call.plan.resend && call.timesSent < TIMES_SENT_MAX) again.push(call)
      else this.#reject(call, lostError(call, cause))
    }
    this.#requeue(again)
    return this.#queue.length > 0
  }

  /** No engine could be had: everything queued rejects. */
  giveUp(cause: Error): void {
    const calls = this.#queue
    this.#queue = []
    this.#writer.truncate(0)
    this.#deadlines.release('failover')
    for (const call of calls) this.#reject(call, lostError(call, cause))
  }

  /** The page may stop: every call rejects with what is known of it. Calls made later are those of another client. */
  suspend(next: ClientId, cause: Error): void {
    const calls = this.#open()
    this.#post = undefined
    this.#controls = []
    this.#queue = []
    this.#sent.clear()
    this.#writer.truncate(0)
    for (const call of calls) this.#reject(call, lostError(call, cause))
    this.#client = next
    this.#lastSeq = 0
    this.#acknowledging.restart()
  }

  /** Every call, made already or later, rejects with `error`. */
  finish(error: Error): void {
    this.#end = error
    this.#post = undefined
    const calls = this.#open()
    this.#queue = []
    this.#sent.clear()
    for (const call of calls) this.#reject(call, error)
    this.#deadlines.release('failover')
    this.#deadlines.stop()
    this.#acknowledging.stop()
  }

  /** Calls made later reject with `error`; those made already go on. */
  refuseNew(error: ClosedError): void {
    this.#refusal = error
  }

  #open(): Call[] {
    return [...this.#sent.values(), ...this.#queue]
  }

  #schedule(): void {
    if (!this.#post) {
      this.#onWork()
    } else if (this.#writer.length >= ENVELOPE_BYTES || this.#queue.length >= ENVELOPE_REQUESTS) {
      this.#flush()
    } else if (!this.#flushScheduled) {
      this.#flushScheduled = true
      queueMicrotask(() => {
        this.#flushScheduled = false
        if (this.#post) this.#flush()
      })
    }
  }

  #flush(): void {
    const calls = this.#queue
    const controls = this.#controls
    if (calls.length === 0 && controls.length === 0) return
    this.#queue = []
    this.#controls = []
    const requests: Request[] = []
    const payload = this.#writer.length > 0 ? this.#writer.take() : undefined
    const keep = payload && calls.some(({ plan, from, to }) => plan.resend && to > from)
    const kept = keep ? (transferred(payload).length > 0 ? payload.slice(0) : payload) : undefined
    const nowMs = this.#clock.monotonicMs()
    for (const call of calls) {
      if (call.seq === 0) {
        call.seq = ++this.#lastSeq
        call.plan.numbered?.(call.seq)
      }
      call.timesSent++
      call.kept = call.plan.resend && call.to > call.from ? kept : undefined
      this.#sent.set(call.seq, call)
      requests.push(numbered(call, nowMs))
    }
    // Controls come behind: one may be about a request of this very envelope.
    requests.push(...controls)
    this.#send(requests, payload)
  }

  #send(requests: readonly Request[], payload?: ArrayBuffer): void {
    const ackedThrough = this.#acknowledging.through()
    const envelope = { type: 'requests', client: this.#client, ackedThrough, requests } as const
    this.#post?.(payload ? { ...envelope, payload } : envelope, transferred(payload))
  }

  #answer(answer: Answer, payload: ArrayBuffer): void {
    const call = this.#sent.get(answer.seq)
    // An answer to a call that its caller gave up.
    if (!call) return
    if (answer.type === 'error') {
      this.#sent.delete(answer.seq)
      this.#reject(call, fromWireError(answer.error))
      return
    }
    let final = false
    try {
      if (isPiece(answer)) {
        call.plan.reader.chunk(answer, payload)
        if (call.plan.demandMs === undefined) this.#controls.push({ type: 'credit', target: answer.seq, chunks: 1 })
        return
      }
      if (answer.type === 'progress') {
        call.plan.onProgress?.(answer.done, answer.total)
        return
      }
      final = true
      const result = call.plan.reader.finish(answer, payload)
      this.#sent.delete(answer.seq)
      this.#settle(call)
      call.resolve(result)
    } catch (error) {
      this.#sent.delete(answer.seq)
      if (!final) this.#tellCancelled(answer.seq)
      this.#reject(call, error)
    }
  }

  #listen(call: Call, signal: AbortSignal): void {
    const onAbort = () => this.#abandon(call, abortError(signal, effect(call)))
    signal.addEventListener('abort', onAbort, { once: true })
    call.stopListening = () => signal.removeEventListener('abort', onAbort)
  }

  #expire(call: Call): void {
    const { timeoutMs } = call.plan
    this.#abandon(call, new TimeoutError(`The call has not ended within its ${timeoutMs} ms. ${effect(call)}`))
  }

  /** Ends a call for its caller with `error`; an engine that has it is told to give it up. */
  #abandon(call: Call, error: Error): void {
    if (call.settled) return
    if (this.#sent.delete(call.seq)) {
      this.#tellCancelled(call.seq)
      this.#schedule()
    } else {
      // Its values stay in the payload, unused: those of later calls keep their places.
      this.#queue = this.#queue.filter((queued) => queued !== call)
    }
    this.#reject(call, error)
  }

  #tellCancelled(seq: number): void {
    this.#onCancel?.(this.#client, seq)
    this.#controls.push({ type: 'cancel', target: seq })
  }

  #reject(call: Call, error: unknown): void {
    this.#settle(call)
    call.reject(error)
  }

  #settle(call: Call): void {
    call.settled = true
    call.stopListening?.()
    call.plan.observer?.settled()
    this.#checkIdle()
  }

  #checkIdle(): void {
    if (this.#onIdle && this.#queue.length === 0 && this.#sent.size === 0) this.#onIdle()
  }

  #requeue(again: readonly Call[]): void {
    this.resentRequests += again.length
    this.#queue = [...again, ...this.#queue]
    this.#writer = packAgain(this.#queue, this.#writer)
  }

  #settledThrough(): number {
    const oldest = firstRecorded(this.#sent.values())
    const queued = firstRecorded(this.#queue) ?? this.#lastSeq + 1
    return Math.min(oldest ?? this.#lastSeq + 1, queued) - 1
  }
}

/**
 * The number of the first call whose outcome an engine may keep; one that changes nothing has none, however long it takes.
 * Calls that wait to be sent again stand in front of a queue; the others have no number yet.
 */
function firstRecorded(calls: Iterable<Call>): number | undefined {
  for (const { seq, plan } of calls) {
    if (seq === 0) break
    if (plan.ifLost !== 'no') return seq
  }
  return undefined
}
