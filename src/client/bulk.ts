// The bulk path: many parameter sets, packed into parts of about a megabyte, run as one transaction. It stands apart
// because it is the only call that is more than one message.
//
// The engine answers each part; the answers are the sender's credit: at most PARTS_UNDER_WAY parts are not answered. If
// the source of the sets or a part fails, the bulk is cancelled, and the engine rolls all of it back.
//
// The last part carries the bulk's commit and its outcome. So it alone is sent again when the engine dies: it is answered
// from its commit record, or the bulk is not known any more and was not applied.

import { BindError, LeaderLostError, UsageError } from '../errors/errors.ts'
import { type Parameters, ValueWriter, writeParameters } from '../protocol/value-writer.ts'
import { abortError } from './abort.ts'
import { readBulkPart } from './answer-readers.ts'
import type { CallOptions } from './options.ts'
import type { Scope, ScopedPlan } from './scope.ts'
import type { StatementText } from './sql-text.ts'

/** Parameter sets for `runMany`, one per execution. */
export type BulkRows = Iterable<Parameters> | AsyncIterable<Parameters>

const PART_BYTES = 1 << 20
const PARTS_UNDER_WAY = 4

/** Runs the bulk and answers how many rows it changed. */
export async function runBulk(
  scope: Scope,
  sql: string,
  text: StatementText,
  rows: BulkRows,
  options: CallOptions | undefined,
): Promise<number> {
  checkRows(rows)
  const bulk = new Bulk(scope, sql, text, options)
  try {
    if (Symbol.asyncIterator in rows) {
      for await (const row of rows) if (bulk.add(row)) await bulk.credit()
    } else {
      for (const row of rows) if (bulk.add(row)) await bulk.credit()
    }
    return await bulk.finish()
  } catch (error) {
    bulk.cancel()
    throw error
  }
}

class Bulk {
  readonly #scope: Scope
  readonly #sql: string
  readonly #plan: ScopedPlan
  readonly #options: CallOptions | undefined
  /** On the monotonic clock, less the time that stood still; 0 for none. */
  readonly #deadlineMs: number
  readonly #packer = new ValueWriter()
  #names: readonly string[] | undefined
  #width = 0
  #rows = 0
  #setsInPart = 0
  /** The first part's number, by which the others name the bulk; 0 until it was sent. */
  #number = 0
  #sent = false
  #lastSent = false
  #underWay = 0
  #wake: (() => void) | undefined
  #failure: { readonly error: unknown } | undefined
  #changes = 0

  constructor(scope: Scope, sql: string, text: StatementText, options: CallOptions | undefined) {
    this.#scope = scope
    this.#sql = sql
    this.#plan = scope.admit(text)
    this.#options = options
    const timeoutMs = options?.timeoutMs ?? 0
    const { clock, line } = scope.session
    this.#deadlineMs = timeoutMs === 0 ? 0 : clock.monotonicMs() - line.stoodMs + timeoutMs
  }

  /** Packs one set; true if a part was sent and credit should be awaited. */
  add(row: Parameters): boolean {
    this.#throwFailure()
    const signal = this.#options?.signal
    if (signal?.aborted) throw abortError(signal, 'Nothing of it was written.')
    this.#rows++
    try {
      this.#pack(row)
    } catch (error) {
      throw error instanceof BindError
        ? new BindError(`Row ${this.#rows} of runMany(): ${error.message}`, error.parameter)
        : error
    }
    this.#setsInPart++
    if (this.#packer.length < PART_BYTES) return false
    this.#send(false)
    return true
  }

  /** Resolves when another part may be sent; throws if one has failed. */
  async credit(): Promise<void> {
    // While the first part waits for an engine, it has no number by which the next could name the bulk.
    while ((this.#underWay >= PARTS_UNDER_WAY || (this.#sent && this.#number === 0)) && !this.#failure) {
      await this.#news()
    }
    this.#throwFailure()
  }

  /** Sends what is left and answers the changes of all. */
  async finish(): Promise<number> {
    await this.credit()
    this.#send(true)
    while (this.#underWay > 0 && !this.#failure) await this.#news()
    this.#throwFailure()
    return this.#changes
  }

  /** Makes the engine give up the bulk. */
  cancel(): void {
    const lost = this.#failure?.error instanceof LeaderLostError
    if (this.#number !== 0 && !lost) this.#scope.session.line.cancel(this.#number)
  }

  #pack(row: Parameters): void {
    if (this.#rows === 1) {
      const { count, names } = writeParameters(this.#packer, row)
      this.#width = count
      this.#names = names
      return
    }
    const values = this.#names ? namedValues(row, this.#names) : row
    if (!Array.isArray(values)) throw new BindError('It is not an array, but the first one was.')
    if (values.length !== this.#width) {
      throw new BindError(`It has ${values.length} values, but the first had ${this.#width}.`)
    }
    writeParameters(this.#packer, values)
  }

  #send(last: boolean): void {
    const { session, transaction } = this.#scope
    const bytes = this.#packer.length
    const setCount = this.#setsInPart
    const packed = new Uint8Array(this.#packer.take(), 0, bytes)
    this.#setsInPart = 0
    this.#underWay++
    this.#sent = true
    this.#lastSent = last
    const limitMs = this.#deadlineMs
    const part = session.line.call({
      ...this.#plan,
      resend: last && this.#plan.resend,
      ifLost: last ? this.#plan.ifLost : 'no',
      build: (writer) => {
        const at = writer.length
        writer.append(packed)
        const sets = { at, bytes, count: setCount * this.#width, ...(this.#names && { names: this.#names }) }
        return {
          type: 'bulk',
          sql: this.#sql,
          sets,
          setCount,
          valuesPerSet: this.#width,
          bulk: this.#number,
          last,
          ...(transaction !== undefined && { transaction }),
        }
      },
      reader: readBulkPart,
      numbered: (seq) => {
        if (this.#number === 0) this.#number = seq
        this.#wake?.()
      },
      signal: this.#options?.signal,
      timeoutMs: limitMs === 0 ? 0 : Math.max(1, limitMs + session.line.stoodMs - session.clock.monotonicMs()),
    })
    part.then(
      (changes) => this.#settled(() => (this.#changes = changes ?? this.#changes)),
      (error: unknown) => this.#settled(() => this.#fail(error)),
    )
    // The next part names this one, so it has to have its number.
    session.line.flush()
  }

  #settled(note: () => void): void {
    note()
    this.#underWay--
    this.#wake?.()
  }

  #fail(error: unknown): void {
    const lost = error instanceof LeaderLostError
    // Once the last part is on its way, it decides what became of the bulk.
    if (lost && this.#lastSent && this.#underWay > 1) return
    const forgotten = this.#lastSent && error instanceof UsageError && error.code === 'protocol'
    this.#failure ??= { error: forgotten ? lostBulkError(error) : error }
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error
  }
}

function lostBulkError(cause: Error): LeaderLostError {
  return new LeaderLostError(
    'no',
    "The database's worker ended before the bulk was committed. Nothing of it was written.",
    {
      cause,
    },
  )
}

function namedValues(row: unknown, names: readonly string[]): unknown[] {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    throw new BindError('It is not an object by name, but the first one was.')
  }
  const keys = Object.keys(row)
  const missing = names.find((name) => !Object.hasOwn(row, name))
  if (missing !== undefined) throw new BindError(`It has no value for '${missing}', but the first had one.`, missing)
  if (keys.length !== names.length) {
    const extra = keys.find((key) => !names.includes(key))
    throw new BindError(`It has a value for '${extra}', but the first had none.`, extra)
  }
  return names.map((name) => Reflect.get(row, name))
}

function checkRows(rows: unknown): void {
  const iterable =
    typeof rows === 'object' && rows !== null && (Symbol.iterator in rows || Symbol.asyncIterator in rows)
  if (iterable && !ArrayBuffer.isView(rows)) return
  throw new UsageError(
    'invalid-argument',
    'runMany() takes an iterable of parameter sets, such as [[1, "a"], [2, "b"]], a generator or an async generator.',
  )
}
