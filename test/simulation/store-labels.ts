// Names for what a store does to its disk, taken from the bytes themselves: record or mark, blocks or header of a fold or
// of a fresh segment, table, superblock, a change of size, and which of them a sync follows. They are the rows of the
// table of cells.
import type { Area } from '../../src/device/device.ts'
import {
  type Geometry,
  RECORD,
  RECORD_MARK,
  roundUp,
  SECTOR,
  SEGMENTS_AT,
  SIDE_AT,
  SUPERBLOCK_AT,
  TABLE_AT,
} from '../../src/store/format.ts'

const LOG_WRITES_MAX = 8

/** What the process is doing. */
export type Phase = 'creation' | 'recovery' | 'transaction' | 'running'

export class Labels {
  phase: Phase = 'running'
  /** True after a failure, until something is synced. */
  failed = false
  /** The newest writes into the logs. */
  readonly logWrites: { readonly area: Area; readonly at: number; readonly bytes: number }[] = []
  readonly #g: Geometry
  #last = 'growing'
  #creationEnds = false

  constructor(g: Geometry) {
    this.#g = g
  }

  write(area: Area, bytes: Uint8Array, at: number): string {
    const what = area === 'main' ? this.#inMain(at) : area === 'scratch' ? 'scratch' : inLog(bytes)
    if (area === 'log-0' || area === 'log-1') {
      this.logWrites.unshift({ area, at, bytes: bytes.length })
      this.logWrites.length = Math.min(this.logWrites.length, LOG_WRITES_MAX)
    }
    this.#last = this.#prefixed(what)
    this.#creationEnds = at === SUPERBLOCK_AT[1]
    return this.#last
  }

  resize(area: Area, grows: boolean): string {
    return `${area === 'main' || area === 'scratch' ? area : 'log'} ${grows ? 'grows' : 'is cut'}`
  }

  sync(kind: 'sync' | 'flush' | 'barrier'): string {
    const last = this.#last
    if (this.phase === 'creation') {
      // The last step; what follows is the first recovery.
      if (this.#creationEnds) this.phase = 'recovery'
      return 'sync of a creation'
    }
    if (kind === 'barrier')
      return this.failed || !last.startsWith('fresh') ? 'barrier of a repair' : 'barrier after fresh segments'
    if (/^(fold|table|fresh|growing)/.test(last)) return `${kind} after writes that nothing leads to`
    if (kind === 'flush' && !/^(record|group)/.test(last)) return 'flush after something else'
    return `${kind} after ${last}`
  }

  synced(): void {
    this.failed = false
  }

  /** Row of a fault in what is stored. */
  place(area: Area, at: number): string {
    if (area !== 'main') return 'log'
    const what = this.#inMain(at - (at % SECTOR))
    return at < TABLE_AT[0] ? 'superblock' : what.replace(/^(fold|fresh) .*/, 'segment')
  }

  #prefixed(what: string): string {
    if (this.failed) return what.startsWith('fold') ? what : 'repair'
    if (this.phase === 'creation') return 'creation: write'
    return this.phase === 'recovery' ? `recovery: ${what.replace(' with fresh segments', '')}` : what
  }

  #inMain(at: number): string {
    if (at === SUPERBLOCK_AT[0]) return 'superblock A'
    if (at === SUPERBLOCK_AT[1]) return 'superblock B'
    if (at < SIDE_AT[0]) return at < TABLE_AT[0] ? 'gap' : 'table'
    if (at < SEGMENTS_AT) return 'side table'
    const { placeBytes, slotBytes } = this.#g
    const inPlace = (at - SEGMENTS_AT) % placeBytes
    return `${this.phase === 'transaction' ? 'fresh' : 'fold'} ${inPlace < 2 * slotBytes ? 'header' : 'blocks'}`
  }
}

function inLog(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  // Half of a record, as a repair may write it.
  if (bytes.length < RECORD.bytes) return 'record'
  if (view.getUint16(RECORD.at.type, true) === RECORD_MARK) return 'mark'
  const total = roundUp(view.getUint32(RECORD.at.totalBytes, true), SECTOR)
  if (total < bytes.length) return 'group of records'
  return view.getUint32(RECORD.at.freshSegments, true) > 0 ? 'record with fresh segments' : 'record'
}
