// The bench at toy size, so that its adapters stay alive: every database that can be measured is opened, filled, asked and
// closed, at every level that it has, and answers rightly. Nothing is compared.
import { expect, it } from 'vitest'
import { ADAPTERS } from '../../bench/adapters/index.ts'
import { rowsOptions } from '../../bench/rows/options.ts'
import { measureRows } from '../../bench/rows.ts'
import { AVAILABLE } from '../support/browsers/launch.ts'

it.skipIf(!AVAILABLE.includes('chromium'))('every database of the bench does what it is measured by', async () => {
  const options = rowsOptions(['bulk', 'selects-worker', '--peers', '--quick', '--runs', '1'])
  const { rows } = await measureRows(options)
  expect(rows.filter(({ error }) => error !== undefined)).toEqual([])
  expect(new Set(rows.map(({ adapter }) => adapter))).toEqual(new Set(ADAPTERS.map(({ name }) => name)))
  expect(rows.every(({ runsMs }) => runsMs.length === 1)).toBe(true)
})
