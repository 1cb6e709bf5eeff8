// The bench at toy size, so that its adapters stay alive: every database that can be measured is opened, filled, asked and
// closed, on every storage that it has, and answers rightly. Nothing is compared.
import { expect, it } from 'vitest'
import { ADAPTERS } from '../../bench/adapters/index.ts'
import { rowsOptions } from '../../bench/rows/options.ts'
import { measureRows } from '../../bench/rows.ts'
import { AVAILABLE } from '../support/browsers/launch.ts'

it.skipIf(!AVAILABLE.includes('chromium'))('every database of the bench does what it is measured by', async () => {
  const options = rowsOptions(['bulk', '--peers', '--toy'])
  const placeOf = ({ adapter, storage }: (typeof options.cells)[number]) => `${adapter}, ${storage}`
  // One level of durability of each: what the others do differently is a setting.
  const cells = [...new Map(options.cells.map((cell) => [placeOf(cell), cell])).values()].filter(answersAlways)
  const { rows } = await measureRows({ ...options, cells })
  expect(rows.filter(({ error }) => error !== undefined)).toEqual([])
  expect(new Set(rows.map(({ adapter }) => adapter))).toEqual(new Set(ADAPTERS.map(({ name }) => name)))
  expect(rows.every(({ runs }) => runs.length === 1)).toBe(true)
})

/** PGlite's opening on OPFS now and then never answers where the machine has other work; the bench gives such a step up. */
function answersAlways({ adapter, storage }: { readonly adapter: string; readonly storage: string }): boolean {
  return adapter !== 'PGlite' || storage !== 'opfs'
}
