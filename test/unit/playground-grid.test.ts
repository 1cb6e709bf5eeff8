// The arithmetic of the playground's grid and of its plan tree, without a browser.
import { describe, expect, it } from 'vitest'
import { HEAD_PX, ROW_PX, Viewport } from '../../playground/src/grid/viewport.ts'
import { planTree } from '../../playground/src/state/plan.ts'

function viewportOf(rows: number): Viewport {
  const viewport = new Viewport(rows)
  viewport.heightPx = 500
  return viewport
}

/** The row whose top is highest in the view, from where the drawn rows stand. */
function topRow(viewport: Viewport, scrolled: number): number {
  const { first, offsetPx } = viewport.visible()
  return first + (scrolled - offsetPx) / ROW_PX
}

describe('the rows in view', () => {
  it.each([10, 100_000, 600_000, 5_000_000])('of %i begin at the first and end at the last', (rows) => {
    const viewport = viewportOf(rows)
    expect(viewport.visible().first).toBe(0)
    viewport.scrollTo(Math.max(0, viewport.scrollPx + HEAD_PX - viewport.heightPx))
    expect(viewport.visible().end).toBe(rows)
    expect(viewport.scrollPx).toBeLessThan(17_000_000)
  })

  it('move by exactly what was scrolled, also in a result too tall for a browser', () => {
    const viewport = viewportOf(5_000_000)
    viewport.scrollTo(7_000_000)
    const before = topRow(viewport, 7_000_000)
    viewport.scrollTo(7_000_000 + 3 * ROW_PX)
    expect(topRow(viewport, 7_000_000 + 3 * ROW_PX)).toBeCloseTo(before + 3, 6)
  })

  it('go to their share of the result when the scroll bar is dragged', () => {
    const viewport = viewportOf(5_000_000)
    viewport.scrollTo(viewport.scrollPx / 2)
    expect(Math.abs(topRow(viewport, viewport.scrollPx / 2) - 2_500_000)).toBeLessThan(200)
  })

  it('hold a row that was asked for, wherever it is', () => {
    const viewport = viewportOf(5_000_000)
    for (const row of [0, 4_999_999, 1_234_567, 1_234_568, 1]) {
      viewport.reveal(row)
      const { first, end } = viewport.visible()
      expect(row).toBeGreaterThanOrEqual(first)
      expect(row).toBeLessThan(end)
    }
  })

  it('stay where they are when the scroll bar comes to rest', () => {
    const viewport = viewportOf(5_000_000)
    let scrolled = 1_000_000
    viewport.scrollTo(scrolled)
    for (let step = 0; step < 100; step++) viewport.scrollTo((scrolled += 400))
    const before = topRow(viewport, scrolled)
    const place = viewport.rest()
    expect(place).toBeDefined()
    expect(topRow(viewport, place!)).toBeCloseTo(before, 6)
    expect(viewport.rest()).toBeUndefined()
  })
})

describe('a query plan', () => {
  it('is a tree by the parents of its rows, with whole-table scans and sorts told apart', () => {
    const tree = planTree([
      [3, 0, 0, 'CO-ROUTINE x'],
      [8, 3, 0, 'SCAN cities'],
      [21, 0, 0, 'SEARCH c USING INDEX i (a=?)'],
      [40, 0, 0, 'USE TEMP B-TREE FOR ORDER BY'],
      [41, 0, 0, 'SCAN f VIRTUAL TABLE INDEX 0:M1'],
    ])
    expect(tree.map(({ kind }) => kind)).toEqual(['other', 'search', 'sort', 'other'])
    expect(tree[0]?.children).toEqual([{ detail: 'SCAN cities', kind: 'scan', children: [] }])
  })
})
