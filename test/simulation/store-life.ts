// One life of a block store on a failing disk, from one seed, against a plain list of states.
//
// Plan: (1) open; (2) random steps of a process (store-process.ts), with faults of the disk, some aimed at a kind of
// operation; (3) the process or the power dies at a chosen moment, or the store latches; (4) recovery, which may die too;
// (5) the state must be one of the list between acknowledged and started, whole; (6) again. Beside that, from many of
// the moments the disk is forked and dies there in the fork, which recovers and sometimes lives on for a while; a fork
// draws from a chance of its own, so the main line never notices.
//
// Lost: an acknowledged commit is neither there nor reported as damaged. Silent: wrong bytes without an error.
// A crash point counts once: if a recovery from the same state of the disk was tried before in this life, it does not.
import { StorageError } from '../../src/errors/errors.ts'
import { Checksums } from '../../src/store/checksum.ts'
import { geometry, SEGMENT_BYTES, SUPERBLOCK_AT } from '../../src/store/format.ts'
import { type Chance, seeded, simulatedEnvironment } from '../support/seeded.ts'
import { Crash, SimulatedDisk } from '../support/simulated-disk.ts'
import { Aiming, drawAim, rotPlace } from './store-aim.ts'
import type { DiskKind } from './store-budget.ts'
import type { Fate, Tally } from './store-cells.ts'
import { type Fork, forksAt } from './store-forks.ts'
import { Labels } from './store-labels.ts'
import { Broken, checkOutcomes, EMPTY, isCorrupt, isRefused } from './store-oracle.ts'
import { type Known, Process } from './store-process.ts'
import { drawShape } from './store-shape.ts'
import { eachSuperblockAlone } from './store-superblocks.ts'
import { type Operation, watched } from './store-watch.ts'
import { boundariesOf, countDeath, type Moment, newWorld, openSimulated, type World } from './store-world.ts'

export { newTally, type Tally } from './store-cells.ts'

const DEATHS = 14

let loaded: Promise<Checksums> | undefined

/** `kind`: what the disk does with unsynced writes (simulated-disk.ts). Throws Broken with the seed. */
export async function life(seed: number, kind: DiskKind, tally: Tally): Promise<void> {
  loaded ??= Checksums.load()
  const chance = seeded(seed)
  const shape = drawShape(chance)
  const sizesVanish = kind === 'kept' && chance.chance(0.4)
  const world = newWorld({ seed, kind, shape, checksums: await loaded, tally, sizesVanish })
  const disk = new SimulatedDisk(chance, kind)
  try {
    await new Life(world, disk, chance, { history: [EMPTY], synced: 0, flushed: 0 }, 0).live()
  } catch (error) {
    const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    const again = `npm run simulate -- --kind store --disk ${kind} --first ${seed} --seeds 1`
    throw new Broken(`seed ${seed} (${disk.last}): ${what}; again: ${again}`, { cause: error })
  }
}

class Life {
  readonly #world: World
  readonly #disk: SimulatedDisk
  readonly #chance: Chance
  readonly #known: Known
  /** 0 for the main line, 1 for forks. */
  readonly #depth: number
  readonly #labels: Labels
  readonly #forkChance: Chance
  readonly #mediaFaults: boolean
  readonly #syncFaults: boolean
  readonly #quotaFaults: boolean
  #process: Process | undefined
  #opened = 0
  /** What something synced had claimed when the last process died. */
  #claimed = 0
  /** Operations until the process dies; 0: it does not. */
  #untilDeath = 0
  readonly #aiming = new Aiming()
  /** The last process ended with pages that look clean and are not stored, as far as its successor can tell. */
  #stalePages = false
  /** True while commits may be missing that nothing claims, because they could not be read in an opening. */
  #tailMayGo = false
  /** After a tail was cut off it still stands on the disk: deaths in which a record of it could be taken for a new one. */
  #staleTail = 0
  /** True for a fork whose process is dead already. */
  #justForked = false
  #died: Moment = { label: 'nothing', boundary: 'before' }
  #forks: { readonly life: Life; readonly moment: Moment; readonly fate: Fate }[] = []

  constructor(world: World, disk: SimulatedDisk, chance: Chance, known: Known, depth: number) {
    this.#world = world
    this.#disk = disk
    this.#chance = chance
    this.#known = known
    this.#depth = depth
    this.#labels = new Labels(
      geometry(world.shape.blockSize, world.shape.sizes.segmentBytes ?? SEGMENT_BYTES),
      world.kind,
    )
    this.#forkChance = seeded(chance.int(1 << 30))
    this.#mediaFaults = chance.chance(0.2)
    this.#syncFaults = chance.chance(0.25)
    this.#quotaFaults = chance.chance(0.2)
    disk.faults.sizesVanish = world.sizesVanish
  }

  async live(): Promise<void> {
    const { faults } = this.#world.tally
    try {
      await this.#create()
      for (let deaths = 0; deaths < DEATHS; deaths++) {
        await this.#runUntilDeath(this.#chance.chance(0.5) ? 10 : 60)
        await this.#recover(this.#drawFate())
      }
    } catch (error) {
      if (!isCorrupt(error) || !this.#disk.damaged) throw error
      this.#world.tally.reported++
    } finally {
      for (const [fault, count] of Object.entries(this.#disk.came)) faults[fault] = (faults[fault] ?? 0) + count
    }
  }

  /** The first opening, which may fail. */
  async #create(): Promise<void> {
    const chance = this.#chance
    this.#aiming.at = chance.chance(0.95) ? drawAim(chance, this.#world.kind, 'creation', false) : undefined
    try {
      await this.#open()
      this.#untilDeath = 0
    } catch (error) {
      if (!(error instanceof Crash) && !isRefused(error)) throw error
      if (!(error instanceof Crash)) this.#died = { label: 'refused opening', boundary: 'after' }
      await this.#recover(this.#drawFate())
    }
  }

  /** The life of a fork: one recovery, and now and then a little more. */
  async liveOn(fate: Fate, moment: Moment): Promise<void> {
    this.#died = moment
    this.#justForked = true
    try {
      if (!(await this.#recover(fate)) || !this.#chance.chance(0.12)) return
      await this.#runUntilDeath(12)
      await this.#recover(this.#drawFate())
    } catch (error) {
      if (!isCorrupt(error) || !this.#disk.damaged) throw error
      this.#world.tally.reported++
    }
  }

  #drawFate(): Fate {
    return this.#chance.chance(0.55) ? 'power cut' : 'kill'
  }

  async #open(): Promise<void> {
    const { shape, seed, comparison, tally } = this.#world
    const labels = this.#labels
    const disk = this.#disk
    const head = new Uint8Array(4)
    disk.peek('main', head, SUPERBLOCK_AT[1])
    // The second superblock is the last step of a creation.
    labels.phase = head.every((byte) => byte === 0) ? 'creation' : 'recovery'
    labels.failed = false
    let process: Process | undefined
    const device = watched(disk, labels, {
      before: (operation) => this.#before(operation),
      fault: (row, column) => tally.cells.count(row, column),
    })
    const environment = simulatedEnvironment(seed * 1000 + this.#depth * 500 + this.#opened++)
    const slice = () =>
      new Promise<void>((resolve) => {
        if (process) process.openSlice = resolve
      })
    const store = await openSimulated(this.#world, device, environment, this.#chance, slice)
    labels.phase = 'running'
    const damaged = () => disk.damaged
    process = new Process({
      store,
      chance: this.#chance,
      shape,
      comparison,
      known: this.#known,
      labels,
      tally,
      damaged,
    })
    this.#process = process
    tally.recoveries++
  }

  /** Called before each operation of the running process. */
  #before(operation: Operation): void {
    const { phase, acknowledging } = this.#labels
    const inFold = operation.label === 'main grows' && phase === 'running' && !acknowledging
    if (inFold && !this.#world.sizesVanish) throw new Broken('a fold needs space that no commit has reserved')
    if (this.#aiming.take(operation, this.#disk, this.#labels) === 'crash') this.#untilDeath = 1 + this.#chance.int(3)
    if (!this.#aiming.at && this.#process) this.#process.goal = undefined
    if (this.#depth === 0) {
      const forks = forksAt(operation, this.#world, this.#disk, this.#forkChance, this.#stalePages)
      for (const fork of forks) this.#keepFork(fork)
    }
    const { faults } = this.#disk
    faults.crashAt = Number.POSITIVE_INFINITY
    if (this.#untilDeath === 0 || --this.#untilDeath > 0) return
    const boundaries = boundariesOf(operation, this.#world.kind)
    const boundary = boundaries.length > 0 ? this.#chance.pick(boundaries) : 'before'
    this.#died = { label: boundaries.length > 0 ? operation.label : 'between two flushes', boundary }
    faults.crashAt = this.#disk.operations + 1
    faults.crashSide = boundary
  }

  #keepFork({ disk, chance, moment, fate }: Fork): void {
    const { history, synced, flushed } = this.#known
    const known = { history: history.slice(), synced, flushed: fate === 'kill' ? flushed : synced }
    const life = new Life(this.#world, disk, chance, known, 1)
    life.#claimed = this.#claims
    life.#tailMayGo = this.#tailMayGo
    life.#labels.logWrites.push(...this.#labels.logWrites)
    this.#forks.push({ life, moment, fate })
  }

  async #tryForks(): Promise<void> {
    for (const { life, moment, fate } of this.#forks.splice(0)) await life.liveOn(fate, moment)
  }

  /** What something synced claims, as far as the last or running process knew. */
  get #claims(): number {
    return Math.max(this.#claimed, this.#process?.store.claimedSequence ?? 0)
  }

  async #runUntilDeath(operationsMax: number): Promise<void> {
    const { faults } = this.#disk
    const chance = this.#chance
    this.#untilDeath = 1 + chance.int(operationsMax)
    this.#aiming.at = chance.chance(this.#depth === 0 && this.#world.kind === 'kept' ? 0.75 : 0.9)
      ? drawAim(chance, this.#world.kind, 'running', this.#disk.damaged)
      : undefined
    // What is aimed at may come late.
    if (this.#aiming.at) this.#untilDeath += this.#depth === 0 ? 100 : 40
    if (this.#process) this.#process.goal = this.#aiming.at?.label
    // On a disk of transactions writes go no further than memory.
    const { kind } = this.#world
    faults.failSync = this.#syncFaults ? 0.08 : 0
    faults.failWrite = kind === 'kept' && this.#syncFaults && chance.chance(0.5) ? 0.03 : 0
    if (kind === 'kept' && this.#mediaFaults && !this.#disk.damaged && chance.chance(0.1))
      faults.misdirectAt = this.#disk.operations + 1 + chance.int(30)
    if (chance.chance(0.25)) faults.flakyReadAt = this.#disk.reads + 1 + chance.int(60)
    if (this.#quotaFaults) {
      faults.quotaBytes = chance.chance(0.7)
        ? this.#disk.usedBytes + chance.int(this.#world.shape.spareBytes)
        : Number.POSITIVE_INFINITY
    }
    try {
      // The first record goes to the other log if it is large, and leaves the old tail where it is.
      if (this.#staleTail > 0) this.#staleTail--
      if (this.#staleTail === 2) await this.#process?.commitLarge()
      if (this.#staleTail === 1 || (this.#staleTail === 2 && chance.chance(0.5))) throw new Crash('at once')
      const steps = chance.chance(0.08) ? 1 + chance.int(12) : 300
      for (let step = 0; step < steps; step++) {
        if (this.#process?.closed) await this.#reopen()
        await this.#process?.step()
        await this.#tryForks()
      }
      this.#died = { label: 'idle', boundary: 'after' }
    } catch (error) {
      if (!this.#isDeath(error)) throw error
    }
    await this.#tryForks()
  }

  async #reopen(): Promise<void> {
    this.#claimed = this.#claims
    try {
      await this.#open()
    } catch (error) {
      // An opening that the disk refuses is tried again by the next process.
      if (!isRefused(error)) throw error
      this.#died = { label: 'refused opening', boundary: 'after' }
      throw new Crash('refused opening')
    }
  }

  /** True if the error is how a process ends here. */
  #isDeath(error: unknown): boolean {
    if (error instanceof Crash) return true
    if (isCorrupt(error) || !(error instanceof StorageError) || !this.#process?.store.latched) return false
    // A latched store: what was not acknowledged may or may not be there after a reopen.
    this.#world.tally.latched++
    this.#died = { label: 'latched', boundary: 'after' }
    return true
  }

  /** After a death: whatever the disk kept must open as one of the states that may be there. False: tried before. */
  async #recover(fateFirst: Fate): Promise<boolean> {
    const { faults } = this.#disk
    const chance = this.#chance
    let fate = fateFirst
    for (let attempt = 0; ; attempt++) {
      this.#claimed = this.#claims
      this.#process = undefined
      if (!this.#justForked) {
        if (fate === 'kill') this.#disk.kill()
        else this.#disk.powerCut()
      }
      this.#justForked = false
      const { label } = this.#died
      this.#stalePages = fate === 'kill' && (label === 'latched' || label === 'refused opening')
      if (fate === 'power cut') this.#known.flushed = this.#known.synced
      if (
        !countDeath(this.#world, this.#disk.stateId, this.#died, fate, attempt > 0) &&
        this.#depth > 0 &&
        attempt === 0
      )
        return false
      if (!this.#disk.damaged && chance.chance(this.#mediaFaults ? 0.12 : this.#depth > 0 ? 0.05 : 0)) this.#rot()
      faults.flakyReadAt = 0
      faults.sick = undefined
      if (this.#depth === 0 && !this.#disk.damaged && !this.#tailMayGo && chance.chance(0.4))
        await eachSuperblockAlone(this.#world, this.#disk, this.#known)
      if (!this.#disk.damaged && chance.chance(0.15)) {
        faults.flakyReadAt = this.#disk.reads + 1 + chance.int(12)
      }
      if (!this.#disk.damaged && chance.chance(this.#staleTail === 1 ? 0.8 : 0.1)) this.#sicken()
      this.#aiming.at = chance.chance(0.15)
        ? drawAim(chance, this.#world.kind, 'opening', this.#disk.damaged || !!faults.sick)
        : undefined
      this.#untilDeath = chance.chance(0.3) ? 1 + chance.int(8) : 0
      faults.failSync = this.#syncFaults && chance.chance(0.3) ? 0.15 : 0
      faults.failWrite = 0
      try {
        await this.#open()
        faults.sick = undefined
        this.#untilDeath = 0
        this.#aiming.at = undefined
        faults.failSync = 0
        faults.failNext = undefined
        this.#check()
        await this.#tryForks()
        return true
      } catch (error) {
        await this.#tryForks()
        // Nothing was overwritten on doubt, so all of it is there once it can be read again.
        const doubts = isCorrupt(error) && faults.sick !== undefined
        if (!(error instanceof Crash) && !isRefused(error) && !doubts) throw error
        if (!(error instanceof Crash)) this.#died = { label: 'refused opening', boundary: 'after' }
        fate = this.#drawFate()
      }
    }
  }

  #check(): void {
    const { history, synced, flushed } = this.#known
    const { tally, comparison } = this.#world
    const store = this.#process?.store
    if (!store) throw new Broken('no store was opened')
    const { sequence } = store
    const least = Math.max(synced, flushed)
    if (sequence < least) this.#mayBeMissing(sequence, least)
    if (sequence >= history.length)
      throw new Broken(`recovered commit ${sequence}, started were ${history.length - 1} (silent)`)
    this.#tailMayGo = false
    history.length = sequence + 1
    this.#known.flushed = this.#known.synced = sequence
    const state = history[sequence] ?? EMPTY
    store.check()
    const newest = store.pin()
    tally.reported += comparison.all(newest, state, 'the recovered state', this.#disk.damaged)
    newest.release()
    checkOutcomes(store, state)
  }

  /** Throws Broken if acknowledged commits behind `sequence` had to be there. */
  #mayBeMissing(sequence: number, least: number): void {
    const { tally } = this.#world
    // Damage to the newest group cannot be told from a tear until a mark or a later record claims it.
    // So it is if one write that landed elsewhere hit both, a group and the mark behind it, and was torn.
    const unclaimed = sequence >= this.#claimed || this.#labels.claimsAreHit(sequence, this.#disk.misdirected)
    if (this.#disk.damaged && unclaimed) tally.lastGroupLost++
    else if (this.#tailMayGo && sequence >= this.#claimed) {
      tally.tailsCut++
      if (this.#chance.chance(0.7)) this.#staleTail = 3
    } else throw new Broken(`recovered commit ${sequence}, acknowledged was ${least} (lost)`)
  }

  /** One of the newest records cannot be read until the next opening. */
  #sicken(): void {
    // One fault that hides or destroys data at a time: two may hide a commit and all that claims it.
    this.#disk.faults.misdirectAt = 0
    const writes = this.#labels.logWrites
    if (writes.length === 0) return
    const { area, at, bytes } = this.#chance.pick(this.#chance.chance(0.7) ? writes.slice(0, 1) : writes)
    this.#disk.faults.sick = { area, at: at + this.#chance.int(bytes) }
    // Two faults at once may hide a record and the mark that claims it.
    this.#disk.faults.flakyReadAt = 0
    this.#tailMayGo = true
    this.#world.tally.cells.count('log', 'read wrong for a while')
  }

  #rot(): void {
    this.#disk.faults.misdirectAt = 0
    const { area, at } = rotPlace(this.#chance, this.#disk)
    const { rotted } = this.#disk.came
    this.#disk.rot(area, at)
    if (this.#disk.came.rotted > rotted) this.#world.tally.cells.count(this.#labels.place(area, at), 'rot')
  }
}
