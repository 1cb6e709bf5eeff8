// A call whose answer comes in pieces, each taken when its reader asks for it. It stands apart because streams of rows and
// of an exported file share all of it: credit, a time limit per demand, what the death of the worker means, the end.
//
// Invariants: the request is sent at the first demand; the worker has at most four pieces under way that were not taken;
// once a piece has been taken the request is never sent again, because another engine would answer from another state.

import { TimeoutError } from '../errors/errors.ts'
import type { ValueWriter } from '../protocol/value-writer.ts'
import { type AnswerReader, type ChunkAnswer, type FinalAnswer, isPiece } from './answer-readers.ts'
import type { CallObserver, CallPlan, RequestBody } from './call.ts'
import type { Scope } from './scope.ts'
import type { StatementText } from './sql-text.ts'

/** The worker enforces the limit itself and knows more, so its word is waited for a little longer. */
const GRACE_MS = 500

export interface Piece {
  readonly answer: ChunkAnswer | FinalAnswer
  readonly payload: ArrayBuffer
}

export interface FlowOptions {
  readonly text: StatementText
  /** Limits the time from a demand to its piece; 0 for no limit. */
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  build(writer: ValueWriter): RequestBody
}

export class Flow {
  readonly #scope: Scope
  readonly #options: FlowOptions
  #pieces: Piece[] = []
  #state: 'new' | 'open' | 'over' = 'new'
  #taken = false
  #seq = 0
  #failure: { readonly error: unknown } | undefined
  #abandon: ((error: Error) => void) | undefined
  #wake: (() => void) | undefined
  #observer: CallObserver | undefined

  constructor(scope: Scope, options: FlowOptions) {
    this.#scope = scope
    this.#options = options
  }

  /** The next piece, the final answer being the last one; undefined after it. Throws what ended the call. */
  async next(): Promise<Piece | undefined> {
    if (this.#state === 'new') this.#start()
    if (this.#pieces.length === 0 && this.#state === 'open') await this.#news()
    if (this.#failure) throw this.#failure.error
    const piece = this.#pieces.shift()
    if (!piece) return undefined
    this.#taken = true
    if (isPiece(piece.answer)) this.#scope.session.line.credit(this.#seq, 1)
    return piece
  }

  /** Gives the call up if it has not ended; the worker frees what it holds for it. */
  end(): void {
    this.#pieces = []
    if (this.#state === 'open') this.#abandon?.(new Error('The rest is not wanted.'))
    this.#state = 'over'
  }

  #start(): void {
    this.#state = 'open'
    const { session } = this.#scope
    const { text, signal, timeoutMs, build } = this.#options
    const admitted = this.#scope.admit(text)
    this.#observer = admitted.observer
    const taken = () => this.#taken
    const plan: CallPlan<void> = {
      build,
      reader: this.#reader(),
      signal,
      timeoutMs: 0,
      demandMs: timeoutMs,
      ifLost: 'no',
      asks: admitted.asks === true,
      get resend() {
        return admitted.resend && !taken()
      },
      observer: {
        made: (abandon) => {
          this.#abandon = abandon
          session.flows.add(abandon)
        },
        settled: () => {
          if (this.#abandon) session.flows.delete(this.#abandon)
        },
      },
      numbered: (seq) => {
        this.#seq = seq
      },
    }
    session.line.call(plan).then(
      () => this.#over(undefined),
      (error: unknown) => this.#over({ error }),
    )
  }

  #over(failure: { readonly error: unknown } | undefined): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#failure = failure
    this.#wake?.()
  }

  /** Resolves when there is a piece or the call is over. */
  async #news(): Promise<void> {
    const { timeoutMs } = this.#options
    const late = () =>
      this.#abandon?.(new TimeoutError(`No more came within ${timeoutMs} ms. What was not taken is lost; ask again.`))
    const cancelTimer = timeoutMs === 0 ? undefined : this.#scope.session.line.after(timeoutMs + GRACE_MS, late)
    // Between two demands nobody waits for the transaction that it may belong to.
    this.#observer?.made((error) => this.#abandon?.(error))
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    this.#observer?.settled()
    this.#wake = undefined
    cancelTimer?.()
  }

  #reader(): AnswerReader<void> {
    const take = (answer: ChunkAnswer | FinalAnswer, payload: ArrayBuffer) => {
      this.#pieces.push({ answer, payload })
      this.#wake?.()
    }
    return {
      chunk: take,
      finish: take,
      restart: () => {
        this.#pieces = []
      },
    }
  }
}
