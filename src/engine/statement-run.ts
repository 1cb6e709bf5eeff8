// Running one compiled statement: parameters in, rows out. Everything here is synchronous and leaves the statement cleared;
// streams, which stop between rows, are in `reader-run.ts`.
import type { BulkRequest, PackedParameters, Want } from '../protocol/messages.ts'
import { SQLITE_DONE, SQLITE_ROW } from '../vfs/result-codes.ts'
import { bindValues, parameterOrder, releaseParameters } from './binding.ts'
import { SliceEnded } from './connection.ts'
import type { PackedChunk, RowPacker } from './packing.ts'
import type { StatementOutcome } from './reply.ts'
import type { Statement } from './statement.ts'

/** Rows between two looks at the clock. */
const ROWS_PER_LOOK = 32

/** Binds the packed parameters; returns the buffer to release after `Statement.clear`. Throws BindError. */
export function bindPacked(
  statement: Statement,
  payload: Uint8Array,
  packed: PackedParameters | undefined,
): number | undefined {
  const order = parameterOrder(statement, packed?.count ?? 0, packed?.names)
  if (packed === undefined || packed.count === 0) return undefined
  const { parameters } = statement.connection.instance
  const bytes = payload.subarray(packed.at, packed.at + packed.bytes)
  const pointer = parameters.copy(bytes)
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    bindValues(statement, { view, pointer }, 0, packed.count, order)
  } catch (error) {
    statement.clear()
    releaseParameters(statement, pointer)
    throw error
  }
  return pointer
}

/** Runs a statement to its end (or to its first row, if no more is wanted). */
export function runStatement(
  statement: Statement,
  payload: Uint8Array,
  packed: PackedParameters | undefined,
  want: Want,
  packer: RowPacker,
): StatementOutcome {
  const { connection } = statement
  const pointer = bindPacked(statement, payload, packed)
  const changesBefore = connection.totalChanges
  try {
    const rows = want === 'changes' ? skipRows(statement) : collectRows(statement, want, packer)
    const changes = connection.changesSince(changesBefore)
    return { changes, lastInsertRowid: connection.lastInsertRowid, ...(rows && { rows }) }
  } finally {
    packer.discard()
    statement.clear()
    connection.counts.note(statement.changesRows)
    releaseParameters(statement, pointer)
  }
}

/** Runs a statement once per parameter set of one bulk message; returns the changes. */
export function runSets(statement: Statement, payload: Uint8Array, request: BulkRequest): number {
  const { connection, pointer: handle } = statement
  const { exports, parameters } = connection.instance
  const { sets, setCount, valuesPerSet } = request
  const order = parameterOrder(statement, valuesPerSet, sets.names)
  const bytes = payload.subarray(sets.at, sets.at + sets.bytes)
  const pointer = parameters.copy(bytes)
  const source = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), pointer }
  let changes = 0
  try {
    let at = 0
    for (let i = 0; i < setCount; i++) {
      const changesBefore = connection.totalChanges
      at = bindValues(statement, source, at, valuesPerSet, order)
      let code = exports.sqlite3_step(handle)
      while (code === SQLITE_ROW) code = exports.sqlite3_step(handle)
      if (code !== SQLITE_DONE) throw connection.error(statement.sql)
      exports.sqlite3_reset(handle)
      changes += connection.changesSince(changesBefore)
    }
    return changes
  } finally {
    statement.clear()
    connection.counts.note(statement.changesRows)
    releaseParameters(statement, pointer)
  }
}

function skipRows(statement: Statement): undefined {
  if (!statement.step()) return
  const look = rowsLimit(statement)
  do look()
  while (statement.step())
}

/** To be called for each row from the first one on; throws SliceEnded when they take longer than they may. */
function rowsLimit({ connection }: Statement): () => void {
  const { rowsMs } = connection
  if (rowsMs === Number.POSITIVE_INFINITY) return () => {}
  const { clock } = connection.instance.environment
  const endMs = clock.monotonicMs() + rowsMs
  let rows = 0
  return () => {
    if (++rows % ROWS_PER_LOOK === 0 && clock.monotonicMs() >= endMs) throw new SliceEnded()
  }
}

function collectRows(statement: Statement, want: Want, packer: RowPacker): StatementOutcome['rows'] {
  const chunks: PackedChunk[] = []
  let more = statement.step()
  const look = rowsLimit(statement)
  const all = statement.columns
  const columns = want === 'first-value' ? all.slice(0, 1) : all
  const { heldBytesMax } = statement.connection
  let held = 0
  const hold = (chunk: PackedChunk) => {
    chunks.push(chunk)
    held += chunk.of ?? chunk.bytes.length
    if (held > heldBytesMax) throw new SliceEnded()
  }
  while (more) {
    if (!packer.add(statement, columns.length)) {
      if (packer.count > 0) hold(packer.take())
      for (const piece of packer.pieces(statement, columns.length)) hold(piece)
    }
    if (want !== 'rows') break
    look()
    more = statement.step()
    if (packer.full && more) hold(packer.take())
  }
  if (packer.count > 0 || chunks.length === 0) chunks.push(packer.take())
  return { columns, chunks }
}
