// One life of an SQLite database on a failing disk, from one seed: several processes after each other, each the real
// engine on the real block store with several clients (strict and relaxed, with and without foreign keys), and the same
// statements on `:memory:`.
//
// Plan of a process: (1) it opens what the last one left; clients send again what was not answered; (2) turns: clients
// send and give up, yielded work goes on, time moves, streams get credit, space becomes short; at the operations of the
// disk forks die and are looked at (sqlite-crash.ts); (3) it dies at a chosen operation, when the store is latched, or at
// rest after everything has been answered, or it is closed; (4) the fork that died there is the next process's disk.
//
// Lost: what anybody was told of is not there. Silent: a state, a read or an answer that is not the oracle's.
import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm'
import { Engine } from '../../src/engine/engine.ts'
import type { Environment } from '../../src/environment.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import { ScriptedClock } from '../support/scripted-clock.ts'
import { type Chance, seeded } from '../support/seeded.ts'
import { SimulatedDisk } from '../support/simulated-disk.ts'
import { SimulatedClient } from './sqlite-client.ts'
import * as crash from './sqlite-crash.ts'
import { Broken, type CrashPoint } from './sqlite-crash.ts'
import { History } from './sqlite-history.ts'
import { Judge } from './sqlite-judge.ts'
import type { Oracle } from './sqlite-oracle.ts'
import { ClientSession } from './sqlite-session.ts'
import { BASE, Statements } from './sqlite-statements.ts'
import type { Tally } from './sqlite-tally.ts'
import { Weather } from './sqlite-weather.ts'
import type { Sent } from './sqlite-work.ts'

/** What is expensive to make and shared by all lives of a run. */
export interface Modules {
  /** For the engine; a fresh one per life. */
  readonly sqlite3: Sqlite3Static
  readonly oracle: Oracle
  readonly inspector: crash.Inspector
}

const PROCESSES = 8
/** Of one process: others have more to tell. */
const POINTS_MAX = 150
const SYNC = { intervalMs: 0, debounceMs: 0, maxDirtyBytes: 0, maxDirtyBlocks: 0 }

/** Throws Broken with the seed. */
export async function life(seed: number, kind: 'kept' | 'undone', modules: Modules, tally: Tally): Promise<void> {
  const one = new Life(seed, kind, modules, tally)
  try {
    await one.live()
  } catch (error) {
    const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    throw new Broken(`seed ${seed}, ${kind}: ${what}`, { cause: error })
  }
}

class Life {
  readonly #chance: Chance
  readonly #modules: Modules
  readonly #tally: Tally
  readonly #statements: Statements
  readonly #sessions: ClientSession[]
  readonly #history: History
  readonly #judge: Judge
  readonly #blockSize: number
  readonly #cacheBytes: number
  #clock = new ScriptedClock(0)
  #disk: SimulatedDisk
  #weather: Weather
  #store: BlockStore | undefined
  #alive = false
  /** The engine has ended after a failure that the store may have survived. */
  #ended = false
  /** Number of the process that runs; what an earlier one still posts goes nowhere. */
  #processNumber = 0
  #untilDeath = 0
  #crashShare = 0
  #pointsLeft = 0
  #points: CrashPoint[] = []
  #death: CrashPoint | undefined
  #broken: unknown

  constructor(seed: number, kind: 'kept' | 'undone', modules: Modules, tally: Tally) {
    this.#chance = seeded(seed)
    this.#modules = modules
    this.#tally = tally
    this.#blockSize = this.#chance.pick([4096, 4096, 1024, 8192])
    this.#cacheBytes = this.#chance.pick([1 << 16, 1 << 20])
    this.#disk = new SimulatedDisk(seeded(this.#draw()), kind)
    this.#statements = new Statements(this.#chance)
    this.#weather = new Weather(this.#chance, this.#disk, this.#statements)
    // The first opening has nothing to recover and may not fail.
    this.#weather.calm()
    const guarded =
      <T>(act: (value: T) => void) =>
      (value: T) => {
        try {
          act(value)
        } catch (error) {
          this.#fail(error)
        }
      }
    const told = {
      settled: guarded((sent: Sent) => this.#judge.judge(sent)),
      terminated: guarded((why: string) => {
        const { failedWrites, failedSyncs } = this.#disk.came
        if (failedWrites + failedSyncs === 0) throw new Broken(`the engine ended by itself: ${why}`)
        this.#ended = true
      }),
    }
    const keysOff = this.#chance.chance(0.5)
    const clients = ['a', 'b', 'c', 'd'].map((letter, i) => {
      const durability = i % 2 === 0 ? 'strict' : 'relaxed'
      const settings = { durability, foreignKeys: !(keysOff && i > 1), sync: SYNC } as const
      return new SimulatedClient(letter.repeat(32), settings, told)
    })
    const growsToBytes = this.#chance.pick([350_000, 350_000, 700_000])
    const { oracle } = modules
    const history = { oracle, clients, statements: this.#statements, chance: this.#chance, growsToBytes }
    this.#history = new History(history)
    this.#judge = new Judge(this.#history, tally, () => ({
      latched: this.#ended || this.#store?.latched !== undefined,
      wasTight: this.#weather.wasTight,
    }))
    const around = {
      chance: this.#chance,
      statements: this.#statements,
      told: () => this.#judge.told,
      bareAllowed: () => this.#history.bareUnderWay() === undefined,
    }
    this.#sessions = clients.map((client) => new ClientSession(client, around))
  }

  async live(): Promise<void> {
    for (let i = 0; i < PROCESSES; i++) await this.#process()
  }

  #draw(): number {
    return this.#chance.int(1 << 30)
  }

  async #process(): Promise<void> {
    this.#tally.processes++
    const store = await this.#open()
    const { sqlite3 } = this.#modules
    const engine = new Engine({
      sqlite3,
      blocks: store,
      store,
      environment: this.#environment(),
      name: 'app.db',
      cacheBytes: this.#cacheBytes,
      rowBytesMax: 1 << 20,
    })
    const runs = this.#runsNow()
    for (const { client } of this.#sessions) client.attach(engine, runs)
    // What the first client still waits for begins with the schema; it must not be sent a second time by the same process.
    if (store.sequence === 0 && this.#sessions[0]?.client.unanswered.size === 0) {
      this.#first()
      for (const { client } of this.#sessions.slice(1)) this.#resend(client)
    } else for (const { client } of this.#sessions) this.#resend(client)
    const turns = 60 + this.#chance.int(200)
    for (let i = 0; i < turns && this.#alive; i++) {
      this.#turn(i)
      await this.#pause()
      if (this.#alive && (this.#ended || store.latched)) {
        this.#tally.latched++
        this.#die(undefined)
      }
    }
    let closing = false
    if (this.#alive && this.#chance.chance(0.6)) {
      await this.#rest()
      closing = this.#alive && this.#chance.chance(0.7)
    }
    if (this.#alive && !closing) this.#die(undefined)
    await this.#bury(engine, store)
    if (closing) await this.#closed(store)
  }

  #environment(): Environment {
    const chance = seeded(this.#draw())
    return {
      clock: this.#clock,
      random: { bytes: (count) => Uint8Array.from({ length: count }, () => chance.int(256)) },
    }
  }

  /** What the last process left, or a new disk. */
  async #open(): Promise<BlockStore> {
    this.#clock = new ScriptedClock(this.#chance.pick([0.001, 0.05, 0.5]))
    const environment = this.#environment()
    const blockSize = this.#blockSize
    const open = (disk: SimulatedDisk) => {
      const device = crash.observedDevice(disk, (operation, what) => this.#before(operation, what))
      return BlockStore.open({ device, environment, blockSize, maxPinnedBytes: 1 << 20 })
    }
    const point = this.#death
    this.#death = undefined
    const store = point ? await crash.recovered(point, this.#tally, open) : await open(this.#disk)
    if (point) this.#disk = point.disk
    const { sequence } = store
    this.#judge.restart(sequence)
    this.#history.back(sequence)
    for (const session of this.#sessions) session.lost()
    this.#modules.inspector.check(store, this.#history.at(sequence), this.#tally)
    if (point) crash.checkOutcomes(store, point.unanswered)
    this.#processNumber++
    this.#history.watch(store, this.#runsNow(), (error) => {
      if (error !== undefined) this.#fail(error)
      else this.#tally.commits++
    })
    this.#alive = true
    this.#ended = false
    this.#store = store
    this.#untilDeath = 1 + this.#chance.int(this.#chance.pick([20, 300, 300, 900, 1e9]))
    this.#crashShare = this.#chance.pick([0.5, 1])
    this.#pointsLeft = POINTS_MAX
    this.#weather = new Weather(this.#chance, this.#disk, this.#statements)
    return store
  }

  #resend(client: SimulatedClient): void {
    this.#tally.repeated += client.unanswered.size
    client.resend(this.#judge.told)
  }

  #first(): void {
    const [{ client }] = this.#sessions as [ClientSession]
    const autoVacuum = { sql: `PRAGMA auto_vacuum=${this.#chance.int(3)}`, parameters: [] }
    client.send([{ type: 'script', items: [autoVacuum, ...BASE] }], 0)
  }

  #turn(number: number): void {
    const { chance } = this.#chance
    if (this.#history.newest > 0) this.#weather.turn()
    const x = this.#chance.next()
    if (x < 0.6) this.#chance.pick(this.#sessions).act()
    else if (x < 0.84) this.#clock.turn()
    else if (x < 0.91) this.#clock.advance(this.#chance.int(chance(0.1) ? 12_000 : 300))
    else if (x < 0.93) this.#chance.pick(this.#sessions).giveUp()
    else this.#credit(1)
    if (number === 0) this.#clock.turn()
  }

  #credit(count: number): void {
    const slow = this.#sessions.flatMap(({ client }) => [...client.unanswered.values()].filter((s) => s.chunks > 0))
    for (const sent of slow.slice(0, count)) sent.client.credit(sent)
  }

  /** Lets promises settle, then looks at the forks that died meanwhile. */
  async #pause(): Promise<void> {
    await settle()
    for (const point of this.#points.splice(0)) {
      const store = await crash.recovered(point, this.#tally, crash.openFork(1))
      this.#throwBroken()
      this.#modules.inspector.check(store, this.#history.at(store.sequence), this.#tally)
      crash.checkOutcomes(store, point.unanswered)
    }
    this.#throwBroken()
  }

  /** Nothing new is asked; everything asked has to be answered. */
  async #rest(): Promise<void> {
    this.#weather.calm()
    for (let i = 0; this.#alive; i++) {
      const waiting = this.#sessions.reduce((sum, { client }) => sum + client.unanswered.size, 0)
      if (waiting === 0 && this.#sessions.every(({ open }) => !open)) return
      if (i > 3000) throw new Broken(`${waiting} requests are never answered`)
      for (const session of this.#sessions) session.finish()
      this.#clock.turn()
      this.#clock.advance(10)
      this.#credit(9)
      await this.#pause()
    }
  }

  /** Ends a process, dead or not, so that nothing of it stays in the module. */
  async #bury(engine: Engine, store: BlockStore): Promise<void> {
    this.#weather.calm()
    await this.#until(engine.close(), !this.#ended && !store.latched)
    const { capi } = this.#modules.sqlite3
    const vfs = capi.sqlite3_vfs_find('datasync')
    if (vfs) capi.sqlite3_vfs_unregister(vfs)
    this.#throwBroken()
  }

  /** Closing loses nothing, whatever happens afterwards. */
  async #closed(store: BlockStore): Promise<void> {
    this.#tally.closed++
    await this.#until(store.close(), true)
    this.#throwBroken()
    this.#judge.told = this.#judge.toldStrict = this.#history.newest
    this.#die(undefined)
    this.#points = []
  }

  async #until(closing: Promise<void>, mustSucceed: boolean): Promise<void> {
    let done = false
    const closed = closing.finally(() => {
      done = true
    })
    closed.catch(() => {})
    for (let i = 0; !done; i++) {
      if (i > 5000) throw new Broken('closing never ends')
      this.#clock.turn()
      this.#points = []
      await settle()
    }
    if (mustSucceed) await closed
  }

  #fail(error: unknown): void {
    this.#broken ??= error
    this.#alive = false
  }

  #throwBroken(): void {
    if (this.#broken !== undefined) throw this.#broken
  }

  // ---- crashes ----

  #before(operation: (disk: SimulatedDisk) => void, what: string): void {
    if (!this.#alive) return
    // Most operations are the many writes of one fold or one spilled transaction.
    const share = what === 'main' ? this.#crashShare / 5 : this.#crashShare
    if (--this.#untilDeath === 0) this.#die(operation)
    else if (this.#chance.chance(share)) {
      // Several fates of one moment cost little beside the moment itself.
      const fates = Math.min(this.#pointsLeft, this.#chance.pick([1, 2, 3, 4]))
      this.#pointsLeft -= fates
      for (let i = 0; i < fates; i++) this.#points.push(this.#point(operation))
    }
  }

  #die(operation: ((disk: SimulatedDisk) => void) | undefined): void {
    this.#death = this.#point(operation)
    this.#alive = false
  }

  #point(operation: ((disk: SimulatedDisk) => void) | undefined): CrashPoint {
    return {
      ...crash.dieAt(this.#disk, this.#draw(), operation),
      told: this.#judge.told,
      toldStrict: this.#judge.toldStrict,
      started: this.#history.newest,
      unanswered: this.#sessions.flatMap(({ client }) => [...client.unanswered.values()]),
    }
  }

  /** Tells whether the process that runs now still does. */
  #runsNow(): () => boolean {
    const number = this.#processNumber
    return () => this.#alive && this.#processNumber === number
  }
}

/** Every promise that can settle does. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
