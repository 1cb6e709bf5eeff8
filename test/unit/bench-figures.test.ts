// The bench's arithmetic: what counts as better, what as a regression, and how a run's time is given out.
import { describe, expect, it } from 'vitest'
import { chart } from '../../bench/rows/chart.ts'
import type { Measured } from '../../bench/rows/measured.ts'
import { worse } from '../../bench/rows/regression.ts'
import { bestFirst, oursBeside, spreadOf, timesAsGood } from '../../bench/rows/values.ts'

const measured = (adapter: string, runs: number[], more: Partial<Measured> = {}): Measured => ({
  adapter,
  workload: 'query',
  part: 'query',
  how: '',
  storage: 'opfs',
  durability: 'strict',
  size: 'toy',
  cacheBytes: 1,
  count: 1000,
  runs,
  ...more,
})
const rate = { name: 'query', id: 'W5', title: '' }
const time = { ...rate, figure: 'ms' } as const

describe('figures of the bench', () => {
  it('a rate is that of the median round, with the slowest and the fastest', () => {
    expect(spreadOf(measured('a', [10, 1000, 20]), rate)).toEqual({ value: 50_000, low: 1000, high: 100_000 })
  })

  it('twice as fast is twice as good, in rates and in milliseconds', () => {
    const [fast, slow] = [measured('fast', [10]), measured('slow', [20])]
    expect(timesAsGood(fast, slow, rate)).toBe(2)
    expect(timesAsGood(fast, slow, time)).toBe(2)
    expect(timesAsGood(slow, fast, time)).toBe(0.5)
  })

  it('the best stands first, and what failed or never ran has no place', () => {
    const all = [
      measured('slow', [30]),
      measured('failed', [1], { error: 'no' }),
      measured('fast', [10]),
      measured('none', []),
    ]
    for (const part of [rate, time])
      expect(bestFirst(all, part).map(({ adapter }) => adapter)).toEqual(['fast', 'slow'])
  })

  it('ours is held against others on the same kind of storage, and against limits on OPFS', () => {
    const ours = (['indexeddb', 'opfs', 'memory'] as const).map((storage) => measured('datasync', [1], { storage }))
    const beside = (storage: Measured['storage']) => oursBeside(ours, measured('other', [1], { storage }))?.storage
    expect([beside('indexeddb'), beside('opfs'), beside('memory'), beside('file')]).toEqual([
      'indexeddb',
      'opfs',
      'opfs',
      'opfs',
    ])
  })

  it('a row has regressed when its ratio is worse by more than 15 %, and not for a first time', () => {
    expect(worse({ a: 1, b: 1, c: 2 }, { a: 0.86, b: 0.84, c: 3, d: 0.1 })).toEqual(['b'])
  })

  it('a chart names every database and gives the best the longest bar', () => {
    const bars = [
      { label: 'a < b', value: 20, low: 10, high: 30, own: true },
      { label: 'c', value: 10, low: 10, high: 10, own: false },
    ]
    const widths = [...chart('t', bars).matchAll(/<rect[^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width))
    expect(chart('t', bars)).toContain('a &lt; b')
    expect(widths).toHaveLength(2)
    expect(widths[0]).toBeCloseTo(2 * (widths[1] ?? 0), 0)
  })
})
