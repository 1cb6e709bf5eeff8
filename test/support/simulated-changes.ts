// What the simulated disk holds and how it changes, and a number that tells one history of changes from another. It
// stands apart because it knows no fault: which changes arrive is the disk's business.
import { AREAS, type Area } from '../../src/device/device.ts'
import { SparseBytes } from './sparse-bytes.ts'

export interface Write {
  readonly area: Area
  readonly at: number
  readonly bytes: Uint8Array
}
export type Change = Write | { readonly area: Area; readonly size: number }

export type Content = Record<Area, SparseBytes>
export const emptyContent = (): Content => ({
  main: new SparseBytes(),
  'log-0': new SparseBytes(),
  'log-1': new SparseBytes(),
  scratch: new SparseBytes(),
})
export const copyContent = (c: Content): Content => ({
  main: c.main.copy(),
  'log-0': c['log-0'].copy(),
  'log-1': c['log-1'].copy(),
  scratch: c.scratch.copy(),
})

export function apply(content: Content, change: Change): void {
  if ('bytes' in change) content[change.area].write(change.bytes, change.at)
  else content[change.area].resize(change.size)
}

export const mixed = (id: number, value: number): number => {
  const h = Math.imul(id ^ value, 0x85ebca6b)
  return Math.imul(h ^ (h >>> 15), 0xc2b2ae35) ^ (h >>> 13)
}

export const withAll = (id: number, changes: readonly Change[]): number =>
  changes.reduce((sum, change) => (sum + idOf(change)) | 0, id)

/** By place and length, and where structures have their checksum and blocks their value. */
export function idOf(change: Change): number {
  const area = AREAS.indexOf(change.area) + 1
  if (!('bytes' in change)) return mixed(area, change.size)
  const { at, bytes } = change
  let id = mixed(mixed(area << 8, at), bytes.length)
  for (const i of [0, 1, 8, 9, 10, 11, bytes.length - 2]) id = mixed(id, bytes[i] ?? 0)
  return id
}
