// Answers on their way out. Rows stay in buffers of their own until a message is put together, because each answer waits
// for its commits alone; then the buffers are laid one after another into the message's one payload. Answers with more rows
// than a chunk are several messages, so that none is larger than a chunk and the largest row that is not cut.
import type { Answer, Answers, PackedRows, StatementResult } from '../protocol/messages.ts'
import { CHUNK_BYTES } from '../protocol/value-codec.ts'
import type { PackedChunk } from './packing.ts'

/** Makes an answer once its rows have a place in the payload. */
export type Reply = (place: Place) => Answer
type Place = (rows: PackedChunk) => PackedRows

/** How a statement ended, before it is an answer. */
export interface StatementOutcome {
  readonly changes: number
  readonly lastInsertRowid: bigint
  /** Absent where no rows were wanted. The columns are absent if they were sent before. */
  readonly rows?: { readonly columns?: readonly string[] | undefined; readonly chunks: readonly PackedChunk[] }
}

export interface Timing {
  readonly queuedMs: number
  readonly ranMs: number
}

/** Puts replies into messages with one payload each; usually into one. */
export function buildAnswers(replies: readonly Reply[]): Answers[] {
  const messages: AnswersDraft[] = []
  for (const reply of replies) {
    const last = messages.at(-1)
    if (last?.add(reply)) continue
    const next = new AnswersDraft()
    next.add(reply)
    messages.push(next)
  }
  return messages.map((message) => message.finish())
}

class AnswersDraft {
  readonly #answers: Answer[] = []
  readonly #parts: Uint8Array<ArrayBuffer>[] = []
  #length = 0

  /** False, and the reply is not taken, if it has more rows than there is room for. */
  add(reply: Reply): boolean {
    const parts: Uint8Array<ArrayBuffer>[] = []
    let length = this.#length
    const answer = reply(({ bytes, ...rest }) => {
      const range = { at: length, bytes: bytes.length, ...rest }
      parts.push(bytes)
      length += bytes.length
      return range
    })
    if (length > CHUNK_BYTES && this.#answers.length > 0 && length > this.#length) return false
    this.#answers.push(answer)
    this.#parts.push(...parts)
    this.#length = length
    return true
  }

  finish(): Answers {
    const message = { type: 'answers', answers: this.#answers } as const
    return this.#length === 0 ? message : { ...message, payload: joined(this.#parts, this.#length) }
  }
}

/** The `chunk` answers and the final `result` of one statement. */
export function resultReplies(seq: number, outcome: StatementOutcome, timing: Timing): Reply[] {
  const { rows } = outcome
  if (!rows) return [() => ({ type: 'result', seq, ...statementFields(outcome, timing) })]
  const last = rows.chunks.at(-1)!
  const before = rows.chunks.slice(0, -1)
  const replies = before.map((chunk, i) => chunkReply(seq, chunk, i === 0 ? rows.columns : undefined))
  const columns = before.length === 0 && rows.columns ? { columns: rows.columns } : {}
  replies.push((place) => ({
    type: 'result',
    seq,
    ...statementFields(outcome, timing),
    ...columns,
    rows: place(last),
  }))
  return replies
}

export function chunkReply(seq: number, chunk: PackedChunk, columns: readonly string[] | undefined): Reply {
  return (place) => ({ type: 'chunk', seq, ...(columns && { columns }), rows: place(chunk) })
}

/** The answers to a batch: what its items gave in order, in parts of about a chunk. */
export function batchReplies(seq: number, outcomes: readonly StatementOutcome[], timing: Timing): Reply[] {
  const replies: Reply[] = []
  let part: ((place: Place) => StatementResult)[] = []
  let bytes = 0
  const cut = (type: 'batch-part' | 'batch-result') => {
    const results = part
    replies.push((place) => ({ type, seq, results: results.map((result) => result(place)) }))
    part = []
    bytes = 0
  }
  for (const outcome of outcomes) {
    const { rows } = outcome
    const fields = statementFields(outcome, timing)
    if (!rows) {
      part.push(() => fields)
      continue
    }
    const names = rows.columns ?? []
    const last = rows.chunks.at(-1)!
    const before = rows.chunks.slice(0, -1)
    if (part.length > 0 && (before.length > 0 || bytes + last.bytes.length > CHUNK_BYTES)) cut('batch-part')
    bytes += last.bytes.length
    before.forEach((chunk, i) => {
      replies.push(chunkReply(seq, chunk, i === 0 ? names : undefined))
    })
    part.push((place) => ({ ...fields, ...(before.length === 0 && { columns: names }), rows: place(last) }))
  }
  cut('batch-result')
  return replies
}

export function joinedChunks(chunks: readonly PackedChunk[]): PackedChunk {
  if (chunks.length === 1) return chunks[0]!
  const parts = chunks.map(({ bytes }) => bytes)
  const length = parts.reduce((sum, { length }) => sum + length, 0)
  return {
    bytes: new Uint8Array(joined(parts, length)),
    count: chunks.reduce((sum, { count }) => sum + count, 0),
  }
}

function statementFields({ changes, lastInsertRowid }: StatementOutcome, timing: Timing): StatementResult {
  return { changes, lastInsertRowid, ...timing }
}

function joined(parts: readonly Uint8Array<ArrayBuffer>[], length: number): ArrayBuffer {
  const filled = parts.filter((part) => part.length > 0)
  const [first] = filled
  if (filled.length === 1 && first && first.byteOffset === 0 && first.buffer.byteLength === length) return first.buffer
  const all = new Uint8Array(length)
  let at = 0
  for (const part of filled) {
    all.set(part, at)
    at += part.length
  }
  return all.buffer
}
