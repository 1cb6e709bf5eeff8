// One process that has the simulated store open: random steps on it and on the plain list of states beside it.
//
// Invariant: `known` is what anybody may rely on: the list of states, and how far commits were acknowledged.
import { DataSyncError, StorageError } from '../../src/errors/errors.ts'
import type { BlockStore } from '../../src/store/block-store.ts'
import type { Snapshot } from '../../src/store/block-store-types.ts'
import { Crash } from '../support/crash.ts'
import type { Chance } from '../support/seeded.ts'
import type { Tally } from './store-cells.ts'
import type { Labels } from './store-labels.ts'
import { Broken, type Comparison, EMPTY, isCorrupt, isRefused, outcomeOf, type State } from './store-oracle.ts'
import type { Shape } from './store-shape.ts'

export interface Known {
  /** States by commit; the last ones may not have been acknowledged. */
  readonly history: State[]
  /** Newest commit that survives a power cut. */
  synced: number
  /** Newest commit that survives the process. */
  flushed: number
}

export interface ProcessContext {
  readonly store: BlockStore
  readonly chance: Chance
  readonly shape: Shape
  readonly comparison: Comparison
  readonly known: Known
  readonly labels: Labels
  readonly tally: Tally
  /** True if the disk has lost data. */
  readonly damaged: () => boolean
}

const CLIENTS = ['00', '11', '22'].map((pair) => pair.repeat(16))

export class Process {
  readonly store: BlockStore
  /** Set by the driver: a checkpoint waits for it between its slices. */
  openSlice: (() => void) | undefined
  closed = false
  /** The operation that a fault is aimed at: half of the steps lead there. */
  goal: string | undefined
  readonly #context: ProcessContext
  readonly #chance: Chance
  readonly #known: Known
  readonly #tally: Tally
  #pins: { snapshot: Snapshot; state: State }[] = []
  #folding: Promise<void> | undefined
  #foldError: unknown

  constructor(context: ProcessContext) {
    this.#context = context
    this.store = context.store
    this.#chance = context.chance
    this.#known = context.known
    this.#tally = context.tally
  }

  /** One random step. A failure that harms nothing is that of a call that was not done. */
  async step(): Promise<void> {
    try {
      await this.#randomStep()
    } catch (error) {
      if (isCorrupt(error)) {
        // What a device has just taken back can be seen a moment before the store hears of it.
        for (let i = 0; i < 6; i++) await null
        throw this.store.latched ?? new Broken(`damage stops more than the reading of damaged blocks: ${error}`)
      }
      if (!isRefused(error) || this.store.latched) throw error
      this.#tally.full++
    }
  }

  async #randomStep(): Promise<void> {
    if (this.goal && this.#chance.chance(0.5)) return this.#stepTowards(this.goal)
    const x = this.#chance.next()
    if (x < 0.5) await this.#commitGroup()
    else if (x < 0.74) await this.#advanceFold()
    else if (x < 0.8) this.#pin()
    else if (x < 0.85) this.#pins.shift()?.snapshot.release()
    else if (x < 0.9) this.#readSomething()
    else if (x < 0.94) await this.#acknowledge('sync')
    else if (x < 0.97) await this.#driven(async () => this.store.idle())
    else if (x < 0.985) await this.#driven(() => this.store.compact())
    else await this.#close()
  }

  /** A step that does the operation `goal`, if the state of the store lets it. */
  async #stepTowards(goal: string): Promise<void> {
    const level = goal.startsWith('flush') ? 'flush' : 'sync'
    if (goal.includes('fresh') || goal.includes('repair')) await this.commitLarge(level)
    else if (goal.includes('group')) await this.#commits(2, level)
    else if (goal.includes('mark')) {
      await this.#commits(1, 'sync')
      await this.#driven(async () => this.store.idle())
    } else if (goal === 'flush after something else') {
      await this.#acknowledge('sync')
      await this.#acknowledge('flush')
    } else if (goal === 'main is cut' || goal === 'main grows') {
      await this.#cutToNothing()
      await this.#driven(() => this.store.compact())
      if (goal === 'main grows') await this.commitLarge('flush')
    } else if (goal.startsWith('log ')) {
      // A log grows where a snapshot holds the other one back, and is cut when it is entered again.
      if (goal === 'log grows' || this.#chance.chance(0.3)) this.#pin()
      else this.#pins.shift()?.snapshot.release()
      await this.commitLarge('flush')
    } else if (/fold|table|superblock|nothing leads/.test(goal)) {
      if (!this.#folding) await this.#commits(1, 'flush')
      await this.#advanceFold(1)
      if (goal.includes('nothing leads')) await this.#acknowledge(level)
    } else await this.#commits(1, level)
  }

  /** A commit whose record takes as much of the log as one may. */
  async commitLarge(level: 'flush' | 'sync' = 'sync'): Promise<void> {
    await this.#prepare()
    if (this.#commitOne(48)) await this.#acknowledge(level)
  }

  async #commitGroup(): Promise<void> {
    await this.#prepare()
    const count = this.#chance.chance(0.3) ? 2 + this.#chance.int(2) : 1
    for (let i = 0; i < count; i++) if (!this.#commitOne()) break
    if (this.#chance.chance(0.85)) await this.#acknowledge(this.#chance.chance(0.5) ? 'sync' : 'flush')
  }

  async #commits(count: number, level: 'flush' | 'sync'): Promise<void> {
    await this.#prepare()
    for (let i = 0; i < count; i++) if (!this.#commitOne()) break
    await this.#acknowledge(level)
  }

  async #prepare(): Promise<void> {
    await this.#driven(async () => this.store.prepare())
    if (this.store.outcomesFull) await this.#makeOutcomeRoom()
  }

  /** Clients acknowledge what they have asked, or end; until then no commit may bring an outcome. */
  async #makeOutcomeRoom(): Promise<void> {
    const { history } = this.#known
    for (const client of CLIENTS) {
      const before = history.at(-1) ?? EMPTY
      const requests = before.outcomes.get(client)
      if (!requests) continue
      const outcomes = new Map(before.outcomes)
      const ends = this.#chance.chance(0.2)
      if (ends) {
        outcomes.delete(client)
        this.store.endSession(client)
      } else outcomes.set(client, [])
      history.push({ ...before, outcomes })
      const acknowledged = ends ? [] : [{ client, ackedThrough: requests.at(-1) ?? 0 }]
      const { labels } = this.#context
      labels.acknowledging = true
      try {
        await this.#driven(() => this.store.acknowledge(acknowledged))
      } catch (error) {
        // The store would take it along with any later record.
        if (ends && isRefused(error) && !this.store.latched) throw new Crash('with a session that has ended')
        throw error
      } finally {
        labels.acknowledging = false
        history.length = Math.min(history.length, this.store.sequence + 1)
      }
      if (this.store.sequence + 1 !== history.length) throw new Broken('an acknowledgement is one commit')
      this.#tally.acknowledgements++
    }
    if (this.store.outcomesFull) throw new Broken('what was acknowledged makes no room')
  }

  /** A commit that leaves nothing, brought home, so that all places are free. */
  async #cutToNothing(): Promise<void> {
    await this.#prepare()
    if (this.#commitOne(1, 0)) await this.#driven(() => this.store.checkpoint())
  }

  /** One transaction; false if space ran out. */
  #commitOne(least = 1, cutTo?: number): boolean {
    const { labels } = this.#context
    if (this.store.outcomesFull) return false
    labels.phase = 'transaction'
    try {
      return this.#transaction(least, cutTo)
    } finally {
      labels.phase = 'running'
    }
  }

  #transaction(least: number, cutTo: number | undefined): boolean {
    const { blocks, blockSize } = this.#context.shape
    const before = this.#known.history.at(-1) ?? EMPTY
    const transaction = this.store.begin()
    const values = new Map(before.values)
    const words = new Uint32Array(blockSize / 4)
    const bytes = new Uint8Array(words.buffer)
    let size = before.size
    const cut = (to: number) => {
      transaction.truncate(to)
      for (const block of values.keys()) if (block >= to) values.delete(block)
      size = to
    }
    try {
      if (size > 0 && this.#chance.chance(0.1)) cut(this.#chance.int(size))
      const span = this.#chance.chance(0.5) ? Math.min(8, blocks) : blocks
      const most = this.#chance.chance(0.1) ? 120 : 10
      const drawn = this.#chance.chance(0.2) ? 5 + this.#chance.int(most) : 1 + this.#chance.int(3)
      const writes = Math.max(least, drawn)
      for (let i = 0; i < writes; i++) {
        const block = this.#chance.int(span)
        const value = 1 + this.#chance.int(1 << 28)
        words.fill(value)
        transaction.write(block, bytes)
        values.set(block, value)
        size = Math.max(size, block + 1)
        if (this.#chance.chance(0.03)) cut(this.#chance.int(size))
      }
      if (writes > 4) this.#tally.large++
      if (cutTo !== undefined) cut(cutTo)
      if (this.#chance.chance(0.1)) {
        transaction.rollback()
        return true
      }
      transaction.reserve()
    } catch (error) {
      transaction.rollback()
      if (!isRefused(error) || this.store.latched) throw error
      this.#tally.full++
      return false
    }
    const sequence = this.store.sequence + 1
    const client = this.#chance.pick(CLIENTS)
    const asked = before.outcomes.get(client) ?? []
    const kept = this.#chance.chance(0.6) ? [] : asked
    const outcomes = new Map(before.outcomes).set(client, [...kept, sequence])
    this.#known.history.push({ size, values, outcomes })
    const ackedThrough = kept.length === 0 ? sequence - 1 : (kept[0] ?? sequence) - 1
    const published = transaction.publish([{ client, seq: sequence, ackedThrough, outcome: outcomeOf(sequence) }])
    if (published !== sequence) throw new Broken(`published ${published}, expected ${sequence}`)
    this.#tally.commits++
    return true
  }

  async #acknowledge(level: 'flush' | 'sync'): Promise<void> {
    const { sequence } = this.store
    const underWay = this.store[level]()
    if (underWay) {
      underWay.catch(() => {})
      // Work goes on beside it; what is published now is not stored by it.
      if (this.#chance.chance(0.3)) this.#commitOne()
      await underWay
    }
    const { flushedSequence, syncedSequence } = this.store
    const reached = level === 'sync' ? syncedSequence : Math.max(flushedSequence, syncedSequence)
    if (reached < sequence) throw new Broken(`a ${level} of commit ${sequence} reached ${reached}`)
    this.#known.flushed = Math.max(this.#known.flushed, flushedSequence, syncedSequence)
    this.#known.synced = Math.max(this.#known.synced, syncedSequence)
  }

  /** Starts a checkpoint, or lets a running one do a slice. */
  async #advanceFold(startChance = 0.4): Promise<void> {
    if (!this.#folding && this.#chance.chance(startChance)) {
      const ended = (error?: unknown) => {
        this.#folding = undefined
        this.#foldError = error
      }
      this.#folding = this.store.checkpoint().then(() => {
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
    const slice = this.openSlice
    this.openSlice = undefined
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
    if (this.#pins.length >= 3) return
    this.#pins.push({ snapshot: this.store.pin(), state: this.#known.history[this.store.sequence] ?? EMPTY })
  }

  #readSomething(): void {
    const { comparison, damaged } = this.#context
    this.store.check()
    const newest = this.store.pin()
    try {
      comparison.all(newest, this.#known.history.at(-1) ?? EMPTY, 'the newest state', damaged())
    } finally {
      newest.release()
    }
    for (const pin of this.#pins) {
      try {
        comparison.all(pin.snapshot, pin.state, 'a snapshot', damaged())
        this.#tally.snapshotReads++
      } catch (error) {
        if (!(error instanceof DataSyncError) || error.code !== 'snapshot-too-old') throw error
        this.#tally.snapshotsEnded++
        this.#pins = this.#pins.filter((other) => other !== pin)
      }
    }
  }

  async #close(): Promise<void> {
    for (const { snapshot } of this.#pins.splice(0)) snapshot.release()
    const { sequence } = this.store
    try {
      await this.#driven(() => this.store.close())
    } catch (error) {
      // A latched store may have lost what was not acknowledged: that is a death, and the oracle must look what is there.
      if (!(error instanceof StorageError) || this.store.latched) throw error
      if (isCorrupt(error)) throw error
    }
    // Nothing may be missing after a close that only failed to fold.
    this.#known.flushed = this.#known.synced = sequence
    this.closed = true
  }
}
