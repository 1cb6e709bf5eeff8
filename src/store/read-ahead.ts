// Runs of home blocks read in one call. A reader that asks for block after block gets longer and longer runs, up to a
// segment; single reads go straight into place and cost nothing extra. At most STREAMS_MAX runs are held, so that a
// scan displaces other scans at worst.
//
// Invariant: a run holds what its place holds now: whoever writes to a place calls `forget` first.
import type { Device } from '../device/device.ts'
import { blockAt, type Geometry } from './format.ts'

const STREAMS_MAX = 4

interface Stream {
  nextBlock: number
  runBlocks: number
  place: number
  from: number
  to: number
  bytes: Uint8Array | undefined
}

export interface ReadAheadCounts {
  runs: number
  runBlocks: number
  singles: number
}

export class ReadAhead {
  readonly #device: Device
  readonly #g: Geometry
  readonly #streams: Stream[] = []
  readonly counts: ReadAheadCounts = { runs: 0, runBlocks: 0, singles: 0 }

  constructor(device: Device, g: Geometry) {
    this.#device = device
    this.#g = g
  }

  /** Fills `into` with the stored bytes of block `block`, which is number `index` of the segment at `place`. */
  read(block: number, place: number, index: number, into: Uint8Array): void {
    const { blockSize, blocksPerSegment } = this.#g
    for (let i = 0; i < this.#streams.length; i++) {
      const stream = this.#streams[i]
      if (!stream) continue
      if (stream.place === place && index >= stream.from && index < stream.to && stream.bytes) {
        const at = (index - stream.from) * blockSize
        into.set(stream.bytes.subarray(at, at + blockSize))
        stream.nextBlock = block + 1
        return
      }
      if (stream.nextBlock !== block) continue
      this.#streams.splice(i, 1)
      this.#streams.unshift(stream)
      stream.nextBlock = block + 1
      stream.runBlocks = Math.min(blocksPerSegment, stream.runBlocks * 2)
      const count = Math.min(stream.runBlocks, blocksPerSegment - index)
      if (count < 2) break
      stream.bytes ??= new Uint8Array(blocksPerSegment * blockSize)
      const run = stream.bytes.subarray(0, count * blockSize)
      stream.place = -1
      if (this.#device.read('main', run, blockAt(place, index, this.#g)) < run.length) break
      stream.place = place
      stream.from = index
      stream.to = index + count
      this.counts.runs++
      this.counts.runBlocks += count
      into.set(run.subarray(0, blockSize))
      return
    }
    if (this.#streams[0]?.nextBlock !== block + 1) this.#open(block)
    this.direct(place, index, into)
  }

  /** One block, past every run. */
  direct(place: number, index: number, into: Uint8Array): void {
    this.counts.singles++
    const count = this.#device.read('main', into, blockAt(place, index, this.#g))
    if (count < into.length) into.fill(0, count)
  }

  /** Drops runs of this place, because it is about to be written. */
  forget(place: number): void {
    for (const stream of this.#streams) if (stream.place === place) stream.place = -1
  }

  /** Drops all runs and their memory. */
  clear(): void {
    this.#streams.length = 0
  }

  #open(block: number): void {
    const stream =
      this.#streams.length < STREAMS_MAX
        ? { nextBlock: 0, runBlocks: 1, place: -1, from: 0, to: 0, bytes: undefined }
        : this.#streams.pop()
    if (!stream) return
    stream.nextBlock = block + 1
    stream.runBlocks = 2
    stream.place = -1
    this.#streams.unshift(stream)
  }
}
