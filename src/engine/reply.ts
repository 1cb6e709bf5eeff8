// Answers on their way out. Rows stay in buffers of their own until a message is put together, because each answer waits
// for its commits alone; then the buffers are laid one after another into the message's one payload.
import type { Answer, Answers, PackedRows, StatementResult } from '../protocol/messages.ts'
import type { PackedChunk } from './packing.ts'

/** Makes an answer once its rows have a place in the payload. */
export type Reply = (place: (rows: PackedChunk) => PackedRows) => Answer

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

/** Puts replies into one message with one payload. */
export function buildAnswers(replies: readonly Reply[]): Answers {
  const parts: Uint8Array<ArrayBuffer>[] = []
  let length = 0
  const answers = replies.map((reply) =>
    reply(({ bytes, count }) => {
      const range = { at: length, bytes: bytes.length, count }
      parts.push(bytes)
      length += bytes.length
      return range
    }),
  )
  if (length === 0) return { type: 'answers', answers }
  return { type: 'answers', answers, payload: joined(parts, length) }
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

/** The answer to a batch; its rows travel whole. */
export function batchReply(seq: number, outcomes: readonly StatementOutcome[], timing: Timing): Reply {
  return (place) => ({
    type: 'batch-result',
    seq,
    results: outcomes.map((outcome) => {
      const { rows } = outcome
      if (!rows) return statementFields(outcome, timing)
      return {
        ...statementFields(outcome, timing),
        columns: rows.columns ?? [],
        rows: place(joinedChunks(rows.chunks)),
      }
    }),
  })
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
