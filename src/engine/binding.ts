// Binds packed values (`protocol/value-codec.ts`) to a statement without decoding them: numbers are read from the
// message, text and blobs are bound by pointer into the copy of it that already lies in the wasm heap. It also decides
// whether the parameters fit the statement.
import { BindError } from '../errors/errors.ts'
import { VALUE_BLOB, VALUE_INT32, VALUE_INT64, VALUE_NULL, VALUE_REAL, VALUE_TEXT } from '../protocol/value-codec.ts'
import { assert } from '../store/assert.ts'
import { SQLITE_OK, SQLITE_TOOBIG } from '../vfs/result-codes.ts'
import type { Statement } from './statement.ts'

const SQLITE_STATIC = 0

/** Packed values in a message and the address of the same bytes in the wasm heap. */
export interface PackedSource {
  readonly view: DataView
  /** Address of the view's first byte in the heap. */
  readonly pointer: number
}

/**
 * Binds `count` values that begin at byte `at`; returns the byte after them. `order` gives each value's parameter index
 * (from `parameterOrder`); without it they go by position.
 */
export function bindValues(
  statement: Statement,
  source: PackedSource,
  at: number,
  count: number,
  order?: readonly number[],
): number {
  const { exports } = statement.connection.instance
  const { view, pointer: base } = source
  const { pointer } = statement
  let next = at
  for (let i = 0; i < count; i++) {
    const index = order === undefined ? i + 1 : order[i]!
    const type = view.getUint8(next++)
    let code: number
    switch (type) {
      case VALUE_NULL:
        code = exports.sqlite3_bind_null(pointer, index)
        break
      case VALUE_INT32:
        code = exports.sqlite3_bind_int(pointer, index, view.getInt32(next, true))
        next += 4
        break
      case VALUE_INT64:
        code = exports.sqlite3_bind_int64(pointer, index, view.getBigInt64(next, true))
        next += 8
        break
      case VALUE_REAL:
        code = exports.sqlite3_bind_double(pointer, index, view.getFloat64(next, true))
        next += 8
        break
      case VALUE_TEXT:
      case VALUE_BLOB: {
        const bytes = view.getUint32(next, true)
        next += 4
        assert(next + bytes <= view.byteLength, 'a packed value ends inside its message')
        const bind = type === VALUE_TEXT ? exports.sqlite3_bind_text : exports.sqlite3_bind_blob
        statement.boundByPointer = true
        code = bind(pointer, index, base + next, bytes, SQLITE_STATIC)
        next += bytes
        break
      }
      default:
        throw new BindError(`The packed parameter has an unknown type ${type}.`, index)
    }
    if (code !== SQLITE_OK) {
      const name = statement.parameterNames[index - 1] ?? index
      if (code === SQLITE_TOOBIG) throw new BindError(`Parameter ${name} is larger than 256 MiB.`, name)
      throw statement.connection.error(statement.sql)
    }
  }
  return next
}

/** Gives back the heap copy that a statement's text and blobs were bound to. */
export function releaseParameters(statement: Statement, pointer: number | undefined): void {
  assert(!statement.boundByPointer, 'bindings are cleared before what they point at is freed')
  if (pointer !== undefined) statement.connection.instance.parameters.release(pointer)
}

/**
 * Checks that the given parameters are exactly those of the statement. Returns each value's parameter index where they
 * were given by name. Throws BindError that names the parameter.
 */
export function parameterOrder(
  statement: Statement,
  count: number,
  names: readonly string[] | undefined,
): readonly number[] | undefined {
  if (names === undefined) {
    checkPositions(statement, count)
    return undefined
  }
  const wanted = statement.parameterNames
  const order = names.map((name) => {
    const index = wanted.findIndex((parameter) => parameter !== undefined && matches(parameter, name))
    if (index >= 0) return index + 1
    throw new BindError(`The statement has no parameter named ${name}; it has ${list(wanted)}.`, name)
  })
  const given = new Set(order)
  wanted.forEach((parameter, i) => {
    if (given.has(i + 1)) return
    const name = parameter ?? i + 1
    throw new BindError(`No value is given for parameter ${name}.`, name)
  })
  return order
}

function checkPositions(statement: Statement, count: number): void {
  const wanted = statement.parameterCount
  if (count === wanted) return
  if (count > wanted)
    throw new BindError(`The statement has ${wanted} parameters but ${count} values were given.`, wanted + 1)
  const name = statement.parameterNames[count] ?? count + 1
  throw new BindError(`The statement has ${wanted} parameters; no value is given for ${name}.`, name)
}

/** A name with its prefix matches itself; a bare one matches with any prefix. */
function matches(parameter: string, name: string): boolean {
  return parameter === name || (/^[:@$]/.test(parameter) && parameter.slice(1) === name)
}

function list(names: readonly (string | undefined)[]): string {
  return names.length === 0 ? 'none' : names.map((name, i) => name ?? `?${i + 1}`).join(', ')
}
