// One life of a site from its seed: pages with the real client, workers with the real worker and leadership, on simulated
// locks, channels and storage. A driver lets pages write and read and lets them be killed, reloaded, hidden, frozen and
// busy; then everything is calmed and every promise has to settle.
//
// What must hold: an acknowledged row is there, a row that was called not applied is not, no row is there twice; a read
// sees every row that was acknowledged to anybody before it was asked; no promise of a living page hangs; errors are
// those that DESIGN section 9 names.
import type { Database } from '../../src/client/database.ts'
import { openWith } from '../../src/client/open.ts'
import { Broker } from '../../src/coordination/broker.ts'
import { Leadership } from '../../src/coordination/leadership.ts'
import {
  aliveLockName,
  type ClientPlatform,
  type LifecycleEvent,
  type Transport,
} from '../../src/coordination/platform.ts'
import { startEngineWorker } from '../../src/engine/worker.ts'
import { DataSyncError, LeaderLostError } from '../../src/errors/errors.ts'
import type { FromEngine } from '../../src/protocol/messages.ts'
import { seeded } from '../support/seeded.ts'
import { Broken } from './sqlite-crash.ts'
import { newPortEnds, type PortEnd, SimulatedChannels } from './tabs-channels.ts'
import { type Fence, SimulatedStorage, simulatedEngines } from './tabs-engine.ts'
import { SimulatedLocks } from './tabs-locks.ts'
import { Agent, settle, Way, World } from './tabs-world.ts'

export interface TabsTally {
  leaders: number
  acknowledged: number
  reads: number
  answeredAgain: number
  deaths: number
  stolen: number
  readonly errors: Map<string, number>
}

export const newTabsTally = (): TabsTally => ({
  leaders: 0,
  acknowledged: 0,
  reads: 0,
  answeredAgain: 0,
  deaths: 0,
  stolen: 0,
  errors: new Map(),
})

/** `busy` where a frozen page holds the handles, and where one that was robbed notices. */
const EXPECTED = new Set(['leader-lost', 'timeout', 'busy', 'closed'])
const TIMEOUT_MS = 30_000

interface Pending {
  readonly what: string
  readonly sinceMs: number
}

interface Page {
  readonly agent: Agent
  readonly workers: Agent[]
  lifecycle: ((event: LifecycleEvent) => void) | undefined
  db: Database | undefined
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
  readonly #acknowledged = new Set<number>()
  readonly #notApplied = new Set<number>()
  /** Workers whose pages wait for their locks. */
  readonly #shown = new Set<Agent>()
  #lastRow = 0
  #lastPage = 0
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
    this.#tally.acknowledged += this.#acknowledged.size
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
    else this.#use(page)
  }

  // ---- what pages do ----

  #newPage(): void {
    const agent = new Agent(this.#world, `page ${++this.#lastPage}`)
    const page: Page = { agent, workers: [], lifecycle: undefined, db: undefined, pending: new Set(), state: 'shown' }
    this.#pages.push(page)
    this.#open(page)
  }

  #open(page: Page): void {
    this.#say(page, 'opens')
    const opening = openWith(this.#platform(page), 'app.db', { timeoutMs: TIMEOUT_MS })
    this.#watch(page, 'open', opening, (db) => {
      page.db = db
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
    const row = ++this.#lastRow
    const written = db.run('W', [row])
    written.catch((error: unknown) => {
      if (error instanceof LeaderLostError && error.applied === 'no') this.#notApplied.add(row)
    })
    this.#watch(page, `write ${row}`, written, () => {
      this.#acknowledged.add(row)
      if (!this.#storage.rows.has(row)) throw new Broken(`row ${row} was acknowledged and is not there`)
    })
  }

  #read(page: Page, db: Database): void {
    const least = this.#acknowledged.size
    this.#watch(page, 'read', db.value('R'), (count) => {
      this.#tally.reads++
      if (Number(count) < least)
        throw new Broken(`a read saw ${count} rows, ${least} were acknowledged before it (stale)`)
    })
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
    if (!EXPECTED.has(code) && !wasKilledOpening) throw error
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
    if (page.state === 'shown' && this.#chance.chance(0.5)) page.lifecycle?.('unload')
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
      page.agent.take(() => page.lifecycle?.(event))
      page.state = 'shown'
      return
    }
    page.state = event === 'hide' ? 'hidden' : 'frozen'
    page.agent.take(() => page.lifecycle?.(event))
    // A page has some time left before it stops, or none.
    const stop = () => {
      if (page.state !== 'shown') page.agent.freeze()
    }
    if (this.#chance.chance(0.5)) stop()
    else this.#world.at(this.#world.nowMs + this.#chance.int(300), stop)
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
    if (last.pending.size > 0) throw new Broken('the database does not answer any more (hung)')
  }

  #compare(): void {
    const { rows } = this.#storage
    for (const row of this.#acknowledged) if (!rows.has(row)) throw new Broken(`row ${row} was acknowledged (lost)`)
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
          page.lifecycle = listener
          return () => {
            if (page.lifecycle === listener) page.lifecycle = undefined
          }
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

  #startWorker(page: Page): Transport {
    if (page.workers.at(-1)?.alive) throw new Broken(`${page.agent.name} has two workers`)
    const agent = new Agent(this.#world, `${page.agent.name}'s worker ${page.workers.length + 1}`, page.agent)
    page.workers.push(agent)
    const [toWorker, toPage] = [new Way(agent), new Way(page.agent)]
    const locks = this.#locks.of(agent)
    const fail = (error: unknown) => {
      this.#broken ??= error
    }
    const tabs = new Leadership(
      {
        locks,
        random: agent.environment.random,
        openChannel: (name) => this.#channels.open(agent, name),
        wrapPort: (port) => (port as unknown as PortEnd).wrap(agent),
      },
      (port) => {
        port.onmessage = (data) => receive(data, port)
      },
    )
    const transport: Transport = {
      onmessage: undefined,
      onfailure: undefined,
      postMessage: (message) => {
        this.#world.trace?.(`${page.agent.name} tells its worker ${message.type}`)
        toWorker.send(() => {
          this.#world.trace?.(`${agent.name} takes ${message.type}`)
          receive(message)
        })
      },
      terminate: () => agent.die(),
    }
    const tell = (message: FromEngine) => {
      this.#world.trace?.(`${page.agent.name} hears its worker: ${message.type}`)
      if (message.type === 'opening') this.#shown.add(agent)
      transport.onmessage?.(message)
    }
    const receive = startEngineWorker(
      { postMessage: (message) => agent.alive && toPage.send(() => tell(message)) },
      {
        environment: agent.environment,
        storage: {} as never,
        tabs,
        holdLock: (name) => {
          if (!name.startsWith(aliveLockName(''))) throw new Broken(`an unknown lock: ${name}`)
          return new Promise((resolve) => {
            void locks.request(name, () => {
              resolve()
              return new Promise<never>(() => {})
            })
          })
        },
        persisted: async () => false,
      },
      simulatedEngines(agent, locks, this.#storage, fail),
    )
    return transport
  }
}
