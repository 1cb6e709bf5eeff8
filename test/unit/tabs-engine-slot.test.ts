// Which leader a tab takes. A tab that had just taken the leader of a database made anew gave it up for what the one before
// had said, since both spoke of another store than the tab had open, and never took it again: a lost engine is not taken.
import { expect, it } from 'vitest'
import type { EngineLink } from '../../src/coordination/engine-link.ts'
import { EngineSlot, type LeaderMessage } from '../../src/coordination/engine-slot.ts'
import type { EngineInfo } from '../../src/protocol/messages.ts'

const OLD = '1'.repeat(32)
const NEW = '2'.repeat(32)
const link = { terminate() {} } as EngineLink

const leader = (engine: string, term: number, storeId: string): LeaderMessage => ({
  type: 'leader',
  engine,
  term,
  storeId,
  leader: 'a page',
  protocol: 1,
})

function slotThatHadOpen(storeId: string, term: number): EngineSlot {
  const slot = new EngineSlot()
  slot.fill(link, 'follower', leader('first', term, storeId))
  slot.ready({ storeId, term } as EngineInfo)
  return slot
}

it('the leader of a store made anew is taken, whatever its term, and not given up for one of an older term', () => {
  const slot = slotThatHadOpen(OLD, 7)
  const second = leader('third', 2, NEW)
  expect(slot.takes(second, undefined)).toBe(true)
  expect(slot.takes(leader('second', 1, NEW), second)).toBe(false)
  slot.fill(link, 'follower', second)
  expect(slot.takes(leader('second', 1, NEW), undefined)).toBe(false)
  expect(slot.takes(leader('fourth', 3, NEW), undefined)).toBe(true)
})

it('on the way to a new store what was said of the old one comes too late', () => {
  const slot = slotThatHadOpen(OLD, 7)
  slot.fill(link, 'follower', leader('third', 2, NEW))
  expect(slot.takes(leader('late', 8, OLD), undefined)).toBe(false)
})

it('where the engine of a new store was lost one of its older terms is not taken, a newer one is', () => {
  const slot = slotThatHadOpen(OLD, 7)
  slot.fill(link, 'follower', leader('third', 2, NEW))
  slot.lose()
  expect(slot.takes(leader('second', 1, NEW), undefined)).toBe(false)
  expect(slot.takes(leader('third', 2, NEW), undefined)).toBe(false)
  expect(slot.takes(leader('fourth', 3, NEW), undefined)).toBe(true)
})

it('an engine left for one of another store may be taken again, since that one may be the older; one that ended may not', () => {
  const slot = slotThatHadOpen(OLD, 7)
  const first = leader('first', 7, OLD)
  slot.replace(leader('second', 1, NEW))
  slot.fill(link, 'follower', leader('second', 1, NEW))
  slot.lose()
  expect(slot.takes(first, undefined)).toBe(true)
  expect(slot.takes(leader('second', 1, NEW), undefined)).toBe(false)
  expect(slot.takes(leader('older', 6, OLD), undefined)).toBe(true)
  slot.fill(link, 'follower', first)
  slot.lose()
  expect(slot.takes(first, undefined)).toBe(false)
  expect(slot.takes(leader('older', 6, OLD), undefined)).toBe(false)
})

it('an engine left for one of a newer term of its store is not taken again', () => {
  const slot = slotThatHadOpen(OLD, 7)
  slot.replace(leader('second', 8, OLD))
  expect(slot.takes(leader('first', 7, OLD), undefined)).toBe(false)
})
