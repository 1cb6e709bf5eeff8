// Which values of a log are dead: checked byte by byte against the plain meaning, values laid down in their order.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LogValues } from '../../src/device/log-values.ts'

const step = fc.record({
  start: fc.nat({ max: 40 }),
  length: fc.integer({ min: 1, max: 15 }),
  uncover: fc.boolean(),
})

test('a value is dead exactly when no byte of it shows any more', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const values = new LogValues()
      const showing = new Array<number | undefined>(60)
      const live = new Set<number>()
      steps.forEach(({ start, length, uncover }, index) => {
        const end = start + length
        const dead = uncover ? values.uncover(start, end) : values.cover(index, start, end)
        showing.fill(uncover ? undefined : index, start, end)
        if (!uncover) live.add(index)
        const expected = [...live].filter((number) => !showing.includes(number))
        for (const number of expected) live.delete(number)
        expect(dead.sort((a, b) => a - b)).toEqual(expected)
        expect([...values.extents.keys()].sort((a, b) => a - b)).toEqual([...live].sort((a, b) => a - b))
      })
    }),
    { numRuns: 2000 },
  )
})

test('reach is the end of the farthest live value, also where newer ones lie over it', () => {
  const values = new LogValues()
  values.cover(1, 0, 100)
  values.cover(2, 50, 100)
  values.uncover(60, 100)
  expect(values.reach).toBe(100)
  values.cover(3, 0, 50)
  values.cover(4, 50, 60)
  expect(values.reach).toBe(60)
})
