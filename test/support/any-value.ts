// Values for parameters and what comes out of the database for each, for tests of every way that they may take.
import fc from 'fast-check'
import type { IntegerMode } from '../../src/protocol/messages.ts'
import type { BindValue } from '../../src/protocol/value-writer.ts'

const edges = [2n ** 53n - 1n, 2n ** 53n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 63n - 1n, 0n, 1n]
/** Every kind of value that a parameter may be, with the edges of each. */
export const anyValue: fc.Arbitrary<BindValue> = fc.oneof(
  fc.constantFrom(null, true, false, '', new Uint8Array(), Infinity, -Infinity, -0, 5e-324, Number.MAX_VALUE, 2 ** 60),
  fc.constantFrom(...edges, ...edges.map((edge) => -edge), -(2n ** 63n)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true }),
  fc.string({ unit: 'binary', maxLength: 60 }).filter((text) => text.isWellFormed()),
  fc.constantFrom('a\u0000b', '\u0000', 'é', '\u{10FFFF}', '\uFEFFx', 'x'.repeat(70_000), '𝄞'.repeat(9000)),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => bytes.slice()),
  fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => new DataView(bytes.slice().buffer, 2, 5)),
  fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }),
)

/** What comes out, or undefined where the mode of integers refuses. */
export function out(value: BindValue, integers: IntegerMode): unknown {
  if (typeof value === 'boolean') return out(value ? 1 : 0, integers)
  if (value instanceof Date) return value.toISOString()
  if (value instanceof DataView)
    return new Uint8Array(value.buffer.slice(value.byteOffset, value.byteOffset + 5) as ArrayBuffer)
  const whole = typeof value === 'bigint' || (Number.isSafeInteger(value) && !Object.is(value, -0))
  if (!whole) return value
  const safe = Number.isSafeInteger(Number(value))
  if (integers === 'bigint') return BigInt(value as bigint)
  if (safe) return Number(value)
  return integers === 'auto' ? value : undefined
}
