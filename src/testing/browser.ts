// A simulated browser, as far as databases need one: storage in memory, Web Locks, channels and a broker, shared by its tabs. Engine,
// election, protocol and recovery are the real ones. It stands apart from the calls that kill, which find their way here.

import type { Database } from '../client/database.ts'
import { deleteDatabaseWith } from '../client/databases.ts'
import { openWith } from '../client/open.ts'
import type { OpenOptions } from '../client/options.ts'
import { Broker } from '../coordination/broker.ts'
import type { ClientPlatform, LifecycleEvent } from '../coordination/platform.ts'
import { wasmInNode } from '../node/wasm-file.ts'
import { Agent } from './agent.ts'
import { SharedChannels } from './channels.ts'
import { startInProcessEngine } from './in-process-engine.ts'
import { SharedLocks } from './locks.ts'
import { SharedPorts } from './ports.ts'
import { SimulatedStorage } from './storage.ts'

/** One stored database of a simulated browser. */
export interface SimulatedDatabaseEntry {
  readonly name: string
  readonly storage: 'memory'
  readonly created: Date
}

/** A tab with its database, as the calls that kill see it. */
export interface Tab {
  readonly page: Agent
  readonly name: string
  readonly storage: SimulatedStorage
  /** What the browser tells the page; undefined while it listens to nothing. */
  lifecycle: ((event: LifecycleEvent) => void) | undefined
}

const tabs = new WeakMap<Database, Tab>()

/** The tab that has `database` open; undefined for one that was not opened in a simulated browser. */
export function tabOf(database: Database): Tab | undefined {
  return tabs.get(database)
}

/** Any number of tabs and databases in memory, apart from those of any other simulated browser. */
export class SimulatedBrowser {
  readonly #locks = new SharedLocks()
  readonly #channels = new SharedChannels()
  readonly #ports = new SharedPorts()
  readonly #brokerAgent = new Agent()
  readonly #broker = new Broker((port) => this.#ports.wrap(this.#brokerAgent, port))
  readonly #storage = new SimulatedStorage()

  /**
   * Opens the database `name` in a tab of its own, creating it if it does not exist: two calls with one name are two tabs
   * that share it. What is closed can be opened again, with all that was in it. `storage` is ignored but for `memory`, which
   * is a database of this tab alone. Throws what `open` of `datasync` throws.
   */
  async open(name: string, options: OpenOptions = {}): Promise<Database> {
    const page = new Agent()
    const tab: Tab = { page, name, storage: this.#storage, lifecycle: undefined }
    const storage = options.storage === 'memory' ? 'memory' : 'auto'
    try {
      const database = await openWith(this.#platform(tab), name, { ...options, storage })
      tabs.set(database, tab)
      return database
    } catch (error) {
      page.end()
      throw error
    }
  }

  /** Deletes a database; resolves to whether there was one. Tabs that have it open let go of it, as in a browser. */
  async deleteDatabase(name: string): Promise<boolean> {
    const page = new Agent()
    try {
      return await deleteDatabaseWith(
        this.#platform({ page, name, storage: this.#storage, lifecycle: undefined }),
        name,
      )
    } finally {
      page.end()
    }
  }

  /** Names the databases of this simulated browser. */
  async listDatabases(): Promise<SimulatedDatabaseEntry[]> {
    return this.#storage.list().map((entry) => ({ ...entry, storage: 'memory' }))
  }

  #platform(tab: Tab): ClientPlatform {
    const { page } = tab
    const locks = this.#locks.of(page)
    return {
      ...page.environment,
      locks,
      tabs: {
        locks,
        openChannel: (name) => this.#channels.open(page, name),
        newPorts: () => this.#ports.pair(),
        wrapPort: (port) => this.#ports.wrap(page, port),
        connectBroker: () => {
          const [ours, theirs] = this.#ports.pair()
          this.#broker.serve(this.#ports.wrap(this.#brokerAgent, theirs))
          return this.#ports.wrap(page, ours)
        },
        onLifecycle: (listener) => {
          tab.lifecycle = listener
          return () => {
            tab.lifecycle = undefined
          }
        },
      },
      startWorker: () =>
        startInProcessEngine({
          page,
          locks: this.#locks,
          channels: this.#channels,
          ports: this.#ports,
          storage: this.#storage,
        }),
      getWasm: wasmInNode,
    }
  }
}
