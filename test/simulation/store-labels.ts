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
import type { SimulatedDisk } from '../support/simulated-disk.ts'
import type { DiskKind } from './store-budget.ts'

const LOG_WRITES_MAX = 8
/** Nothing was written since the opening began. */
const BEGINNING = 'the beginning'

export interface LogWrite {
  readonly area: Area
  readonly at: number
  readonly bytes: number
  /** The newest commit that a record in it claims to be synced. */
  readonly claims: number
}

/** What the process is doing. */
export type Phase = 'creation' | 'recovery' | 'transaction' | 'running'

export class Labels {
  /** True while a record without blocks may be published, which reserves space like any other commit. */
  acknowledging = false
  /** True after a failure, until something is synced. */
  failed = false
  /** The newest writes into the logs. */
  readonly logWrites: LogWrite[] = []
  readonly #g: Geometry
  readonly #kind: DiskKind
  #phase: Phase = 'running'
  #last = BEGINNING
  #creationEnds = false

  constructor(g: Geometry, kind: DiskKind) {
    this.#g = g
    this.#kind = kind
  }

  get phase(): Phase {
    return this.#phase
  }

  set phase(phase: Phase) {
    this.#phase = phase
    if (phase !== 'creation' && phase !== 'recovery') return
    this.#last = BEGINNING
    this.#creationEnds = false
  }

  write(area: Area, bytes: Uint8Array, at: number): string {
    const what = area === 'main' ? this.#inMain(at) : area === 'scratch' ? 'scratch' : inLog(bytes)
    if (area === 'log-0' || area === 'log-1') {
      this.logWrites.unshift({ area, at, bytes: bytes.length, claims: claimsOf(bytes) })
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
    if (last === BEGINNING) return 'recovery: first sync'
    if (/^(fold|table|fresh)/.test(last)) return `${kind} after writes that nothing leads to`
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

  /** True if each write into a log that claimed more than `sequence` was hit by one behind it that landed elsewhere. */
  claimsAreHit(sequence: number, hit: SimulatedDisk['misdirected']): boolean {
    if (!hit) return false
    const self = this.logWrites.findIndex(({ area, at }) => area === hit.area && at === hit.meant)
    const claiming = this.logWrites.slice(self + 1).filter(({ claims }) => claims > sequence)
    const isHit = ({ area, at, bytes }: LogWrite) => area === hit.area && at < hit.at + hit.bytes && hit.at < at + bytes
    return self >= 0 && claiming.length > 0 && claiming.every(isHit)
  }

  #prefixed(what: string): string {
    // What is undone is never written again.
    if (this.failed && this.#kind === 'kept') return what.startsWith('fold') ? what : 'repair'
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

function claimsOf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let claims = 0
  for (let at = 0; at + RECORD.bytes <= bytes.length; ) {
    claims = Math.max(claims, Number(view.getBigUint64(at + RECORD.at.durableSequence, true)))
    at += Math.max(SECTOR, roundUp(view.getUint32(at + RECORD.at.totalBytes, true), SECTOR))
  }
  return claims
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
