// Segment places of the main area: which are in use, and how much room the area has. It stands apart because every
// promise about a full disk rests on it.
//
// Invariants: a place in use is granted to nobody else; places are free again only when no superblock, record, running
// transaction or running fold can lead to them; a fold always finds the places it needs, because commits reserved them.
import type { Device } from '../device/device.ts'
import { assert } from './assert.ts'
import { type Geometry, SEGMENTS_AT } from './format.ts'

/** Places by which the main area grows at a time. */
const GROWTH_PLACES = 4

export class Places {
  readonly #device: Device
  readonly #g: Geometry
  #used: Uint8Array
  #usedCount = 0
  #lowest = 0
  /** No place at or above this is in use. */
  #endMax = 0

  constructor(device: Device, g: Geometry) {
    this.#device = device
    this.#g = g
    this.#used = new Uint8Array(Math.max(64, this.capacity))
  }

  /** Places that the main area has room for without growing. */
  get capacity(): number {
    return Math.max(0, Math.floor((this.#device.size('main') - SEGMENTS_AT) / this.#g.placeBytes))
  }

  get usedCount(): number {
    return this.#usedCount
  }

  isUsed(place: number): boolean {
    return this.#used[place] === 1
  }

  use(place: number): void {
    if (place >= this.#used.length) {
      const grown = new Uint8Array(Math.max(this.#used.length * 2, place + 1))
      grown.set(this.#used)
      this.#used = grown
    }
    assert(this.#used[place] === 0, `place ${place} is used once`)
    this.#used[place] = 1
    this.#endMax = Math.max(this.#endMax, place + 1)
    this.#usedCount++
  }

  free(place: number): void {
    assert(this.#used[place] === 1, `place ${place} was in use`)
    this.#used[place] = 0
    this.#usedCount--
    this.#lowest = Math.min(this.#lowest, place)
  }

  /** Starts over with exactly these places in use. */
  reset(places: Iterable<number>): void {
    this.#used.fill(0)
    this.#usedCount = 0
    this.#lowest = 0
    this.#endMax = 0
    for (const place of places) this.use(place)
  }

  /** Makes sure that `count` more places can be had without new space. Throws DeviceError `full`. */
  reserve(count: number): void {
    const missing = count - (this.capacity - this.#usedBelow(this.capacity))
    if (missing <= 0) return
    const wanted = this.capacity + Math.max(missing, GROWTH_PLACES)
    try {
      this.#device.reserve('main', SEGMENTS_AT + wanted * this.#g.placeBytes)
    } catch (error) {
      if (missing >= GROWTH_PLACES) throw error
      this.#device.reserve('main', SEGMENTS_AT + (this.capacity + missing) * this.#g.placeBytes)
    }
  }

  /** The lowest free place, now in use; beyond `capacity` if there is none below. */
  take(): number {
    let place = this.#lowest
    while (this.#used[place] === 1) place++
    this.#lowest = place + 1
    this.use(place)
    return place
  }

  /** The lowest free place below `capacity`, now in use; asserts that there is one. */
  takeReserved(): number {
    const place = this.take()
    assert(place < this.capacity, 'a place that was reserved is there')
    return place
  }

  /** One more than the highest place in use. */
  get end(): number {
    while (this.#endMax > 0 && this.#used[this.#endMax - 1] === 0) this.#endMax--
    return this.#endMax
  }

  #usedBelow(capacity: number): number {
    let beyond = 0
    for (let place = capacity; place < this.#endMax; place++) beyond += this.#used[place] ?? 0
    return this.#usedCount - beyond
  }
}
