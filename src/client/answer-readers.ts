// What the answers to a request become: rows, a first row, changes. They stand apart as the only place of the client
// that looks into packed rows. A reader may be started again from the beginning, when its request is sent again.

import { UsageError } from '../errors/errors.ts'
import type { Answer, IntegerMode, MaintenanceReport, PackedRows, StatementResult } from '../protocol/messages.ts'
import { RowPieces } from '../protocol/row-pieces.ts'
import { type ArrayRow, type ObjectRow, readArrayRows, readObjectRows, type SqlValue } from '../protocol/row-reader.ts'

/** How rows come out. */
export interface RowShape {
  readonly rowMode: 'object' | 'array'
  readonly integers: IntegerMode
}

/** How one write went. */
export interface RunResult {
  /** Rows inserted, updated or deleted by the statement; 0 for a statement that changed none. */
  readonly changes: number
  /** The rowid of the last row that this client inserted; 0 before the first. */
  readonly lastInsertRowid: number | bigint
}

/** How one item of `batch` went. */
export interface BatchResult<Row = ObjectRow> extends RunResult {
  /** Empty for a statement that gives none. */
  readonly rows: Row[]
}

export type ChunkAnswer = Extract<Answer, { type: 'chunk' | 'bytes' | 'batch-part' }>
export type FinalAnswer = Exclude<Answer, ChunkAnswer | { type: 'progress' | 'error' }>

/** True for an answer that has to be credited and does not end its request. */
export function isPiece(answer: Answer): answer is ChunkAnswer {
  return answer.type === 'chunk' || answer.type === 'bytes' || answer.type === 'batch-part'
}

export interface AnswerReader<T> {
  /** Takes part of the rows or bytes; only readers of these get any. */
  chunk(answer: ChunkAnswer, payload: ArrayBuffer): void
  /** Takes the last answer and gives the call's result. */
  finish(answer: FinalAnswer, payload: ArrayBuffer): T
  /** Forgets what has been read. */
  restart(): void
}

/** For requests with one answer. */
function readWhole<T>(finish: (answer: FinalAnswer) => T): AnswerReader<T> {
  return { chunk: refuseChunk, finish, restart() {} }
}

/** For requests that answer `done`. */
export const readDone: AnswerReader<void> = /* @__PURE__ */ readWhole((answer) => expectAnswer(answer, 'done'))

export const readPrepared: AnswerReader<Extract<Answer, { type: 'prepared' }>> = /* @__PURE__ */ readWhole((answer) => {
  expectAnswer(answer, 'prepared')
  return answer
})

/** For housekeeping calls that answer with a report of their kind. */
export function readReport<K extends MaintenanceReport['kind']>(
  kind: K,
): AnswerReader<Extract<MaintenanceReport, { kind: K }>> {
  return readWhole((answer) => {
    expectAnswer(answer, 'report')
    const { report } = answer
    if (isReport(report, kind)) return report
    throw new UsageError('protocol', `The engine reported '${report.kind}' instead of '${kind}'.`)
  })
}

function isReport<K extends MaintenanceReport['kind']>(
  report: MaintenanceReport,
  kind: K,
): report is Extract<MaintenanceReport, { kind: K }> {
  return report.kind === kind
}

/** For a statement whose rows are not wanted. */
export function readRun(integers: IntegerMode): AnswerReader<RunResult> {
  return readWhole((answer) => {
    expectAnswer(answer, 'result')
    return runResult(answer, integers)
  })
}

/** For one part of a bulk: `undefined` until the last part's answer. */
export const readBulkPart: AnswerReader<number | undefined> = /* @__PURE__ */ readWhole((answer) => {
  if (answer.type === 'result') return answer.changes
  expectAnswer(answer, 'done')
  return undefined
})

/** For all rows of one statement. `onDuplicates` hears of columns that hide others of the same name. */
export function readRows(
  shape: RowShape,
  onDuplicates: (columns: readonly string[]) => void,
): AnswerReader<(ObjectRow | ArrayRow)[]> {
  let sink = new RowSink(shape, onDuplicates)
  return {
    chunk(answer, payload) {
      if (answer.type !== 'chunk') refuseChunk()
      sink.take(answer.columns, answer.rows, payload)
    },
    finish(answer, payload) {
      expectAnswer(answer, 'result')
      sink.take(answer.columns, answer.rows, payload)
      return sink.rows
    },
    restart() {
      sink = new RowSink(shape, onDuplicates)
    },
  }
}

/** For the first column of the first row; `undefined` without a row. */
export function readFirstValue(integers: IntegerMode): AnswerReader<SqlValue | undefined> {
  const rows = readRows({ rowMode: 'array', integers }, () => {})
  return {
    ...rows,
    finish(answer, payload) {
      const [row] = rows.finish(answer, payload)
      return Array.isArray(row) ? row[0] : undefined
    },
  }
}

/** For a batch: one result per item. */
export function readBatch(
  shape: RowShape,
  onDuplicates: (columns: readonly string[]) => void,
): AnswerReader<BatchResult<ObjectRow | ArrayRow>[]> {
  let items: BatchResult<ObjectRow | ArrayRow>[] = []
  let sink = new RowSink(shape, onDuplicates)
  const take = (results: readonly StatementResult[], payload: ArrayBuffer) => {
    for (const result of results) {
      sink.take(result.columns, result.rows, payload)
      items.push({ ...runResult(result, shape.integers), rows: sink.rows })
      sink = new RowSink(shape, onDuplicates)
    }
  }
  return {
    chunk(answer, payload) {
      if (answer.type === 'batch-part') take(answer.results, payload)
      else if (answer.type === 'chunk') sink.take(answer.columns, answer.rows, payload)
      else refuseChunk()
    },
    finish(answer, payload) {
      expectAnswer(answer, 'batch-result')
      take(answer.results, payload)
      return items
    },
    restart() {
      items = []
      sink = new RowSink(shape, onDuplicates)
    },
  }
}

/** Makes rows out of packed ones, as they come. */
export class RowSink {
  rows: (ObjectRow | ArrayRow)[] = []
  #columns: readonly string[] | undefined
  readonly #pieces = new RowPieces()
  readonly #shape: RowShape
  readonly #onDuplicates: (columns: readonly string[]) => void

  constructor(shape: RowShape, onDuplicates: (columns: readonly string[]) => void) {
    this.#shape = shape
    this.#onDuplicates = onDuplicates
  }

  /** Gives the rows taken so far and forgets them. */
  drain(): (ObjectRow | ArrayRow)[] {
    const { rows } = this
    this.rows = []
    return rows
  }

  take(columns: readonly string[] | undefined, packed: PackedRows | undefined, payload: ArrayBuffer): void {
    if (columns && !this.#columns) {
      this.#columns = columns
      if (this.#shape.rowMode === 'object' && new Set(columns).size < columns.length) this.#onDuplicates(columns)
    }
    if (!packed || packed.bytes === 0) return
    if (!this.#columns) throw new UsageError('protocol', 'Rows came before the names of their columns.')
    const source = this.#pieces.take(packed, payload)
    if (!source) return
    const { rowMode, integers } = this.#shape
    if (rowMode === 'array') readArrayRows(source, this.#columns.length, integers, this.rows as ArrayRow[])
    else readObjectRows(source, this.#columns, integers, this.rows as ObjectRow[])
  }
}

function runResult(result: StatementResult, integers: IntegerMode): RunResult {
  return { changes: result.changes, lastInsertRowid: rowid(result.lastInsertRowid, integers) }
}

function rowid(value: bigint, integers: IntegerMode): number | bigint {
  if (integers === 'bigint') return value
  const number = Number(value)
  if (Number.isSafeInteger(number)) return number
  if (integers === 'auto') return value
  throw new UsageError(
    'integer-range',
    `The row was written, but its rowid ${value} does not fit a number exactly. Open the database with integers: 'auto' or 'bigint'.`,
  )
}

export function expectAnswer<A extends FinalAnswer['type']>(
  answer: FinalAnswer,
  type: A,
): asserts answer is Extract<FinalAnswer, { type: A }> {
  if (answer.type !== type)
    throw new UsageError('protocol', `The engine answered '${answer.type}' instead of '${type}'.`)
}

function refuseChunk(): never {
  throw new UsageError('protocol', 'The engine sent rows to a request that wants none.')
}
