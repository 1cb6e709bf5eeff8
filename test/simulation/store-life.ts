// One life of a block store on a failing disk, from one seed, against a plain list of states.
//
// Plan: (1) open; (2) random steps: groups of commits with truncations, large transactions, rollbacks; flushes and
// syncs that acknowledge; checkpoints in slices beside them; pins, reads, marks, orderly closes; (3) the process or the
// power dies at a chosen operation, or the store latches; (4) recovery, which may die too; (5) the state must be one of
// the list between acknowledged and started, whole; (6) again.
//
// Lost: an acknowledged commit is neither there nor reported as damaged. Silent: wrong bytes without an error.
import { DataSyncError, StorageError } from '../../src/errors/errors.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import type { Snapshot } from '../../src/store/block-store-types.ts'
import { type ChecksumName, Checksums } from '../../src/store/checksum.ts'
import { SECTOR, SUPERBLOCK_AT } from '../../src/store/format.ts'
import { decodeSuperblock } from '../../src/store/superblock.ts'
import { type Chance, seeded, simulatedEnvironment } from '../support/seeded.ts'
import { Crash, SimulatedDisk } from '../support/simulated-disk.ts'

export interface Tally {
  crashes: number
  powerCuts: number
  recoveryCrashes: number
  recoveries: number
  commits: number
  large: number
  checkpoints: number
  snapshotReads: number
  latched: number
  reported: number
  lastGroupLost: number
  full: number
  /** Crashes inside compact(). */
  compactCrashes: number
  /** Commits that a read that was wrong once made look like a torn tail; nothing had claimed them. */
  flakyCut: number
  /** Openings with one superblock destroyed. */
  superblockAlone: number
  faults: Record<string, number>
  cells: Map<string, number>
}

export const newTally = (): Tally => ({
  crashes: 0,
  powerCuts: 0,
  recoveryCrashes: 0,
  recoveries: 0,
  commits: 0,
  large: 0,
  checkpoints: 0,
  snapshotReads: 0,
  latched: 0,
  reported: 0,
  lastGroupLost: 0,
  full: 0,
  compactCrashes: 0,
  flakyCut: 0,
  superblockAlone: 0,
  faults: {},
  cells: new Map(),
})

/** A promise of the store was broken. */
export class Broken extends Error {
  override readonly name = 'Broken'
}

interface State {
  readonly size: number
  readonly values: ReadonlyMap<number, number>
  readonly outcomes: ReadonlyMap<string, number>
}

const EMPTY: State = { size: 0, values: new Map(), outcomes: new Map() }
const CLIENTS = ['00', '11', '22'].map((pair) => pair.repeat(16))
const CHECKSUMS: readonly ChecksumName[] = ['xxhash64', 'xxhash64', 'crc32c', 'blake3']

/** `kind`: what the disk does with unsynced writes (simulated-disk.ts). Throws Broken with the seed. */
export async function life(seed: number, kind: 'kept' | 'undone', tally: Tally): Promise<void> {
  await new Life(seed, kind, tally).live()
}

class Life {
  readonly #chance: Chance
  readonly #disk: SimulatedDisk
  readonly #tally: Tally
  readonly #seed: number
  readonly #blockSize: number
  readonly #blocks: number
  readonly #mediaFaults: boolean
  readonly #syncFaults: boolean
  readonly #quotaFaults: boolean
  readonly #bytes: Uint8Array
  readonly #expected: Uint8Array
  #history: State[] = [EMPTY]
  #store!: BlockStore
  #pins: { snapshot: Snapshot; state: State }[] = []
  #synced = 0
  #flushed = 0
  #folding: Promise<void> | undefined
  #openSlice: (() => void) | undefined
  #foldError: unknown
  #opened = 0
  #compacting = false
  /** True if a read was or will be wrong before the next check. */
  #flaky = false

  constructor(seed: number, kind: 'kept' | 'undone', tally: Tally) {
    this.#seed = seed
    this.#chance = seeded(seed)
    this.#tally = tally
    this.#disk = new SimulatedDisk(this.#chance, kind)
    this.#blockSize = this.#chance.chance(0.8) ? 65536 : this.#chance.pick([32768, 16384, 8192])
    this.#blocks = (4 + this.#chance.int(3)) * (262144 / this.#blockSize)
    this.#mediaFaults = this.#chance.chance(0.2)
    this.#syncFaults = this.#chance.chance(0.25)
    this.#quotaFaults = this.#chance.chance(0.2)
    this.#bytes = new Uint8Array(this.#blockSize)
    this.#expected = new Uint8Array(this.#blockSize)
  }

  async live(): Promise<void> {
    try {
      await this.#open()
      for (let deaths = 0; deaths < 14; deaths++) {
        await this.#runUntilDeath()
        await this.#recover()
      }
    } catch (error) {
      if (error instanceof StorageError && error.code === 'corrupt' && this.#disk.damaged) {
        this.#tally.reported++
        return
      }
      const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
      throw new Broken(`seed ${this.#seed} (${this.#disk.last}): ${what}`, { cause: error })
    } finally {
      const { faults } = this.#tally
      for (const [fault, count] of Object.entries(this.#disk.came)) faults[fault] = (faults[fault] ?? 0) + count
    }
  }

  async #open(): Promise<void> {
    this.#folding = undefined
    this.#openSlice = undefined
    this.#foldError = undefined
    this.#pins = []
    const opened = this.#opened + 1
    this.#store = await BlockStore.open({
      device: this.#disk.device(),
      environment: simulatedEnvironment(this.#seed * 1000 + this.#opened++),
      blockSize: this.#blockSize,
      checksum: this.#chance.pick(CHECKSUMS),
      maxPinnedBytes: 2 << 20,
      slice: () =>
        new Promise((resolve) => {
          // The checkpoint of an earlier process may still run into its end.
          if (opened === this.#opened) this.#openSlice = resolve
        }),
    })
    this.#tally.recoveries++
  }

  async #runUntilDeath(): Promise<void> {
    const { faults } = this.#disk
    faults.crashAt = this.#disk.operations + 1 + this.#chance.int(this.#chance.chance(0.5) ? 10 : 50)
    if (this.#chance.chance(0.12)) {
      // Between the two superblocks of a checkpoint.
      faults.crashNear = { area: 'main', at: SUPERBLOCK_AT[0] }
      faults.crashAt += 200
    }
    faults.failSync = this.#syncFaults ? 0.08 : 0
    faults.failWrite = this.#syncFaults && this.#chance.chance(0.5) ? 0.03 : 0
    if (this.#mediaFaults && !this.#disk.damaged && this.#chance.chance(0.15)) {
      faults.misdirectAt = this.#disk.operations + 1 + this.#chance.int(30)
    }
    if (this.#chance.chance(0.1)) faults.flakyReadAt = this.#disk.reads + 1 + this.#chance.int(200)
    if (this.#quotaFaults) {
      faults.quotaBytes = this.#chance.chance(0.7)
        ? this.#disk.usedBytes + this.#chance.int(2 << 20)
        : Number.POSITIVE_INFINITY
    }
    this.#compacting = false
    try {
      for (let step = 0; step < 400; step++) await this.#step()
      this.#disk.kill()
    } catch (error) {
      if (!this.#died(error)) throw error
    }
  }

  /** True if the error is how a process ends here. */
  #died(error: unknown): boolean {
    if (error instanceof Crash) return true
    if (error instanceof StorageError && error.code === 'corrupt') return false
    // A latched store: what was not acknowledged may or may not be there after a reopen.
    if (error instanceof StorageError && this.#store?.latched) {
      this.#tally.latched++
      return true
    }
    return false
  }

  /** A failure that harms nothing: the call is simply not done. */
  async #step(): Promise<void> {
    try {
      await this.#randomStep()
    } catch (error) {
      const harmless = error instanceof StorageError && (error.code === 'io' || error.code === 'quota')
      if (!harmless || this.#store.latched) throw error
      this.#tally.full++
    }
  }

  async #randomStep(): Promise<void> {
    const x = this.#chance.next()
    if (x < 0.5) await this.#commitGroup()
    else if (x < 0.74) await this.#advanceFold()
    else if (x < 0.8) this.#pin()
    else if (x < 0.85) this.#pins.shift()?.snapshot.release()
    else if (x < 0.92) this.#readSomething()
    else if (x < 0.95) await this.#acknowledge('sync')
    else if (x < 0.975) await this.#driven(async () => this.#store.idle())
    else if (x < 0.985) await this.#compact()
    else await this.#closeAndReopen()
  }

  async #compact(): Promise<void> {
    this.#compacting = true
    await this.#driven(() => this.#store.compact())
    this.#compacting = false
  }

  async #commitGroup(): Promise<void> {
    await this.#driven(async () => this.#store.prepare())
    const count = this.#chance.chance(0.3) ? 2 + this.#chance.int(2) : 1
    for (let i = 0; i < count; i++) if (!this.#commitOne()) break
    if (this.#chance.chance(0.85)) await this.#acknowledge(this.#chance.chance(0.5) ? 'sync' : 'flush')
  }

  /** One transaction; false if space ran out. */
  #commitOne(): boolean {
    const before = this.#history.at(-1) ?? EMPTY
    const transaction = this.#store.begin()
    const values = new Map(before.values)
    let size = before.size
    const cut = (to: number) => {
      transaction.truncate(to)
      for (const block of values.keys()) if (block >= to) values.delete(block)
      size = to
    }
    try {
      if (size > 0 && this.#chance.chance(0.1)) cut(this.#chance.int(size))
      const span = this.#chance.chance(0.5) ? Math.min(8, this.#blocks) : this.#blocks
      const most = this.#chance.chance(0.1) ? 120 : 10
      const writes = this.#chance.chance(0.2) ? 5 + this.#chance.int(most) : 1 + this.#chance.int(3)
      for (let i = 0; i < writes; i++) {
        const block = this.#chance.int(span)
        const value = 1 + this.#chance.int(1 << 28)
        transaction.write(block, this.#fill(this.#bytes, value))
        values.set(block, value)
        size = Math.max(size, block + 1)
        if (this.#chance.chance(0.03)) cut(this.#chance.int(size))
      }
      if (writes > 4) this.#tally.large++
      if (this.#chance.chance(0.1)) {
        transaction.rollback()
        return true
      }
      transaction.reserve()
    } catch (error) {
      transaction.rollback()
      if (error instanceof StorageError && (error.code === 'quota' || error.code === 'io') && !this.#store.latched) {
        this.#tally.full++
        return false
      }
      throw error
    }
    const sequence = this.#store.sequence + 1
    const client = this.#chance.pick(CLIENTS)
    const outcomes = new Map(before.outcomes).set(client, sequence)
    this.#history.push({ size, values, outcomes })
    const outcome = new Uint8Array(new Uint32Array([sequence]).buffer)
    const published = transaction.publish([{ client, seq: sequence, ackedThrough: sequence - 1, outcome }])
    if (published !== sequence) throw new Broken(`published ${published}, expected ${sequence}`)
    this.#tally.commits++
    return true
  }

  async #acknowledge(level: 'flush' | 'sync'): Promise<void> {
    const { sequence } = this.#store
    const underWay = this.#store[level]()
    if (underWay) {
      underWay.catch(() => {})
      // Work goes on beside it; what is published now is not stored by it.
      if (this.#chance.chance(0.3)) this.#commitOne()
      await underWay
    }
    const { flushedSequence, syncedSequence } = this.#store
    const reached = level === 'sync' ? syncedSequence : Math.max(flushedSequence, syncedSequence)
    if (reached < sequence) throw new Broken(`a ${level} of commit ${sequence} reached ${reached}`)
    this.#flushed = Math.max(this.#flushed, flushedSequence, syncedSequence)
    this.#synced = Math.max(this.#synced, syncedSequence)
  }

  /** Starts a checkpoint, or lets a running one do a slice. */
  async #advanceFold(): Promise<void> {
    if (!this.#folding && this.#chance.chance(0.4)) {
      const opened = this.#opened
      const ended = (error?: unknown) => {
        // What the store of an earlier process says by now concerns nobody.
        if (opened !== this.#opened) return
        this.#folding = undefined
        this.#foldError = error
      }
      this.#folding = this.#store.checkpoint().then(() => {
        this.#tally.checkpoints++
        ended()
      })
      this.#folding.catch(ended)
    }
    await this.#slice()
    const error = this.#foldError
    this.#foldError = undefined
    if (error) throw error
  }

  async #slice(): Promise<void> {
    for (let i = 0; i < 6; i++) await Promise.resolve()
    const slice = this.#openSlice
    this.#openSlice = undefined
    slice?.()
    for (let i = 0; i < 6; i++) await Promise.resolve()
  }

  /** Runs a call that may wait for a checkpoint, letting that do its slices. */
  async #driven(call: () => Promise<void>): Promise<void> {
    let settled = false
    const result = call().finally(() => {
      settled = true
    })
    result.catch(() => {})
    for (let turns = 0; !settled; turns++) {
      if (turns > 10_000) throw new Broken('a call never settles')
      // A call that waits for nothing gives the checkpoint no turn, so that commits come between any two of its steps.
      for (let i = 0; i < 12 && !settled; i++) await Promise.resolve()
      if (!settled) await this.#slice()
    }
    await result
  }

  #pin(): void {
    if (this.#pins.length < 3)
      this.#pins.push({ snapshot: this.#store.pin(), state: this.#history[this.#store.sequence] ?? EMPTY })
  }

  #readSomething(): void {
    this.#store.check()
    this.#compare(this.#store.pin(), this.#history.at(-1) ?? EMPTY, 'the newest state').release()
    for (const pin of this.#pins) {
      try {
        this.#compare(pin.snapshot, pin.state, 'a snapshot')
        this.#tally.snapshotReads++
      } catch (error) {
        if (!(error instanceof DataSyncError) || error.code !== 'snapshot-too-old') throw error
        this.#pins = this.#pins.filter((other) => other !== pin)
      }
    }
  }

  async #closeAndReopen(): Promise<void> {
    for (const { snapshot } of this.#pins.splice(0)) snapshot.release()
    const sequence = this.#store.sequence
    try {
      await this.#driven(() => this.#store.close())
      this.#flushed = this.#synced = sequence
    } catch (error) {
      // A latched store may have lost what was not acknowledged: that is a death, and the oracle must look what is there.
      if (!(error instanceof StorageError) || error.code === 'corrupt' || this.#store.latched) throw error
      // Nothing may be missing after a close that only failed to fold.
      this.#flushed = this.#synced = sequence
    }
    try {
      await this.#open()
    } catch (error) {
      // An opening that the disk refuses is tried again by the next process.
      throw error instanceof StorageError && error.code !== 'corrupt' ? new Crash('refused opening') : error
    }
  }

  /** After a death: whatever the disk kept must open as one of the states that may be there. */
  async #recover(): Promise<void> {
    const { faults } = this.#disk
    // What one recovery did not see stays cut off, also if it died and the next one reads well.
    this.#flaky = false
    for (let depth = 0; ; depth++) {
      const power = this.#chance.chance(0.55)
      this.#count(power)
      if (depth > 0) this.#tally.recoveryCrashes++
      const claimed = this.#store?.claimedSequence ?? 0
      if (power) this.#disk.powerCut()
      else this.#disk.kill()
      if (this.#mediaFaults && !this.#disk.damaged && this.#chance.chance(0.15)) this.#rotSomewhere()
      if (power) this.#flushed = this.#synced
      const least = this.#flushed
      faults.flakyReadAt = 0
      faults.crashNear = undefined
      // A recovery that read wrong and died may have cut the tail off in one superblock only.
      if (!this.#disk.damaged && this.#chance.chance(0.08) && !this.#flaky) await this.#superblocksAlone()
      if (!this.#disk.damaged && this.#chance.chance(0.15)) {
        this.#flaky = true
        faults.flakyReadAt = this.#disk.reads + 1 + this.#chance.int(20)
      }
      faults.crashAt = this.#chance.chance(0.3)
        ? this.#disk.operations + 1 + this.#chance.int(8)
        : Number.POSITIVE_INFINITY
      faults.failSync = this.#syncFaults && this.#chance.chance(0.3) ? 0.15 : 0
      faults.failWrite = 0
      try {
        await this.#open()
        faults.crashAt = Number.POSITIVE_INFINITY
        faults.failSync = 0
        this.#checkRecovered(least, claimed)
        return
      } catch (error) {
        if (error instanceof Crash) continue
        if (error instanceof StorageError && (error.code === 'io' || error.code === 'quota')) continue
        throw error
      }
    }
  }

  #checkRecovered(least: number, folded: number): void {
    const { sequence } = this.#store
    if (sequence < least) {
      // Damage to the newest group cannot be told from a tear until a mark or a later record claims it.
      if (this.#disk.damaged && sequence >= folded) this.#tally.lastGroupLost++
      else if (this.#flaky && sequence >= folded) this.#tally.flakyCut++
      else throw new Broken(`recovered commit ${sequence}, acknowledged was ${least}`)
    }
    if (sequence >= this.#history.length)
      throw new Broken(`recovered commit ${sequence}, started were ${this.#history.length - 1}`)
    this.#history.length = sequence + 1
    this.#flushed = this.#synced = sequence
    const state = this.#history[sequence] ?? EMPTY
    this.#store.check()
    this.#compare(this.#store.pin(), state, 'the recovered state').release()
    for (const [client, seq] of state.outcomes) {
      const outcome = this.#store.outcomeOf(client, seq)
      if (!outcome || new DataView(outcome.buffer, outcome.byteOffset).getUint32(0, true) !== seq) {
        throw new Broken(`the outcome of ${client} ${seq} is lost`)
      }
    }
  }

  #compare(snapshot: Snapshot, state: State, what: string): Snapshot {
    if (snapshot.sizeBlocks !== state.size)
      throw new Broken(`${what} has ${snapshot.sizeBlocks} blocks, expected ${state.size}`)
    for (let block = 0; block < state.size; block++) {
      snapshot.read(block, this.#bytes)
      const value = state.values.get(block) ?? 0
      if (Buffer.compare(this.#bytes, this.#fill(this.#expected, value)) !== 0) {
        throw new Broken(`${what}: block ${block} at commit ${snapshot.sequence} is not what was written (silent)`)
      }
    }
    return snapshot
  }

  /** Each superblock that is whole must lead to the same commit, alone as well as with the other. */
  async #superblocksAlone(): Promise<void> {
    const checksums = await Checksums.load(0)
    const whole = SUPERBLOCK_AT.map((at) => {
      const bytes = new Uint8Array(SECTOR)
      this.#disk.peek('main', bytes, at)
      return decodeSuperblock(bytes, checksums).kind === 'valid'
    })
    const destroyed = [undefined, ...(whole[1] ? [SUPERBLOCK_AT[0]] : []), ...(whole[0] ? [SUPERBLOCK_AT[1]] : [])]
    const ends: number[] = []
    for (const at of destroyed) {
      const disk = this.#disk.clone(seeded(this.#seed))
      if (at !== undefined) disk.overwrite('main', new Uint8Array(SECTOR).fill(0xee), at)
      const store = await BlockStore.open({
        device: disk.device(),
        environment: simulatedEnvironment(1),
        blockSize: this.#blockSize,
      })
      ends.push(store.sequence)
      this.#compare(store.pin(), this.#history[store.sequence] ?? EMPTY, `the state with superblock ${at} destroyed`)
      if (at !== undefined) this.#tally.superblockAlone++
    }
    if (ends.some((end) => end !== ends[0])) throw new Broken(`superblocks lead to different commits: ${ends}`)
  }

  #rotSomewhere(): void {
    const area = this.#chance.pick(['main', 'log-0', 'log-1'] as const)
    this.#disk.rot(area, this.#chance.int(this.#chance.chance(0.3) ? 262_144 : 6 << 20))
  }

  #count(power: boolean): void {
    this.#tally.crashes++
    if (power) this.#tally.powerCuts++
    if (this.#compacting) this.#tally.compactCrashes++
    this.#compacting = false
    const cell = `${power ? 'power cut' : 'kill'} at ${this.#disk.last}`
    this.#tally.cells.set(cell, (this.#tally.cells.get(cell) ?? 0) + 1)
  }

  #fill(bytes: Uint8Array, value: number): Uint8Array {
    new Uint32Array(bytes.buffer).fill(value)
    return bytes
  }
}
