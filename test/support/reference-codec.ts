// The other direction of the value codec, written from its table alone and for clarity, not speed: it packs rows as an
// engine does and unpacks parameters as an engine does, so that the page's halves are tested against something else
// than themselves.

import type { SqlValue } from '../../src/protocol/row-reader.ts'

/** What SQLite would hold; a real is wrapped, since 1 and 1.0 are one number in JavaScript but two values in SQLite. */
export type StoredValue = null | bigint | { readonly real: number } | string | Uint8Array<ArrayBuffer>

/** Packs values one after another; integers that fit take the 32-bit form. */
export function packValues(values: readonly StoredValue[]): Uint8Array<ArrayBuffer> {
  const parts = values.map(packValue)
  const packed = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    packed.set(part, at)
    at += part.length
  }
  return packed
}

function packValue(value: StoredValue): Uint8Array {
  if (value === null) return new Uint8Array([0])
  if (typeof value === 'bigint') {
    const small = BigInt.asIntN(32, value) === value
    const view = new DataView(new ArrayBuffer(small ? 5 : 9))
    view.setUint8(0, small ? 1 : 2)
    if (small) view.setInt32(1, Number(value), true)
    else view.setBigInt64(1, value, true)
    return new Uint8Array(view.buffer)
  }
  if (typeof value === 'string') return withLength(4, new TextEncoder().encode(value))
  if (value instanceof Uint8Array) return withLength(5, value)
  const view = new DataView(new ArrayBuffer(9))
  view.setUint8(0, 3)
  view.setFloat64(1, value.real, true)
  return new Uint8Array(view.buffer)
}

function withLength(type: number, bytes: Uint8Array): Uint8Array {
  const packed = new Uint8Array(5 + bytes.length)
  packed[0] = type
  new DataView(packed.buffer).setUint32(1, bytes.length, true)
  packed.set(bytes, 5)
  return packed
}

/** Unpacks `count` values from `at`; throws where the bytes do not follow the table. */
export function unpackValues(payload: ArrayBuffer, at: number, bytes: number, count: number): StoredValue[] {
  const view = new DataView(payload, at, bytes)
  const values: StoredValue[] = []
  let offset = 0
  for (let i = 0; i < count; i++) {
    const type = view.getUint8(offset++)
    if (type === 0) values.push(null)
    else if (type === 1) {
      values.push(BigInt(view.getInt32(offset, true)))
      offset += 4
    } else if (type === 2) {
      values.push(view.getBigInt64(offset, true))
      offset += 8
    } else if (type === 3) {
      values.push({ real: view.getFloat64(offset, true) })
      offset += 8
    } else if (type === 4 || type === 5) {
      const length = view.getUint32(offset, true)
      const content = new Uint8Array(payload, at + offset + 4, length).slice()
      values.push(type === 5 ? content : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content))
      offset += 4 + length
    } else throw new Error(`type ${type} at ${offset - 1}`)
  }
  if (offset !== bytes) throw new Error(`values end at ${offset}, not at ${bytes}`)
  return values
}

/** What a caller in integer mode 'auto' should see of a stored value. */
export function seen(value: StoredValue): SqlValue {
  if (typeof value === 'bigint') {
    const safe = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    return safe ? Number(value) : value
  }
  if (value === null || typeof value === 'string' || value instanceof Uint8Array) return value
  return value.real
}
