// The text of values in result blocks, against SQLite's own where it has one.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ControlSession } from '../conformance/control-session.ts'
import { type ConformanceValue, render } from '../conformance/render.ts'

/** Reals that are exact in few digits, since SQLite rounds the last of seventeen in its own way. */
const shortReal = fc
  .tuple(fc.integer({ min: -(2 ** 30), max: 2 ** 30 }), fc.integer({ min: 0, max: 5 }))
  .map(([numerator, power]) => numerator / 2 ** power)

describe('a value of', () => {
  it.each<[string, ConformanceValue, string]>([
    ['I', 9223372036854775807n, '9223372036854775807'],
    ['I', -2.9, '-2'],
    ['I', ' 12abc', '12'],
    ['I', 'abc', '0'],
    ['I', null, 'NULL'],
    ['R', 1n, '1.000'],
    ['R', -0.0625, '-0.063'],
    ['R', 2.0004, '2.000'],
    ['R', '1.5x', '1.500'],
    ['R', 1e22, '10000000000000000000000.000'],
    ['R', Number.POSITIVE_INFINITY, 'Inf'],
    ['R', null, 'NULL'],
    ['T', '', '(empty)'],
    ['T', null, 'NULL'],
    ['T', 'NULL', 'NULL'],
    ['T', 'tab\tnul\0é', 'tab@nul@@@'],
    ['T', 1.5, '1.5'],
    ['T', 2, '2.0'],
    ['T', 1 / 3, '0.333333333333333'],
    ['T', 1e15, '1.0e+15'],
    ['T', 7n, '7'],
    ['T', new Uint8Array([65, 0]), 'A@'],
    ['Q', '', "''"],
    ['Q', "it's é𝄞", "'it''s é𝄞'"],
    ['Q', 'a\0\n\x7f', "'a\\u{0}\\u{a}\\u{7f}'"],
    ['Q', new Uint8Array([10, 255]), "X'0AFF'"],
    ['Q', new Uint8Array(), "X''"],
    ['Q', 1 / 3, '0.3333333333333333'],
    ['Q', -5e-324, '-5.0e-324'],
  ])('type %s, %o, is %s', (type, value, text) => {
    expect(render(value, type)).toBe(text)
  })

  it('type Q reads back in SQL as the value that it is', async () => {
    const control = await ControlSession.open()
    const value = fc.oneof(
      shortReal,
      fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n }),
      fc.string({ unit: fc.constantFrom('a', ' ', "'", 'é', '𝄞', '9', '.') }),
      fc.uint8Array({ maxLength: 20 }),
      fc.constant(null),
    )
    await fc.assert(
      fc.asyncProperty(value, async (one) => {
        const [row] = await control.query(`SELECT ${render(one, 'Q')}`)
        expect(row).toEqual([Object.is(one, -0) ? 0 : one])
      }),
      { numRuns: 500 },
    )
    control.close()
  })

  it('type Q has the form in which SQLite writes reals', async () => {
    const control = await ControlSession.open()
    await fc.assert(
      fc.asyncProperty(shortReal, async (real) => {
        const [row] = await control.query(`SELECT quote(CAST('${real}' AS REAL))`)
        expect(row).toEqual([render(real, 'Q')])
      }),
      { numRuns: 500 },
    )
    control.close()
  })
})
