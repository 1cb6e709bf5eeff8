// A disk that fails in every way that a real one may, from a seed: unsynced writes vanish, tear at any byte, land out of
// order or elsewhere; reads may rot, or be wrong once; writes and syncs fail; space runs out; and the process or the power
// dies before, inside or after any write, change of size, flush or sync.
//
// Two kinds, as the platforms have them. `kept`: writes are seen by the next process at once, a failed sync leaves pages
// that look clean but are not stored (OPFS, Node). `undone`: writes live in the process, a flush or sync stores them as
// one transaction, in order, some turns of the loop after it was asked for; a power cut may lose the newest transactions
// that were only flushed (IndexedDB).
import { AREAS, type Area, type Device, DeviceError } from '../../src/device/device.ts'
import { assert } from '../../src/store/assert.ts'
import { Crash } from './crash.ts'
import type { Chance } from './seeded.ts'
import {
  apply,
  type Change,
  type Content,
  copyContent,
  emptyContent,
  idOf,
  mixed,
  type Write,
  withAll,
} from './simulated-changes.ts'
import { SimulatedDevice } from './simulated-device.ts'

export { Crash }

/** Faults to come; the driver sets them. */
export interface Faults {
  /** Number of the operation (write, flush, sync) at which the process dies. */
  crashAt: number
  /** Where in that operation; by default inside a write, and before or after anything else. */
  crashSide: 'before' | 'inside' | 'after' | undefined
  /** Probability that a sync fails. */
  failSync: number
  /** Number of the write that lands elsewhere. */
  misdirectAt: number
  /** Probability that a write fails with `io`. */
  failWrite: number
  /** Bytes of all areas together beyond which there is no space. */
  quotaBytes: number
  /** Number of the read that is wrong in one bit; the same read is right the next time. */
  flakyReadAt: number
  /** Every read of this byte is wrong, until it heals. */
  sick: { readonly area: Area; readonly at: number } | undefined
  /** A power cut may also undo changes of size that were not synced. */
  sizesVanish: boolean
  /** A write there makes the process die at it or at one of the next seven operations. */
  crashNear: { readonly area: Area; readonly at: number } | undefined
  /** The next write, change of size or sync fails. */
  failNext: 'io' | 'full' | undefined
}

export class SimulatedDisk {
  readonly faults: Faults = {
    crashAt: Number.POSITIVE_INFINITY,
    crashSide: undefined,
    failSync: 0,
    misdirectAt: 0,
    failWrite: 0,
    quotaBytes: Number.POSITIVE_INFINITY,
    flakyReadAt: 0,
    sick: undefined,
    sizesVanish: false,
    crashNear: undefined,
    failNext: undefined,
  }
  /** Faults that came true. */
  readonly came = {
    failedSyncs: 0,
    failedWrites: 0,
    misdirected: 0,
    rotted: 0,
    refused: 0,
    flakyReads: 0,
    sickReads: 0,
    torn: 0,
  }
  /** Deaths so far. */
  life = 0
  /** Operations so far. */
  operations = 0
  writes = 0
  reads = 0
  syncs = 0
  /** True once a fault has destroyed stored data (misdirected write, rot). */
  damaged = false
  /** The write that landed elsewhere: where it should have gone, and where it went. */
  misdirected: { readonly area: Area; readonly meant: number; readonly at: number; readonly bytes: number } | undefined
  /** What was last done, for the table of cells. */
  last = ''
  /** True for a moment that the driver wants to count as dead. */
  #dead = false
  readonly #chance: Chance
  readonly #mode: 'kept' | 'undone'
  /** What the process reads. */
  #now: Content = emptyContent()
  /** What a power cut leaves for sure. */
  #durable: Content = emptyContent()
  /** kept: changes since the last sync. undone: changes since the last flush or sync. */
  #pending: Change[] = []
  /** undone: what the flush or sync under way stores. */
  #sealed: Change[] = []
  /** undone: transactions that were only flushed. */
  #flushed: Change[][] = []
  #nowId = 1
  #durableId = 1

  constructor(chance: Chance, mode: 'kept' | 'undone') {
    this.#chance = chance
    this.#mode = mode
  }

  /** A device for the next process. undone: `beforeStore` runs just before a flush or (`durable`) a sync stores something. */
  device(beforeStore: (durable: boolean) => void = () => {}): Device {
    this.#dead = false
    return new SimulatedDevice(this, this.#mode, beforeStore)
  }

  /** A second disk in the same state, whose further fate is drawn from `chance`; it has no faults to come. */
  fork(chance: Chance): SimulatedDisk {
    const fork = new SimulatedDisk(chance, this.#mode)
    fork.#now = copyContent(this.#now)
    fork.#durable = copyContent(this.#durable)
    fork.#pending = [...this.#pending]
    fork.#sealed = [...this.#sealed]
    fork.#flushed = this.#flushed.map((changes) => [...changes])
    fork.#nowId = this.#nowId
    fork.#durableId = this.#durableId
    fork.damaged = this.damaged
    fork.misdirected = this.misdirected
    fork.operations = this.operations
    fork.last = this.last
    return fork
  }

  /** Tells what the next process finds from anything else that it could have found, as far as 32 bits can. */
  get stateId(): number {
    return this.#nowId
  }

  /** The process died: what it had written but not handed over is gone. */
  kill(): void {
    this.#dead = false
    this.life++
    if (this.#mode === 'undone') this.#undo()
  }

  #undo(): void {
    this.#now = copyContent(this.#durable)
    this.#nowId = this.#durableId
    for (const transaction of this.#flushed) {
      for (const change of transaction) apply(this.#now, change)
      this.#nowId = withAll(this.#nowId, transaction)
    }
    this.#sealed = []
    this.#pending = []
  }

  /** The power went: of what was not synced anything may be missing, torn or out of order. */
  powerCut(): void {
    this.#dead = false
    this.life++
    if (this.#mode === 'kept') this.#settle()
    else {
      const kept = this.#chance.int(this.#flushed.length + 1)
      for (const transaction of this.#flushed.slice(0, kept)) {
        for (const change of transaction) apply(this.#durable, change)
        this.#durableId = withAll(this.#durableId, transaction)
      }
    }
    this.#flushed = []
    this.#sealed = []
    this.#pending = []
    this.#now = copyContent(this.#durable)
    this.#nowId = this.#durableId
  }

  /** Flips a byte somewhere in what is stored. */
  rot(area: Area, at: number): void {
    const byte = new Uint8Array(1)
    if (this.#now[area].read(byte, at) === 0) return
    byte[0] = (byte[0] ?? 0) ^ (1 << this.#chance.int(8))
    this.#now[area].write(byte, at)
    const before = new Uint8Array(1)
    if (this.#durable[area].read(before, at) === 1) this.#durable[area].write(byte, at)
    this.#nowId = mixed(this.#nowId, at)
    this.#durableId = mixed(this.#durableId, at)
    this.damaged = true
    this.came.rotted++
  }

  /** Another disk with what the next process would find on this one, which shares nothing with it. */
  clone(chance: Chance): SimulatedDisk {
    const disk = new SimulatedDisk(chance, this.#mode)
    disk.#now = copyContent(this.#now)
    disk.#durable = copyContent(this.#now)
    disk.faults.quotaBytes = this.faults.quotaBytes
    return disk
  }

  /** Bytes of all areas together. */
  get usedBytes(): number {
    return AREAS.reduce((sum, area) => sum + this.#now[area].size, 0)
  }

  /** Puts `bytes` there at once and for good. */
  overwrite(area: Area, bytes: Uint8Array, at: number): void {
    this.#now[area].write(bytes, at)
    this.#durable[area].write(bytes, at)
  }

  /** What stands there, without counting as a read. */
  peek(area: Area, into: Uint8Array, at: number): number {
    return this.#now[area].read(into, at)
  }

  /** Bytes of an area, also after a death. */
  sizeOf(area: Area): number {
    return this.#now[area].size
  }

  size(area: Area): number {
    this.#live()
    return this.#now[area].size
  }

  read(area: Area, into: Uint8Array, at: number): number {
    this.#live()
    this.reads++
    const count = this.#now[area].read(into, at)
    if (this.reads === this.faults.flakyReadAt && count > 0) {
      const i = this.#chance.int(count)
      into[i] = (into[i] ?? 0) ^ (1 << this.#chance.int(8))
      this.came.flakyReads++
    }
    const { sick } = this.faults
    if (sick?.area === area && at <= sick.at && sick.at < at + count) {
      into[sick.at - at] = (into[sick.at - at] ?? 0) ^ 4
      this.came.sickReads++
    }
    return count
  }

  write(area: Area, bytes: Uint8Array, at: number): void {
    this.#step(`write ${area}`)
    this.writes++
    const { crashNear } = this.faults
    if (crashNear?.area === area && crashNear.at === at) {
      this.faults.crashNear = undefined
      this.faults.crashAt = this.operations + this.#chance.int(8)
    }
    if (this.operations === this.faults.crashAt) {
      const { crashSide } = this.faults
      const torn =
        crashSide === 'after'
          ? bytes
          : bytes.subarray(0, crashSide === 'before' ? 0 : this.#chance.int(bytes.length + 1))
      if (torn.length > 0) this.#change({ area, at, bytes: torn.slice() })
      this.#die()
    }
    this.#room(area, at + bytes.length)
    const failing = this.#failing()
    if (this.#chance.chance(this.faults.failWrite) || failing) {
      const part = bytes.slice(0, this.#chance.int(bytes.length))
      if (part.length > 0) this.#change({ area, at, bytes: part })
      this.came.failedWrites++
      throw new DeviceError(failing ?? 'io', 'simulated write error')
    }
    if (this.operations !== this.faults.misdirectAt) this.#change({ area, at, bytes: bytes.slice() })
    else {
      this.damaged = true
      this.came.misdirected++
      const elsewhere = this.#elsewhere(area, bytes.length)
      this.misdirected = { area, meant: at, at: elsewhere, bytes: bytes.length }
      this.#change({ area, at: elsewhere, bytes: bytes.slice() })
    }
  }

  resize(area: Area, size: number): void {
    this.#step(`resize ${area}`)
    const dies = this.operations === this.faults.crashAt
    if (dies && this.#diesBefore()) this.#die()
    this.#room(area, size)
    const failing = this.#failing()
    if (failing) throw new DeviceError(failing, 'simulated change of size')
    this.#change({ area, size })
    if (dies) this.#die()
  }

  barrier(): void {
    if (this.#mode === 'kept') this.sync('barrier')
    else this.#live()
  }

  /** kept: everything is with the system already. */
  flush(): void {
    this.#live()
  }

  sync(what = 'sync'): void {
    this.#step(what)
    this.syncs++
    const dies = this.operations === this.faults.crashAt
    if (dies && this.#diesBefore()) this.#die()
    const failing = this.#failing()
    if (this.#chance.chance(this.faults.failSync) || failing) {
      this.came.failedSyncs++
      this.#settle()
      throw new DeviceError('io', 'simulated sync error')
    }
    for (const change of this.#pending) apply(this.#durable, change)
    this.#durableId = this.#nowId
    this.#pending = []
    if (dies) this.#die()
  }

  /** undone: stores what has been written so far, some turns of the loop later; `before` runs just before it does. */
  async store(durable: boolean, before: (durable: boolean) => void): Promise<void> {
    this.#live()
    assert(this.#sealed.length === 0, 'one flush or sync at a time')
    this.#sealed = this.#pending
    this.#pending = []
    const { life } = this
    for (let turns = this.#chance.int(4); turns >= 0; turns--) await null
    if (life !== this.life) throw new Crash('the process that asked for this is dead')
    before(durable)
    this.storeSealed(durable)
  }

  /** undone: the transaction of what is sealed. */
  storeSealed(durable: boolean): void {
    this.#step(durable ? 'sync' : 'flush')
    this.syncs++
    const dies = this.operations === this.faults.crashAt
    if (dies && this.#diesBefore()) this.#die()
    const failing = this.#failing()
    if (this.#chance.chance(this.faults.failSync) || failing) {
      this.came.failedSyncs++
      this.#undo()
      throw new DeviceError(failing ?? (this.#chance.chance(0.5) ? 'full' : 'io'), 'simulated transaction abort')
    }
    this.#flushed.push(this.#sealed)
    this.#sealed = []
    if (durable) {
      for (const transaction of this.#flushed) {
        for (const change of transaction) apply(this.#durable, change)
        this.#durableId = withAll(this.#durableId, transaction)
      }
      this.#flushed = []
    }
    if (dies) this.#die()
  }

  /** Unsynced changes after a power cut or a failed sync: each survives, vanishes or tears, in order or not. */
  #settle(): void {
    const keep = this.#chance.next()
    const torn = this.#chance.chance(0.3) ? 0.4 : 0.03
    const changes = this.#pending
    this.#pending = []
    if (this.#chance.chance(0.5)) {
      shuffle(changes, this.#chance)
      // The order is seen only where writes lie on each other.
      const places = new Set(changes.map((change) => `${change.area} ${'bytes' in change ? change.at : 'size'}`))
      if (places.size < changes.length)
        this.#durableId = changes.reduce((id, change) => mixed(id, idOf(change)), this.#durableId)
    }
    for (const change of changes) {
      const x = this.#chance.next()
      if (x < keep * (1 - torn) || (!('bytes' in change) && (!this.faults.sizesVanish || x < 0.8))) {
        apply(this.#durable, change)
        this.#durableId = (this.#durableId + idOf(change)) | 0
      } else if (x > 1 - torn && 'bytes' in change) this.#tear(change)
    }
    if (this.faults.sizesVanish) return
    for (const area of AREAS) {
      const { size } = this.#now[area]
      if (this.#durable[area].size < size) this.#durable[area].resize(size)
    }
  }

  #tear(write: Write): void {
    this.came.torn++
    const half = this.#chance.chance(0.5)
    const cut = this.#chance.int(write.bytes.length + 1)
    const left = half
      ? { ...write, bytes: write.bytes.slice(0, cut) }
      : { area: write.area, at: write.at + cut, bytes: write.bytes.slice(cut) }
    if (left.bytes.length === 0) return
    apply(this.#durable, left)
    this.#durableId = (this.#durableId + idOf(left)) | 0
  }

  #elsewhere(area: Area, bytes: number): number {
    const sectors = Math.max(1, Math.floor((this.#now[area].size - bytes) / 512))
    return this.#chance.int(sectors) * 512
  }

  #change(change: Change): void {
    apply(this.#now, change)
    this.#nowId = (this.#nowId + idOf(change)) | 0
    this.#pending.push(change)
  }

  #diesBefore(): boolean {
    const { crashSide } = this.faults
    return crashSide ? crashSide !== 'after' : this.#chance.chance(0.5)
  }

  #failing(): 'io' | 'full' | undefined {
    const { failNext } = this.faults
    this.faults.failNext = undefined
    return failNext
  }

  #room(area: Area, size: number): void {
    const others = AREAS.reduce((sum, a) => sum + (a === area ? 0 : this.#now[a].size), 0)
    const grows = size > this.#now[area].size
    if (grows && others + size > this.faults.quotaBytes) {
      this.came.refused++
      throw new DeviceError('full', 'simulated quota')
    }
  }

  #step(what: string): void {
    this.#live()
    this.operations++
    this.last = what
  }

  #live(): void {
    if (this.#dead) throw new Crash('dead')
  }

  #die(): never {
    this.#dead = true
    throw new Crash(this.last)
  }
}

function shuffle<T>(items: T[], chance: Chance): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = chance.int(i + 1)
    const a = items[i]
    const b = items[j]
    if (a !== undefined && b !== undefined) [items[i], items[j]] = [b, a]
  }
}
