// How a request settled, as bytes that travel in its commit record, so that the same request sent again is answered and
// not run again. Table, little-endian:
//
//   offset  size  field
//   0       1     kind: 1 done, 2 result, 3 batch, 4 applied but what it answered was too much to keep, 5 a part of a script
//   1       4     what changes() answers the client from now on, u32
//   5       4     how much the request added to its total_changes(), u32
//   9       8     its last_insert_rowid(), i64
//   done and 4 end here; 5 is a u32, the statements from the script's beginning that are in force; result is one statement, batch is a u16 count and that many statements:
//   +0      4     changes, u32
//   +4      8     lastInsertRowid, i64
//   +12     1     1 if rows follow, else 0
//   +13     4     bytes of the column names, a JSON array in UTF-8; then the names
//   then    4     row count; 4 bytes of the packed rows; then the rows
//
// The store may have kept only the beginning of it, or nothing: then the request was applied and its result is lost.
import { LeaderLostError } from '../errors/errors.ts'
import { joinedChunks, type StatementOutcome } from './reply.ts'

const HEAD_BYTES = 17
const STATEMENT_HEAD_BYTES = 13
const KIND_DONE = 1
const KIND_RESULT = 2
const KIND_BATCH = 3
const KIND_ROWS_LOST = 4
const KIND_PARTLY = 5
/** Beyond this only the fact that the request was applied is kept. The store keeps a little more than this free per commit. */
const OUTCOME_BYTES_MAX = 64 * 1024

export type RecordedOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'result'; readonly statements: readonly StatementOutcome[] }
  | { readonly kind: 'batch'; readonly statements: readonly StatementOutcome[] }

/** A script with transactions of its own has come so far: a commit behind it replaces this. */
export interface PartOutcome {
  readonly kind: 'partly'
  /** Statements from its beginning that are in force. */
  readonly count: number
}

export const DONE_OUTCOME: RecordedOutcome = { kind: 'done' }

/** What a request changed in what its client has counted. */
export interface CountsMoved {
  readonly changes: number
  readonly totalChanges: number
  readonly lastInsertRowid: bigint
}

export function encodeOutcome(outcome: RecordedOutcome | PartOutcome, moved: CountsMoved): Uint8Array {
  if (outcome.kind === 'partly') return concat([head(KIND_PARTLY, moved), u32(outcome.count)])
  if (outcome.kind === 'done') return head(KIND_DONE, moved)
  const [only] = outcome.statements
  if (outcome.kind === 'result' && only && !only.rows) return encodePlainResult(only, moved)
  const parts: Uint8Array[] = []
  if (outcome.kind === 'batch') parts.push(new Uint8Array(Uint16Array.of(outcome.statements.length).buffer))
  let length = HEAD_BYTES + 2
  for (const { changes, lastInsertRowid, rows } of outcome.statements) {
    parts.push(statementHead(changes, lastInsertRowid, rows !== undefined))
    length += STATEMENT_HEAD_BYTES
    if (length > OUTCOME_BYTES_MAX) return head(KIND_ROWS_LOST, moved)
    if (!rows) continue
    const names = new TextEncoder().encode(JSON.stringify(rows.columns ?? []))
    length += 12 + names.length + rows.chunks.reduce((sum, { bytes }) => sum + bytes.length, 0)
    // Nothing is put together that is too large to be kept.
    if (length > OUTCOME_BYTES_MAX) return head(KIND_ROWS_LOST, moved)
    const { bytes, count } = joinedChunks(rows.chunks)
    parts.push(u32(names.length), names, u32(count), u32(bytes.length), bytes)
  }
  return concat([head(outcome.kind === 'batch' ? KIND_BATCH : KIND_RESULT, moved), ...parts])
}

/** Throws LeaderLostError: `yes` if the rows, or all of it, were not kept, `partly` for a part of a script. */
export function decodeOutcome(bytes: Uint8Array): RecordedOutcome {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = HEAD_BYTES
  const need = (count: number) => {
    if (at + count > bytes.length) throw resultLost()
  }
  need(0)
  const kind = view.getUint8(0)
  if (kind === KIND_DONE) return DONE_OUTCOME
  if (kind === KIND_ROWS_LOST) throw resultLost()
  if (kind === KIND_PARTLY) {
    need(4)
    throw partlyApplied(view.getUint32(at, true))
  }
  let count = 1
  if (kind === KIND_BATCH) {
    need(2)
    count = view.getUint16(at, true)
    at += 2
  }
  const statements: StatementOutcome[] = []
  for (let i = 0; i < count; i++) {
    need(13)
    const changes = view.getUint32(at, true)
    const lastInsertRowid = view.getBigInt64(at + 4, true)
    const hasRows = view.getUint8(at + 12) === 1
    at += 13
    if (!hasRows) {
      statements.push({ changes, lastInsertRowid })
      continue
    }
    need(4)
    const names = view.getUint32(at, true)
    need(4 + names + 8)
    const columns: string[] = JSON.parse(new TextDecoder().decode(bytes.subarray(at + 4, at + 4 + names)))
    at += 4 + names
    const rowCount = view.getUint32(at, true)
    const length = view.getUint32(at + 4, true)
    at += 8
    need(length)
    const chunk = { bytes: bytes.slice(at, at + length), count: rowCount }
    at += length
    statements.push({ changes, lastInsertRowid, rows: { columns, chunks: [chunk] } })
  }
  return { kind: kind === KIND_BATCH ? 'batch' : 'result', statements }
}

const resultLost = (): LeaderLostError =>
  new LeaderLostError(
    'yes',
    'The request was applied, but what it answered was too much to be kept for a second answer.',
  )

/** What the request changed in its client's counts; undefined if that was not kept. */
export function countsMoved(bytes: Uint8Array): CountsMoved | undefined {
  if (bytes.length < HEAD_BYTES) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return {
    changes: view.getUint32(1, true),
    totalChanges: view.getUint32(5, true),
    lastInsertRowid: view.getBigInt64(9, true),
  }
}

/** The answer to a script that was not seen to end; `statements` are in force, if that is known. */
export function partlyApplied(statements?: number): LeaderLostError {
  const known = statements === undefined ? 'Some' : `The first ${statements}`
  return new LeaderLostError(
    'partly',
    `The engine ended during a script with its own transactions. ${known} of its statements are in force, what was not committed is not.`,
    statements === undefined ? {} : { statements },
  )
}

// Heads are written here and copied out: a view on the buffer of each would cost more than all else of a short outcome.
const scratch = new Uint8Array(HEAD_BYTES + STATEMENT_HEAD_BYTES)
const scratchView = new DataView(scratch.buffer)

/** The common case, a write without rows: 30 bytes. */
function encodePlainResult({ changes, lastInsertRowid }: StatementOutcome, moved: CountsMoved): Uint8Array {
  writeHead(KIND_RESULT, moved)
  writeStatementHead(HEAD_BYTES, changes, lastInsertRowid, false)
  return scratch.slice()
}

function head(kind: number, moved: CountsMoved): Uint8Array {
  writeHead(kind, moved)
  return scratch.slice(0, HEAD_BYTES)
}

function writeHead(kind: number, { changes, totalChanges, lastInsertRowid }: CountsMoved): void {
  scratchView.setUint8(0, kind)
  scratchView.setUint32(1, changes, true)
  scratchView.setUint32(5, totalChanges, true)
  scratchView.setBigInt64(9, lastInsertRowid, true)
}

function statementHead(changes: number, lastInsertRowid: bigint, hasRows: boolean): Uint8Array {
  writeStatementHead(0, changes, lastInsertRowid, hasRows)
  return scratch.slice(0, STATEMENT_HEAD_BYTES)
}

function writeStatementHead(at: number, changes: number, lastInsertRowid: bigint, hasRows: boolean): void {
  scratchView.setUint32(at, changes, true)
  scratchView.setBigInt64(at + 4, lastInsertRowid, true)
  scratchView.setUint8(at + 12, hasRows ? 1 : 0)
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
