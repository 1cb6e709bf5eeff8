// One life of a site from its seed: pages with the real client, workers with the real worker and leadership, on simulated
// locks, channels and storage. A driver lets pages write and read and lets them be killed, reloaded, hidden, frozen and
// busy; then everything is calmed and every promise has to settle.
//
// What must hold: an acknowledged row is there, a row that was called not applied is not, no row is there twice; a read
// sees every row that was acknowledged to anybody before it was asked; no promise of a living page hangs; errors are
// those that DESIGN section 9 names.
import type { Database } from '../../src/client/database.ts'
import { deleteDatabaseWith } from '../../src/client/databases.ts'
import { openWith } from '../../src/client/open.ts'
import { Broker } from '../../src/coordination/broker.ts'
import type { ClientPlatform, LifecycleEvent, Transport } from '../../src/coordination/platform.ts'
import { DataSyncError, LeaderLostError } from '../../src/errors/errors.ts'
import { seeded } from '../support/seeded.ts'
import { Broken } from './sqlite-crash.ts'
import { newPortEnds, type PortEnd, SimulatedChannels } from './tabs-channels.ts'
import { SimulatedLocks } from './tabs-locks.ts'
import { type Fence, SimulatedStorage, type SimulatedStore } from './tabs-storage.ts'
import type { TabsTally } from './tabs-tally.ts'
import { simulatedWorker } from './tabs-worker.ts'
import { Agent, settle, World } from './tabs-world.ts'

/** `busy` where a frozen page holds the handles, and where one that was robbed notices; `evicted` after a deletion. */
const EXPECTED = new Set(['leader-lost', 'timeout', 'busy', 'closed', 'evicted'])
const TIMEOUT_MS = 30_000

interface Pending {
  readonly what: string
  readonly sinceMs: number
}

interface Page {
  readonly agent: Agent
  readonly workers: Agent[]
  workersMade: number
  readonly lifecycle: Set<(event: LifecycleEvent) => void>
  db: Database | undefined
  /** The number of the database that `db` is. */
  storeId: string
  readonly pending: Set<Pending>
  state: 'shown' | 'hidden' | 'frozen'
}

export async function tabsLife(seed: number, tally: TabsTally): Promise<void> {
  const life = new TabsLife(seed, tally)
  try {
    await life.live()
  } catch (error) {
    const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    throw new Broken(`seed ${seed}: ${what}\n${life.log.slice(process.env.TRACE ? -2000 : -40).join('\n')}`, {
      cause: error,
    })
  }
}

class TabsLife {
  readonly log: string[] = []
  readonly #tally: TabsTally
  readonly #chance
  readonly #world: World
  readonly #locks: SimulatedLocks
  readonly #channels = new SimulatedChannels()
  readonly #storage: SimulatedStorage
  readonly #brokers: (Broker | undefined)[]
  readonly #brokerAgent: Agent
  readonly #pages: Page[] = []
  /** Rows that were acknowledged, by the database that they were written to. */
  readonly #acknowledged = new Map<string, Set<number>>()
  readonly #notApplied = new Set<number>()
  /** Workers whose pages wait for their locks. */
  readonly #shown = new Set<Agent>()
  #lastRow = 0
  #lastPage = 0
  #calming = false
  #broken: unknown

  constructor(seed: number, tally: TabsTally) {
    this.#tally = tally
    this.#chance = seeded(seed)
    this.#world = new World(this.#chance)
    if (process.env.TRACE) this.#world.trace = (what) => this.log.push(`${this.#world.nowMs.toFixed(1)}   ${what}`)
    this.#locks = new SimulatedLocks(this.#world)
    this.#storage = new SimulatedStorage(this.#chance.pick<Fence>(['handles', 'head']))
    this.#brokerAgent = new Agent(this.#world, 'broker')
    const broker = () => new Broker((port) => (port as unknown as PortEnd).wrap(this.#brokerAgent))
    // One broker, two of two releases, or none.
    this.#brokers = this.#chance.pick([[broker()], [broker(), broker()], [undefined], [broker(), undefined]])
  }

  async live(): Promise<void> {
    const { chance, int } = this.#chance
    const pages = 2 + int(4)
    for (let i = 0; i < pages; i++) this.#newPage()
    const turns = 30 + int(60)
    for (let i = 0; i < turns; i++) {
      this.#turn()
      await this.#run(chance(0.85) ? int(30) : int(chance(0.9) ? 1500 : 6000))
    }
    await this.#calm()
    this.#compare()
    this.#tally.leaders += this.#storage.terms
    this.#tally.answeredAgain += this.#storage.answeredAgain
    for (const rows of this.#acknowledged.values()) this.#tally.acknowledged += rows.size
    this.#tally.deletions += this.#storage.deletions
    this.#tally.stolen += this.#locks.stolen
  }

  #turn(): void {
    const page = this.#chance.pick(this.#pages)
    const x = this.#chance.next()
    if (x < 0.62) this.#use(page)
    else if (x < 0.68) this.#killWorker(page)
    else if (x < 0.74) this.#replace(page)
    else if (x < 0.79) this.#lifecycle(page, page.state === 'hidden' ? 'show' : 'hide')
    else if (x < 0.85) this.#lifecycle(page, page.state === 'frozen' ? 'resume' : 'freeze')
    else if (x < 0.9) this.#busy(page)
    else if (x < 0.94) this.#close(page)
    else if (x < 0.96) this.#delete(page)
    else this.#use(page)
  }

  // ---- what pages do ----

  #newPage(): void {
    const agent = new Agent(this.#world, `page ${++this.#lastPage}`)
    const page: Page = {
      agent,
      workers: [],
      workersMade: 0,
      lifecycle: new Set(),
      db: undefined,
      storeId: '',
      pending: new Set(),
      state: 'shown',
    }
    this.#pages.push(page)
    this.#open(page)
  }

  #open(page: Page): void {
    this.#say(page, 'opens')
    const opening = openWith(this.#platform(page), 'app.db', { timeoutMs: TIMEOUT_MS })
    this.#watch(page, 'open', opening, (db) => {
      page.db = db
      page.storeId = db.info.storeId
      const { storeId } = page
      db.on('gone', () => {
        this.#say(page, 'is told that the database is gone')
        const { store } = this.#storage
        if (store?.storeId === storeId && !store.deleting)
          this.#broken ??= new Broken(`${page.agent.name} is told that a database is gone which is there`)
        if (page.db !== db) return
        page.db = undefined
        this.#open(page)
      })
    })
  }

  #use(page: Page): void {
    const { db, state } = page
    if (!db || state === 'frozen') return
    for (let i = this.#chance.int(4); i >= 0; i--) {
      if (this.#chance.chance(0.3)) this.#read(page, db)
      else this.#write(page, db)
    }
  }

  #write(page: Page, db: Database): void {
    const { storeId } = page
    const row = ++this.#lastRow
    const written = db.run('W', [row])
    written.catch((error: unknown) => {
      if (error instanceof LeaderLostError && error.applied === 'no') this.#notApplied.add(row)
    })
    this.#watch(page, `write ${row}`, written, () => {
      this.#acknowledgedIn(storeId).add(row)
      if (this.#storage.store?.storeId === storeId && !this.#storage.store.rows.has(row))
        throw new Broken(`row ${row} was acknowledged and is not there`)
    })
  }

  #read(page: Page, db: Database): void {
    const least = this.#acknowledgedIn(page.storeId).size
    this.#watch(page, 'read', db.value('R'), (count) => {
      this.#tally.reads++
      if (Number(count) < least)
        throw new Broken(`a read saw ${count} rows, ${least} were acknowledged before it (stale)`)
    })
  }

  #delete(page: Page): void {
    if (page.state === 'frozen') return
    this.#say(page, 'deletes the database')
    const { store } = this.#storage
    const deleting = deleteDatabaseWith(this.#platform(page), 'app.db', { timeoutMs: TIMEOUT_MS })
    this.#watch(page, 'delete', deleting, (deleted) => {
      this.#say(page, deleted ? 'has deleted it' : 'found none to delete')
      if (deleted && store && this.#storage.store === store) throw new Broken('what was deleted is still there')
    })
  }

  #acknowledgedIn(storeId: string): Set<number> {
    const rows = this.#acknowledged.get(storeId) ?? new Set()
    this.#acknowledged.set(storeId, rows)
    return rows
  }

  #close(page: Page): void {
    const { db, state } = page
    if (!db || state !== 'shown') return
    this.#say(page, 'closes')
    page.db = undefined
    this.#watch(page, 'close', db.close(), () => this.#open(page))
  }

  #watch<T>(page: Page, what: string, promise: Promise<T>, done: (value: T) => void): void {
    const pending: Pending = { what, sinceMs: this.#world.nowMs }
    page.pending.add(pending)
    promise
      .then(
        (value) => {
          if (page.agent.alive) done(value)
        },
        (error: unknown) => this.#refused(page, what, error),
      )
      .catch((error: unknown) => {
        this.#broken ??= error
      })
      .finally(() => page.pending.delete(pending))
  }

  #refused(page: Page, what: string, error: unknown): void {
    const code = error instanceof DataSyncError ? error.code : String(error)
    this.#say(page, `${what}: ${error}`)
    this.#tally.errors.set(code, (this.#tally.errors.get(code) ?? 0) + 1)
    if (what === 'close') throw new Broken(`close() failed: ${error}`)
    const wasKilledOpening = what === 'open' && code === 'worker-ended'
    const wasLeft = what === 'delete' && code === 'aborted'
    if (!EXPECTED.has(code) && !wasKilledOpening && !wasLeft) throw error
    // What could not be opened is tried again.
    if (what === 'open' && page.agent.alive) page.agent.deliver(50, () => this.#open(page))
  }

  // ---- what happens to pages ----

  #killWorker(page: Page): void {
    const worker = page.workers.at(-1)
    // Before a worker has shown that it lives only the time limit of opening tells that it does not.
    if (!worker?.alive || !this.#shown.has(worker)) return
    this.#say(page, 'loses its worker')
    worker.die()
    this.#tally.deaths++
  }

  #replace(page: Page): void {
    this.#say(page, 'is killed')
    if (page.state === 'shown' && this.#chance.chance(0.5)) this.#tell(page, 'unload')
    page.agent.die()
    this.#tally.deaths++
    this.#pages.splice(this.#pages.indexOf(page), 1)
    this.#newPage()
  }

  #lifecycle(page: Page, event: LifecycleEvent): void {
    const fits = event === 'hide' || event === 'freeze' ? page.state === 'shown' : true
    if (!fits) return
    this.#say(page, event)
    if (event === 'resume' || event === 'show') {
      page.agent.thaw()
      page.agent.take(() => this.#tell(page, event))
      page.state = 'shown'
      // A tab that is only passed over is frozen again before anything that it asked for has come.
      if (event === 'show' && !this.#calming && this.#chance.chance(0.1)) this.#lifecycle(page, 'freeze')
      return
    }
    page.state = event === 'hide' ? 'hidden' : 'frozen'
    page.agent.take(() => this.#tell(page, event))
    // A page has some time left before it stops, or none.
    const stop = () => {
      if (page.state !== 'shown') page.agent.freeze()
    }
    if (this.#chance.chance(0.5)) stop()
    else this.#world.at(this.#world.nowMs + this.#chance.int(300), stop)
  }

  #tell(page: Page, event: LifecycleEvent): void {
    for (const listener of [...page.lifecycle]) listener(event)
  }

  #busy(page: Page): void {
    const ms = this.#chance.int(this.#chance.chance(0.3) ? 5000 : 300)
    this.#say(page, `is busy for ${ms} ms`)
    page.agent.busy(ms)
    if (this.#chance.chance(0.3)) page.workers.at(-1)?.busy(ms)
  }

  // ---- the end ----

  /** Everybody wakes up; then everything has to settle. */
  async #calm(): Promise<void> {
    this.#calming = true
    for (const page of this.#pages) {
      if (page.state === 'hidden') this.#lifecycle(page, 'show')
      if (page.state === 'frozen') this.#lifecycle(page, 'resume')
    }
    const endMs = this.#world.nowMs + 2 * TIMEOUT_MS
    while (this.#pages.some(({ pending }) => pending.size > 0)) {
      if (this.#world.nowMs > endMs) {
        const hung = this.#pages.flatMap(({ agent, pending }) =>
          [...pending].map(({ what }) => `${agent.name} ${what}`),
        )
        throw new Broken(`never settled: ${hung.join(', ')} (hung)`)
      }
      await this.#run(100)
    }
    const last = this.#pages.find(({ db }) => db)
    if (!last) throw new Broken('nobody could open the database')
    this.#read(last, last.db!)
    this.#write(last, last.db!)
    await this.#run(TIMEOUT_MS)
    if (last.pending.size > 0) {
      const hung = [...last.pending].map(({ what }) => what).join(', ')
      throw new Broken(`${last.agent.name} does not answer any more: ${hung} (hung)`)
    }
  }

  #compare(): void {
    const { storeId, rows } = this.#storage.store as SimulatedStore
    for (const row of this.#acknowledgedIn(storeId))
      if (!rows.has(row)) throw new Broken(`row ${row} was acknowledged (lost)`)
    for (const { agent, db, storeId: own } of this.#pages)
      if (db && own !== storeId) throw new Broken(`${agent.name} still has a deleted database open`)
    for (const row of this.#notApplied) if (rows.has(row)) throw new Broken(`row ${row} was said to be not applied`)
  }

  async #run(ms: number): Promise<void> {
    await this.#world.runUntil(this.#world.nowMs + ms)
    await settle()
    if (this.#broken !== undefined) throw this.#broken
  }

  #say(page: Page, what: string): void {
    this.log.push(`${this.#world.nowMs.toFixed(1)} ${page.agent.name} ${what}`)
  }

  // ---- the platform ----

  #startWorker(page: Page): Transport {
    const agent = new Agent(this.#world, `${page.agent.name}'s worker ${++page.workersMade}`, page.agent)
    return simulatedWorker(page.agent, agent, {
      locks: this.#locks,
      channels: this.#channels,
      storage: this.#storage,
      onBroken: (error) => {
        this.#broken ??= error
      },
      onEngine: () => {
        if (page.workers.at(-1)?.alive) throw new Broken(`${page.agent.name} has two workers`)
        page.workers.push(agent)
      },
      onShown: () => this.#shown.add(agent),
    })
  }

  #platform(page: Page): ClientPlatform {
    const { agent } = page
    const locks = this.#locks.of(agent)
    return {
      ...agent.environment,
      locks,
      tabs: {
        locks,
        openChannel: (name) => this.#channels.open(agent, name),
        newPorts: () => newPortEnds() as unknown as readonly [Transferable, Transferable],
        wrapPort: (port) => (port as unknown as PortEnd).wrap(agent),
        connectBroker: () => this.#connectBroker(agent),
        onLifecycle: (listener) => {
          page.lifecycle.add(listener)
          return () => void page.lifecycle.delete(listener)
        },
      },
      startWorker: () => this.#startWorker(page),
      getWasm: async () => ({ url: 'https://example.org/sqlite3.wasm' }),
    }
  }

  #connectBroker(agent: Agent) {
    const broker = this.#brokers[Number(agent.name.slice(5)) % this.#brokers.length]
    if (!broker) return undefined
    const [ours, theirs] = newPortEnds()
    broker.serve(theirs.wrap(this.#brokerAgent))
    return ours.wrap(agent)
  }
}
