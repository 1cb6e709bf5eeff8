// One life of an SQLite database on a failing disk, from one seed: several processes after each other, each the real
// engine on the real block store with several clients, strict and relaxed, and the same statements on `:memory:`.
//
// Plan of a process: (1) it opens what the last one left; clients send again what was not answered; (2) turns: clients
// send, yielded work goes on, time moves, streams get credit; at chosen operations of the disk a fork dies and is looked
// at (sqlite-crash.ts); (3) it dies at a chosen operation, when the store is latched, or at rest after everything has
// been answered; (4) the fork that died there is the next process's disk.
//
// Lost: what anybody was told of is not there. Silent: a state, a read or an answer that is not the oracle's.
import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm'
import { AREAS } from '../../src/device/device.ts'
import { Engine } from '../../src/engine/engine.ts'
import type { Environment } from '../../src/environment.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import type { Origin } from '../../src/store/block-store-types.ts'
import { ScriptedClock } from '../support/scripted-clock.ts'
import { type Chance, seeded } from '../support/seeded.ts'
import { SimulatedDisk } from '../support/simulated-disk.ts'
import { type Sent, SimulatedClient } from './sqlite-client.ts'
import * as crash from './sqlite-crash.ts'
import { Broken, type Commit, type CrashPoint } from './sqlite-crash.ts'
import { hashOf, type Oracle } from './sqlite-oracle.ts'
import { compare, replayAlone, replayTransaction } from './sqlite-replay.ts'
import { ClientSession } from './sqlite-session.ts'
import { BASE, Statements } from './sqlite-statements.ts'

export interface Tally extends crash.CrashCounts {
  processes: number
  commits: number
  answered: number
  refused: number
  repeated: number
  reads: number
  latched: number
}

export const newTally = (): Tally => ({
  crashes: 0,
  recoveryCrashes: 0,
  checkedBySqlite: 0,
  processes: 0,
  commits: 0,
  answered: 0,
  refused: 0,
  repeated: 0,
  reads: 0,
  latched: 0,
  cells: new Map(),
})

/** What is expensive to make and shared by all lives of a run. */
export interface Modules {
  /** For the engine; a fresh one per life. */
  readonly sqlite3: Sqlite3Static
  readonly oracle: Oracle
  readonly inspector: crash.Inspector
}

const PROCESSES = 8
const SYNC = { intervalMs: 0, debounceMs: 0, maxDirtyBytes: 0, maxDirtyBlocks: 0 }
const GROWS_TO_BYTES = 350_000

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
  readonly #blockSize: number
  readonly #cacheBytes: number
  #clock = new ScriptedClock(0)
  #disk: SimulatedDisk
  #history: Commit[]
  #schema = ''
  #told = 0
  #toldStrict = 0
  #alive = false
  /** Number of the process that runs; what an earlier one still posts goes nowhere. */
  #processNumber = 0
  #untilDeath = 0
  #crashShare = 0
  #points: CrashPoint[] = []
  #death: CrashPoint | undefined
  /** What this process said was not applied and never will be. */
  #notApplied: Sent[] = []
  #broken: unknown
  #bare: Sent | undefined
  #bareParts = 0

  constructor(seed: number, kind: 'kept' | 'undone', modules: Modules, tally: Tally) {
    this.#chance = seeded(seed)
    this.#modules = modules
    this.#tally = tally
    this.#blockSize = this.#chance.pick([4096, 4096, 1024, 8192])
    this.#cacheBytes = this.#chance.pick([1 << 16, 1 << 20])
    this.#disk = new SimulatedDisk(seeded(this.#draw()), kind)
    this.#statements = new Statements(this.#chance)
    modules.oracle.restore(new Uint8Array(0))
    this.#history = [{ digest: modules.oracle.digest(), image: new Uint8Array(0) }]
    const around = {
      chance: this.#chance,
      statements: this.#statements,
      told: () => this.#told,
      bareAllowed: () => this.#bareUnderWay() === undefined,
    }
    this.#sessions = ['a', 'b', 'c', 'd'].map((letter, i) => {
      const settings = { durability: i % 2 === 0 ? 'strict' : 'relaxed', foreignKeys: true, sync: SYNC } as const
      return new ClientSession(new SimulatedClient(letter.repeat(32), settings, (sent) => this.#settled(sent)), around)
    })
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
      if (this.#alive && store.latched) {
        this.#tally.latched++
        this.#die(undefined)
      }
    }
    if (this.#alive && this.#chance.chance(0.4)) await this.#rest()
    if (this.#alive) this.#die(undefined)
    await this.#bury(engine, store)
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
      const device = crash.observedDevice(disk, (operation) => this.#before(operation))
      return BlockStore.open({ device, environment, blockSize, maxPinnedBytes: 1 << 20 })
    }
    const point = this.#death
    this.#death = undefined
    const store = point ? await crash.recovered(point, this.#tally, open) : await open(this.#disk)
    if (point) this.#disk = point.disk
    const { sequence } = store
    this.#told = this.#toldStrict = sequence
    for (const { commit, seq } of this.#notApplied.splice(0))
      if (commit !== undefined && commit <= sequence)
        throw new Broken(`request ${seq} was said to be not applied, and is commit ${commit}`)
    this.#back(sequence)
    this.#modules.inspector.check(store, this.#history[sequence]!, this.#tally)
    if (point) crash.checkOutcomes(store, point.unanswered)
    this.#watchPublishes(store)
    this.#alive = true
    this.#untilDeath = 1 + this.#chance.int(this.#chance.chance(0.3) ? 20 : 300)
    this.#crashShare = this.#chance.pick([0.5, 1])
    const { faults } = this.#disk
    if (this.#chance.chance(0.2)) faults.failSync = 0.02
    if (this.#chance.chance(0.15)) faults.failWrite = 0.01
    if (point && this.#chance.chance(0.15)) {
      const bytes = AREAS.reduce((sum, area) => sum + this.#disk.size(area), 0)
      faults.quotaBytes = bytes + 65_536 * this.#chance.int(16)
    }
    return store
  }

  /** Forgets what was started and is not there. */
  #back(sequence: number): void {
    const isNewest = this.#history.length === sequence + 1
    this.#history.length = sequence + 1
    for (const { client } of this.#sessions)
      for (const sent of client.unanswered.values())
        if (sent.commit !== undefined && sent.commit > sequence) sent.commit = sent.expected = undefined
    for (const session of this.#sessions) session.lost()
    this.#bare = undefined
    if (!isNewest) this.#modules.oracle.restore(this.#history[sequence]!.image)
    this.#look()
  }

  #resend(client: SimulatedClient): void {
    this.#tally.repeated += client.unanswered.size
    client.resend(this.#told)
  }

  #first(): void {
    const [{ client }] = this.#sessions as [ClientSession]
    client.send([{ type: 'script', items: BASE }], 0)
  }

  #turn(number: number): void {
    const { chance } = this.#chance
    const x = this.#chance.next()
    if (x < 0.6) this.#chance.pick(this.#sessions).act()
    else if (x < 0.85) this.#clock.turn()
    else if (x < 0.93) this.#clock.advance(this.#chance.int(chance(0.1) ? 12_000 : 300))
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
      this.#modules.inspector.check(store, this.#history[store.sequence]!, this.#tally)
      crash.checkOutcomes(store, point.unanswered)
    }
    this.#throwBroken()
  }

  /** Nothing new is asked; everything asked has to be answered. */
  async #rest(): Promise<void> {
    const { faults } = this.#disk
    faults.failSync = faults.failWrite = 0
    for (let i = 0; this.#alive; i++) {
      const waiting = this.#sessions.reduce((sum, { client }) => sum + client.unanswered.size, 0)
      const open = this.#sessions.some(({ transaction }) => transaction !== undefined)
      if (waiting === 0 && !open) return
      if (i > 3000) throw new Broken(`${waiting} requests are never answered`)
      for (const session of this.#sessions) if (session.transaction?.begun.settled) session.finish()
      this.#clock.turn()
      this.#clock.advance(10)
      this.#credit(9)
      await this.#pause()
    }
  }

  /** Ends a process that is dead already, so that nothing of it stays in the module. */
  async #bury(engine: Engine, store: BlockStore): Promise<void> {
    const { faults } = this.#disk
    faults.failSync = faults.failWrite = 0
    faults.quotaBytes = Number.POSITIVE_INFINITY
    this.#points = []
    let done = false
    const closing = engine.close().finally(() => {
      done = true
    })
    closing.catch(() => {})
    for (let i = 0; !done; i++) {
      if (i > 5000) throw new Broken('closing the engine never ends')
      this.#clock.turn()
      await settle()
    }
    if (!store.latched) await closing
    const { capi } = this.#modules.sqlite3
    const vfs = capi.sqlite3_vfs_find('datasync')
    if (vfs) capi.sqlite3_vfs_unregister(vfs)
    this.#throwBroken()
  }

  #throwBroken(): void {
    if (this.#broken !== undefined) throw this.#broken
  }

  // ---- crashes ----

  #before(operation: (disk: SimulatedDisk) => void): void {
    if (!this.#alive) return
    if (--this.#untilDeath === 0) this.#die(operation)
    else if (this.#chance.chance(this.#crashShare)) this.#points.push(this.#point(operation))
  }

  #die(operation: ((disk: SimulatedDisk) => void) | undefined): void {
    this.#death = this.#point(operation)
    this.#alive = false
  }

  #point(operation: ((disk: SimulatedDisk) => void) | undefined): CrashPoint {
    return {
      ...crash.dieAt(this.#disk, this.#draw(), operation),
      told: this.#told,
      toldStrict: this.#toldStrict,
      started: this.#history.length - 1,
      unanswered: this.#sessions.flatMap(({ client }) => [...client.unanswered.values()]),
    }
  }

  // ---- commits ----

  /** Tells whether the process that runs now still does. */
  #runsNow(): () => boolean {
    const number = this.#processNumber
    return () => this.#alive && this.#processNumber === number
  }

  #watchPublishes(store: BlockStore): void {
    this.#processNumber++
    const runs = this.#runsNow()
    const begin = store.begin.bind(store)
    store.begin = () => {
      const transaction = begin()
      const publish = transaction.publish.bind(transaction)
      transaction.publish = (origins) => {
        const sequence = publish(origins)
        if (runs()) this.#published(sequence, origins)
        return sequence
      }
      return transaction
    }
  }

  #published(sequence: number, origins: readonly Origin[]): void {
    try {
      if (sequence !== this.#history.length)
        throw new Broken(`commit ${sequence} follows commit ${this.#history.length - 1}`)
      if (origins.length === 0) this.#replayBare()
      for (const origin of origins) this.#replay(sequence, origin)
      const { oracle } = this.#modules
      this.#history.push({ digest: oracle.digest(), image: oracle.image() })
      this.#tally.commits++
      this.#look()
    } catch (error) {
      this.#broken ??= error
      this.#alive = false
    }
  }

  #replay(sequence: number, { client, seq }: Origin): void {
    const session = this.#sessions.find((one) => one.client.id === client)
    const sent = session?.client.unanswered.get(seq)
    if (!session || !sent) throw new Broken(`commit ${sequence} names request ${client} ${seq}, which does not wait`)
    if (sent.commit !== undefined) throw new Broken(`request ${client} ${seq} is applied twice (${sent.commit})`)
    sent.commit = sequence
    if (sent.work.type !== 'end') replayAlone(this.#modules.oracle, sent)
    else if (sent.work.action === 'rollback') throw new Broken('a rollback was published')
    else replayTransaction(this.#modules.oracle, sent.work.steps)
  }

  #replayBare(): void {
    const sent = this.#bareUnderWay()
    if (sent !== this.#bare) this.#bareParts = 0
    this.#bare = sent
    const part = sent?.work.type === 'bare' ? sent.work.parts[this.#bareParts++] : undefined
    if (!part) throw new Broken('a commit without an origin')
    for (const sql of part) this.#modules.oracle.run(sql)
  }

  #bareUnderWay(): Sent | undefined {
    for (const { client } of this.#sessions)
      for (const sent of client.unanswered.values()) if (sent.work.type === 'bare') return sent
    return undefined
  }

  /** What the next statements can be about. */
  #look(): void {
    const { oracle } = this.#modules
    const { tables } = this.#history.at(-1)!.digest
    this.#statements.mayGrow = this.#history.at(-1)!.image.length < GROWS_TO_BYTES
    const schema = [...tables.keys()].join()
    if (schema === this.#schema && this.#chance.chance(0.7)) return
    this.#schema = schema
    this.#statements.columns = oracle.columns()
  }

  // ---- answers ----

  #settled(sent: Sent): void {
    try {
      this.#judge(sent)
    } catch (error) {
      this.#broken ??= error
      this.#alive = false
    }
  }

  #judge(sent: Sent): void {
    const { client, seq, work, settled, commit } = sent
    if (!settled) return
    compare(sent)
    if ('code' in settled) {
      this.#tally.refused++
      // A commit whose flush finds no space is undone with everything since the last one.
      const isUndone = settled.applied === 'no' || settled.code === 'SQLITE_FULL'
      if (isUndone) this.#notApplied.push(sent)
      if (commit !== undefined && settled.applied === undefined && !isUndone)
        throw new Broken(`request ${client.id} ${seq} was answered ${settled.code}, but is commit ${commit}`)
      return
    }
    this.#tally.answered++
    if (commit !== undefined) this.#tell(client, commit)
    else if ('items' in work && work.transaction === undefined) this.#judgeWithoutCommit(sent)
    else if (work.type === 'bare') this.#tell(client, sent.knownAtSend)
  }

  /** A read, or a write that changed nothing. */
  #judgeWithoutCommit(sent: Sent): void {
    const { work, settled, client, knownAtSend } = sent
    if (!settled || 'code' in settled || !('items' in work)) return
    const sql = work.items[0]?.sql ?? ''
    const read = work.type === 'statement' && /^SELECT \*(.*) FROM (\w+)$/.exec(sql)
    if (!read) {
      const changed = settled.effects.some(({ changes }) => changes > 0)
      // An UPDATE that changes nothing in a page counts its rows, but there is nothing to commit.
      const mustCommit = work.type === 'statement' && /^(DELETE FROM (p|c|log|big)|INSERT INTO (p|c|big))/.test(sql)
      if (changed && mustCommit && !sql.includes('ON CONFLICT'))
        throw new Broken(`${client.id} ${sent.seq}: ${sql} was answered, without a commit`)
      return
    }
    this.#tally.reads++
    const zeros = `x${Buffer.alloc(150_000).toString('base64')},`
    const rows = read[1] === '' ? sent.rows : sent.rows.map((row) => row.replace(zeros, ''))
    const hash = hashOf(rows)
    for (let i = knownAtSend; i < this.#history.length; i++) {
      if (this.#history[i]?.digest.tables.get(read[2]!) !== hash) continue
      this.#tell(client, i)
      return
    }
    throw new Broken(`${client.id} ${sent.seq}: ${sql} was answered with no state since commit ${knownAtSend} (silent)`)
  }

  #tell(client: SimulatedClient, commit: number): void {
    this.#told = Math.max(this.#told, commit)
    if (client.strict) this.#toldStrict = Math.max(this.#toldStrict, commit)
  }
}

/** Every promise that can settle does. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
